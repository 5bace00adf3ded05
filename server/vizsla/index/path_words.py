"""Files by the words of their paths. Kept in memory: a rename costs nothing but a new count."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
from numpy import typing as npt


class PathWords:
    """Which terms stand in which paths, followed by ``refresh``."""

    def __init__(self) -> None:
        self._version = -1
        self._last = 0
        self._count = 0
        self._files: dict[str, list[int]] = {}  # term → numbers of files, once for each occurrence

    def refresh(self, connection: sqlite3.Connection, version: int) -> None:
        """Read files that are new; all of them when ``version`` says that some went or were renamed."""
        if version != self._version:
            self._files, self._last, self._count, self._version = {}, 0, 0, version
        query = "SELECT id, path_terms FROM files WHERE id > ? ORDER BY id"
        for number, terms in connection.execute(query, (self._last,)):
            self._count += 1
            self._last = number
            for term in terms.split():
                if term in self._files:
                    self._files[term].append(number)
                else:
                    self._files[term] = [number]

    def scores(self, terms: Sequence[str], size: int, *, saturation: float) -> npt.NDArray[np.float32] | None:
        """How well each path fits.

        Args:
            terms: stems.
            size: above all numbers of files that matter.
            saturation: occurrences at which a term has earned half of what it can.

        Returns:
            Scores by number of file (size,), 0 where nothing fits; None when no path fits.
        """
        found = [self._files[term] for term in terms if term in self._files]
        if not found:
            return None
        scores = np.zeros(size, dtype=np.float32)
        for files in found:
            numbers, counts = np.unique(np.array(files, dtype=np.int64), return_counts=True)
            rarity = np.log1p((self._count - len(numbers) + 0.5) / (len(numbers) + 0.5))
            inside = numbers < size
            scores[numbers[inside]] += (rarity * counts / (counts + saturation)).astype(np.float32)[inside]
        return scores
