"""Files by the words of their paths. Kept in memory: a rename costs nothing but a new count."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import numpy as np
from numpy import typing as npt


class PathWords:
    """Which terms stand in which paths, followed by ``refresh``."""

    def __init__(self) -> None:
        self._version = -1
        self._last = 0
        self._count = 0
        self._files: dict[str, list[int]] = {}  # term → numbers of files, once for each occurrence
        self._counted: dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = {}

    @property
    def count(self) -> int:
        """How many files there are."""
        return self._count

    def refresh(self, connection: sqlite3.Connection, version: int) -> None:
        """Read files that are new; all of them when ``version`` says that some went or were renamed."""
        if version != self._version:
            self._files, self._last, self._count, self._version = {}, 0, 0, version
        self._counted = {}
        query = "SELECT id, path_terms FROM files WHERE id > ? ORDER BY id"
        for number, terms in connection.execute(query, (self._last,)):
            self._count += 1
            self._last = number
            for term in terms.split():
                if term in self._files:
                    self._files[term].append(number)
                else:
                    self._files[term] = [number]

    def frequency(self, term: str) -> int:
        """How many files have a term in their path."""
        return len(self._occurrences(term)[0]) if term in self._files else 0

    def scores(
        self, terms: Mapping[str, int], files: int, size: int, *, saturation: float
    ) -> npt.NDArray[np.float32] | None:
        """How well each path fits.

        Args:
            terms: stems, each with how many of all files have it.
            files: how many files there are in all.
            size: above all numbers of files that matter.
            saturation: occurrences at which a term has earned half of what it can.

        Returns:
            Scores by number of file (size,), 0 where nothing fits; None when no path fits.
        """
        found = [(self._occurrences(term), frequency) for term, frequency in terms.items() if term in self._files]
        if not found:
            return None
        scores = np.zeros(size, dtype=np.float32)
        for (numbers, counts), frequency in found:
            rarity = np.log1p((files - frequency + 0.5) / (frequency + 0.5))
            inside = numbers < size
            scores[numbers[inside]] += (rarity * counts / (counts + saturation)).astype(np.float32)[inside]
        return scores

    def _occurrences(self, term: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The files of a term that is there, ascending, and how often each has it."""
        if term not in self._counted:
            self._counted[term] = np.unique(np.array(self._files[term], dtype=np.int64), return_counts=True)
        return self._counted[term]
