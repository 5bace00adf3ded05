"""Exact nearest neighbours in one int8 matrix that is read from end to end. Locks nothing, saves nothing."""

from __future__ import annotations

import numpy as np
from numpy import typing as npt

from vizsla.index.quantise import normalised, quantised

_FEW = 0.15  # share of rows below which only they are read
_KEPT_DEAD = 0.1  # share of removed rows that is carried along before the matrix is packed


class FlatVectors:
    """Rows in the order of their keys; removed rows stay until there are many."""

    def __init__(self, dimension: int) -> None:
        self._keys = np.empty(0, dtype=np.int64)  # ascending
        self._rows = np.empty((0, dimension), dtype=np.int8)
        self._scales = np.empty(0, dtype=np.float32)  # 1 / length of the row; 0 for a removed one
        self._size = 0  # used part of the arrays above
        self._dead = 0

    @classmethod
    def of(cls, keys: npt.NDArray[np.int64], rows: npt.NDArray[np.int8]) -> FlatVectors:
        """Take over ascending ``keys`` (n,) and their quantised ``rows`` (n, dim)."""
        flat = cls(rows.shape[1])
        flat._keys, flat._rows, flat._size = keys, rows, len(keys)
        flat._scales = _scales(rows)
        return flat

    def __len__(self) -> int:
        return self._size - self._dead

    def __contains__(self, key: int) -> bool:
        return bool(self.rows_of(np.array([key], dtype=np.int64))[0] >= 0)

    def items(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
        """All keys (n,), ascending, and their rows (n, dim); views until the next change."""
        self._pack()
        return self._keys[: self._size], self._rows[: self._size]

    def rows_of(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Where each key stands in the matrix; -1 for a key without a vector."""
        if not self._size:
            return np.full(len(keys), -1, dtype=np.int64)
        places = np.searchsorted(self._keys[: self._size], keys)
        places[places == self._size] = 0
        found = (self._keys[places] == keys) & (self._scales[places] > 0)
        return np.where(found, places, -1)

    def add(self, keys: npt.NDArray[np.int64], rows: npt.NDArray[np.int8]) -> None:
        """Add ``keys`` (n,), none of them present or twice, with quantised ``rows`` (n, dim)."""
        if not len(keys):
            return
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        if self._size and keys[0] <= self._keys[self._size - 1]:  # rare: the store counts keys upwards
            self._pack(always=True)
            keys = np.concatenate((self._keys[: self._size], keys))
            rows = np.concatenate((self._rows[: self._size], rows))
            order = np.argsort(keys, kind="stable")
            self._keys, self._rows, self._size = keys[order], rows[order], len(keys)
            self._scales = _scales(self._rows)
            return
        end = self._size + len(keys)
        if end > len(self._keys):
            self._grow(max(end, len(self._keys) + len(self._keys) // 4, 256))
        self._keys[self._size : end] = keys
        self._rows[self._size : end] = rows
        self._scales[self._size : end] = _scales(rows)
        self._size = end

    def remove(self, keys: npt.NDArray[np.int64]) -> None:
        """Forget vectors; keys without one are passed over."""
        places = np.unique(self.rows_of(keys))
        places = places[places >= 0]
        self._scales[places] = 0.0
        self._rows[places] = 0
        self._dead += len(places)
        if self._dead > _KEPT_DEAD * self._size:
            self._pack()

    def nearest(
        self, query: npt.NDArray[np.float32], count: int, allowed: npt.NDArray[np.int64] | None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """The ``count`` keys nearest to the unit vector ``query`` (dim,) and their cosines, best first."""
        if not len(self) or count <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        scales = self._scales[: self._size]
        if allowed is None:
            rough = self._dots(query, self._rows[: self._size]) * scales
            rough[scales == 0] = -np.inf
            places = _largest(rough, min(len(self), 2 * count + 8))
        else:
            places = self.rows_of(allowed)
            places = places[places >= 0]
            if len(places) < _FEW * self._size:
                rough = self._dots(query, self._rows[places]) * scales[places]
            else:  # reading all rows in a stretch is quicker than picking out many
                rough = self._dots(query, self._rows[: self._size])[places] * scales[places]
            places = places[_largest(rough, min(len(places), 2 * count + 8))]
        cosines = self.cosines(query, places)
        order = np.lexsort((self._keys[places], -cosines))[:count]
        return self._keys[places[order]], cosines[order]

    def cosines(self, query: npt.NDArray[np.float32], places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The cosine of the unit vector ``query`` (dim,) with each row (n,); equal rows give equal cosines.

        The query has 16 bits here. All products and sums are whole numbers that a float64 holds, so neither the order
        of the sum nor the place of a row shows in the result.
        """
        fine = np.rint(query * (32767.0 / np.abs(query).max())).astype(np.float64)
        cosines = (self._rows[places].astype(np.float64) @ fine) * self._scales[places] / np.linalg.norm(fine)
        clipped: npt.NDArray[np.float32] = np.clip(cosines, -1.0, 1.0).astype(np.float32)
        return clipped

    def rows(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        """Rows of the matrix (n, dim), as they are."""
        return self._rows[places]

    def vectors(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Unit vectors (n, dim) of rows of the matrix."""
        return normalised(self._rows[places])

    @staticmethod
    def _dots(query: npt.NDArray[np.float32], rows: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
        import numkong

        if not len(rows):
            return np.empty(0)
        # numpy has no fast int8 product. One query: one thread.
        found = numkong.cdist(quantised(query[None]), rows, metric="dot")
        dots: npt.NDArray[np.float64] = np.asarray(found, dtype=np.float64)[0]
        return dots

    def _grow(self, capacity: int) -> None:
        for name in ("_keys", "_rows", "_scales"):
            old = getattr(self, name)
            new = np.zeros((capacity, *old.shape[1:]), dtype=old.dtype)
            new[: self._size] = old[: self._size]
            setattr(self, name, new)

    def _pack(self, *, always: bool = False) -> None:
        if self._dead or always:
            alive = np.flatnonzero(self._scales[: self._size] > 0)
            self._keys, self._rows, self._scales = self._keys[alive], self._rows[alive], self._scales[alive]
            self._size, self._dead = len(alive), 0


def _scales(rows: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    scales = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), 8192):  # in strips: a matrix of floats would be four times as large
        strip = rows[start : start + 8192].astype(np.float32)
        squares = np.einsum("ij,ij->i", strip, strip)  # whole numbers, exact up to 1,040 dimensions
        scales[start : start + 8192] = 1.0 / np.sqrt(np.maximum(squares, 1.0))
    return scales


def _largest(scores: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.int64]:
    if count >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - count)[len(scores) - count :]
