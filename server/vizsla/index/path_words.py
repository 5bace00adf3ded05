"""Files by the words of their paths. Kept in memory: a rename costs nothing but a new count."""

from __future__ import annotations

import functools
import sqlite3
from collections import Counter

import numpy as np
from numpy import typing as npt

from vizsla.core import text
from vizsla.index.rows import path_text
from vizsla.index.stems import Stemmer


class PathWords:
    """Which words stand in which paths, followed by ``refresh``."""

    def __init__(self, stemmer: Stemmer) -> None:
        self._stemmer = stemmer
        self._version = -1
        self._last = 0
        self._files: dict[str, dict[int, int]] = {}  # term → number of a file → how often
        self._lengths: dict[int, int] = {}

    def refresh(self, connection: sqlite3.Connection, version: int) -> None:
        """Read files that are new; all of them when ``version`` says that some went or were renamed."""
        if version != self._version:
            self._files, self._lengths, self._last, self._version = {}, {}, 0, version
        rows = connection.execute("SELECT id, path FROM files WHERE id > ? ORDER BY id", (self._last,)).fetchall()
        words = {number: _words(path_text(path)) for number, path in rows}
        stems = self._stemmer.stems(word for found in words.values() for word in found)
        for number, found in words.items():
            self._lengths[number] = len(found)
            for term, count in Counter(stems[word] for word in found).items():
                self._files.setdefault(term, {})[number] = count
            self._last = max(self._last, number)

    def scores(self, terms: list[str], size: int, *, saturation: float) -> npt.NDArray[np.float32] | None:
        """How well each path fits.

        Args:
            terms: stems.
            size: above all numbers of files.
            saturation: see ``fulltext``.

        Returns:
            Scores by number of file (size,), 0 where nothing fits; None when no path fits.
        """
        found = [self._files[term] for term in terms if term and term in self._files]
        if not found:
            return None
        scores = np.zeros(size, dtype=np.float32)
        total = len(self._lengths)
        for files in found:
            numbers = np.fromiter(files, dtype=np.int64, count=len(files))
            counts = np.fromiter(files.values(), dtype=np.float32, count=len(files))
            rarity = np.log1p((total - len(files) + 0.5) / (len(files) + 0.5))
            inside = numbers < size
            scores[numbers[inside]] += np.float32(rarity) * (counts / (counts + saturation))[inside]
        return scores


def _words(path: str) -> list[str]:
    return [word for part in path.split("/") for word in _words_of_part(part)]


@functools.lru_cache(maxsize=20_000)
def _words_of_part(part: str) -> tuple[str, ...]:
    return tuple(text.words(part))
