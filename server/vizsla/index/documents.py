"""All functions of a store's segments as one: which there are, and how long they are. Knows no word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import typing as npt

from vizsla.index.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Functions by place.

    Attributes:
        segments: by ascending keys.
        offsets: the place of each segment's first function.
        keys: ascending.
        files: numbers of their files.
        alive: which of them are still there.
        all_alive: whether all are.
        count: how many are.
        lengths: words weighted by their fields: whole numbers.
        length: of those alive, added up.
    """

    segments: list[Segment]
    offsets: list[int]
    keys: npt.NDArray[np.int64]
    files: npt.NDArray[np.int64]
    alive: npt.NDArray[np.bool_]
    all_alive: bool
    count: int
    lengths: npt.NDArray[np.float64]
    length: float

    def without(self, hidden: npt.NDArray[np.int64] | None) -> State:
        """The same as if some keys (n,), ascending, were not there."""
        if hidden is None or not len(hidden):
            return self
        alive = self.alive & ~among(self.keys, hidden)
        count = int(np.count_nonzero(alive))
        if count == self.count:
            return self
        return replace(self, alive=alive, all_alive=False, count=count, length=float(self.lengths[alive].sum()))

    @classmethod
    def of(cls, segments: list[Segment], weights: Sequence[float]) -> State:
        """Put segments together; ``weights`` (fields,) say how much a word of each field counts."""

        def joined(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
            return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

        sizes = [len(segment.alive) for segment in segments]
        alive = np.concatenate([segment.alive for segment in segments] or [np.empty(0, dtype=np.bool_)])
        lengths = joined([segment.documents.lengths for segment in segments]).reshape(len(alive), len(weights))  # type: ignore[misc]
        count = int(np.count_nonzero(alive))
        weighted = lengths.astype(np.float64) @ np.array(weights)
        return cls(
            segments=segments,
            offsets=np.cumsum([0, *sizes])[:-1].tolist(),
            keys=joined([segment.documents.keys for segment in segments]),
            files=joined([segment.documents.files for segment in segments]),
            alive=alive,
            all_alive=count == len(alive),
            count=count,
            lengths=weighted,
            length=float(weighted[alive].sum()),
        )

    def count_alive(self, offset: int, places: npt.NDArray[np.uint16]) -> int:
        """How many functions at ``places``, counted from ``offset``, are alive."""
        if self.all_alive:
            return len(places)
        return int(np.count_nonzero(self.alive[places.astype(np.int64) + offset]))


def among(keys: npt.NDArray[np.int64], allowed: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of ``keys`` (n,) are allowed; both ascend."""
    places = np.searchsorted(keys, allowed)
    places = places[places < len(keys)]
    among = np.zeros(len(keys), dtype=np.bool_)
    among[places[keys[places] == allowed[: len(places)]]] = True
    return among
