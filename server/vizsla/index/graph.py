"""Nearly exact nearest neighbours by a graph, for more vectors than can be read for each question.

usearch in one place, its surprises named: without a dtype it takes what the machine likes, with more threads than it
reserved it crashes (its issues 564 and 567), on a full disk it saves less than everything without a word, and a
flipped bit in a file crashes the process. So: int8, one thread, and bytes that were checked by the caller.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy import typing as npt

CONNECTIVITY = 16
EXPANSION_ADD = 64
EXPANSION_SEARCH = 192


class Graph:
    """Quantised rows by key, linked to their neighbours. Locks nothing: one call at a time."""

    def __init__(self, dimension: int) -> None:
        from usearch.index import Index

        self._index = Index(
            ndim=dimension,
            metric="cos",
            dtype="i8",
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
            expansion_search=EXPANSION_SEARCH,
        )
        self._dimension = dimension

    def __len__(self) -> int:
        return len(self._index)

    def keys(self) -> npt.NDArray[np.int64]:
        """All keys (n,), in no order."""
        return np.asarray(self._index.keys[:]).astype(np.int64)

    def add(self, keys: npt.NDArray[np.int64], rows: npt.NDArray[np.int8]) -> None:
        """Add rows (n, dim) of keys (n,) that are not there yet."""
        self._index.add(keys.astype(np.uint64), rows, dtype="i8", threads=1)

    def remove(self, keys: npt.NDArray[np.int64]) -> None:
        """Take keys out that are there."""
        if len(keys):
            self._index.remove(keys.astype(np.uint64), threads=1)

    def nearest(self, row: npt.NDArray[np.int8], count: int) -> npt.NDArray[np.int64]:
        """Keys of about the ``count`` rows nearest to ``row`` (dim,), in no order."""
        if not len(self._index):
            return np.empty(0, dtype=np.int64)
        # The search never looks at fewer than it returns, so a large count is also thorough.
        found = self._index.search(row, max(count, EXPANSION_SEARCH), dtype="i8", threads=1)
        return np.array(found.keys, dtype=np.int64)[:count]

    def write(self, path: Path) -> int:
        """Fill a file; how many bytes it must have."""
        self._index.save(str(path))
        return int(self._index.serialized_length)

    @classmethod
    def read(cls, data: bytes, dimension: int) -> Graph:
        """The graph of a file's bytes, which must be those that ``write`` made: check their hash first."""
        graph = cls(dimension)
        graph._index.load(data)
        # What a file says wins over what was asked for; so it is said again.
        graph._index.expansion_search = EXPANSION_SEARCH
        if graph._index.ndim != dimension:
            raise ValueError(f"need a graph of {dimension} dimensions, got {graph._index.ndim}")
        return graph
