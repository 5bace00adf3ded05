"""Which texts are nearly the same: clusters by the Jaccard similarity of their shingles.

Source: Broder, "On the resemblance and containment of documents", 1997, for MinHash; Leskovec, Rajaraman, Ullman,
"Mining of Massive Datasets", chapter 3, for the bands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from blake3 import blake3

if TYPE_CHECKING:
    import numpy.typing as npt

_WORD = re.compile(r"\w+")
_BANDS, _ROWS = 32, 4  # two texts of similarity .7 share no band once in 6,000 times, of .3 four times in five
_SEED = 20_220_101
_CHUNK = 20_000  # texts whose shingles are in memory at once
_MOST_COMPARED = 24  # neighbours in a bucket that one text is compared with: a bucket of thousands is one cluster
_MOST_WAITING = 8_000_000  # pairs of neighbours that are in memory, be they found before or not
_CODE_SHINGLE, _QUERY_SHINGLE = 4, 2


def code_clusters(texts: Sequence[str], similarity: float) -> npt.NDArray[np.int64]:
    """Clusters of codes: shingles of four words, operators not looked at."""
    return clusters(texts, similarity, shingle=_CODE_SHINGLE)


def query_clusters(texts: Sequence[str], similarity: float) -> npt.NDArray[np.int64]:
    """Clusters of queries: shingles of two words, case and punctuation not looked at."""
    return clusters([text.casefold() for text in texts], similarity, shingle=_QUERY_SHINGLE)


def clusters(texts: Sequence[str], similarity: float, *, shingle: int) -> npt.NDArray[np.int64]:
    """Texts that a chain of near-duplicates joins have one number.

    Args:
        texts: of codes or of queries.
        similarity: Jaccard similarity of the sets of shingles from which two texts are near-duplicates; 1 joins those
            of equal shingles only.
        shingle: words of one shingle.

    Returns:
        (texts,) for each text the place of the first text of its cluster.
    """
    sets, firsts = _distinct_sets(texts, shingle)
    union = UnionFind(len(texts))
    for place, first in enumerate(firsts):
        union.join(place, first)
    if similarity < 1 and len(sets) > 1:
        places = np.array(sorted(sets), dtype=np.int64)
        signatures = _signatures([sets[int(place)] for place in places])
        for left, right in _candidates(signatures):
            one, other = int(places[left]), int(places[right])
            if union.find(one) != union.find(other) and _jaccard(sets[one], sets[other]) >= similarity:
                union.join(one, other)
    return np.array([union.find(place) for place in range(len(texts))], dtype=np.int64)


class UnionFind:
    """Disjoint sets of the numbers from 0; each is known by its least member."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def find(self, item: int) -> int:
        """The least member of the set of ``item``."""
        root = item
        while self._parents[root] != root:
            root = self._parents[root]
        while self._parents[item] != root:
            self._parents[item], item = root, self._parents[item]
        return root

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        low, high = sorted((self.find(one), self.find(other)))
        self._parents[high] = low


class KnownCodes:
    """Codes that others are compared with, many thousands at a time: what a text costs does not grow with them all."""

    def __init__(self, texts: Sequence[str], similarity: float) -> None:
        """Remember codes.

        Args:
            texts: they, of any number.
            similarity: Jaccard similarity of the sets of shingles from which another is nearly the same.
        """
        found, _ = _distinct_sets(texts, _CODE_SHINGLE)
        self._similarity = similarity
        self._sets = [shingled for shingled in found.values() if len(shingled)]
        bands = _signatures(self._sets)
        self._orders = [np.argsort(band, kind="stable") for band in bands.T]
        self._values = [band[order] for band, order in zip(bands.T, self._orders, strict=True)]

    def like(self, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
        """(texts,): which of them are nearly the same as one that is known."""
        found = np.zeros(len(texts), dtype=np.bool_)
        if not self._sets or not len(texts):
            return found
        numbers: dict[str, int] = {}
        sets = [_shingles(_WORD.findall(text), _CODE_SHINGLE, numbers) for text in texts]
        for values, order, band in zip(self._values, self._orders, _signatures(sets).T, strict=True):
            firsts, lasts = np.searchsorted(values, band, "left"), np.searchsorted(values, band, "right")
            for place in np.flatnonzero(lasts > firsts):
                first = int(firsts[place])
                for known in order[first : min(int(lasts[place]), first + _MOST_COMPARED)]:
                    if found[place]:
                        break
                    found[place] = _jaccard(self._sets[int(known)], sets[place]) >= self._similarity
        return found


def shingles(text: str, shingle: int) -> npt.NDArray[np.uint64]:
    """Sorted distinct hashes of a text's runs of ``shingle`` words; a shorter text is one run."""
    return _shingles(_WORD.findall(text), shingle, {})


def _distinct_sets(texts: Sequence[str], shingle: int) -> tuple[dict[int, npt.NDArray[np.uint64]], list[int]]:
    """Sets of shingles of the first text that has each, and for every text the place of that first."""
    numbers: dict[str, int] = {}
    seen: dict[bytes, int] = {}
    sets: dict[int, npt.NDArray[np.uint64]] = {}
    firsts: list[int] = []
    for place, text in enumerate(texts):
        found = _shingles(_WORD.findall(text), shingle, numbers)
        first = seen.setdefault(blake3(found.tobytes()).digest(16), place)
        if first == place:
            sets[place] = found
        firsts.append(first)
    return sets, firsts


def _shingles(words: list[str], shingle: int, numbers: dict[str, int]) -> npt.NDArray[np.uint64]:
    hashes = np.fromiter((_number(word, numbers) for word in words), dtype=np.uint64, count=len(words))
    width = max(min(shingle, len(hashes)), 1)
    runs = np.full(max(len(hashes) - width + 1, 0), width, dtype=np.uint64)
    for offset in range(width):  # wraps around, as a hash may
        runs = runs * np.uint64(0x9E3779B97F4A7C15) + hashes[offset : offset + len(runs)]
    return np.unique(runs ^ (runs >> np.uint64(29)))


def _number(word: str, numbers: dict[str, int]) -> int:
    found = numbers.get(word)
    if found is None:
        digest = blake3(word.encode("utf-8", "surrogatepass")).digest(8)
        found = numbers[word] = int.from_bytes(digest, "little")
    return found


def _signatures(sets: list[npt.NDArray[np.uint64]]) -> npt.NDArray[np.uint64]:
    """(sets, bands): one hash of the rows of each band; texts without words have a number of their own."""
    random = np.random.default_rng(_SEED)
    factors = random.integers(1, 2**63, _BANDS * _ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    shifts = random.integers(0, 2**63, _BANDS * _ROWS, dtype=np.uint64)
    bands = np.zeros((len(sets), _BANDS), dtype=np.uint64)
    for begin in range(0, len(sets), _CHUNK):
        part = sets[begin : begin + _CHUNK]
        filled = [found if len(found) else np.zeros(1, dtype=np.uint64) for found in part]
        flat = np.concatenate(filled)
        starts = np.concatenate([[0], np.cumsum([len(found) for found in filled])[:-1]])
        for number in range(_BANDS * _ROWS):
            hashed = flat * factors[number] + shifts[number]
            # The low bits of a product are poor; the minimum is taken of well-mixed ones.
            least = np.minimum.reduceat((hashed ^ (hashed >> np.uint64(32))) * factors[number - 1], starts)
            band = bands[begin : begin + len(part), number // _ROWS]
            band[:] = (band ^ least) * np.uint64(0xBF58476D1CE4E5B9)
    return bands


def _candidates(bands: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """(pairs, 2): places of sets that share a band, each with its next neighbours in the bucket, distinct, sorted."""
    half = np.uint64(32)
    found: list[npt.NDArray[np.uint64]] = []  # the lower place in the upper half of each
    waiting, room = 0, _MOST_WAITING
    for band in bands.T:
        order = np.argsort(band, kind="stable")
        values, order = band[order], order.astype(np.uint64)
        for distance in range(1, min(_MOST_COMPARED + 1, len(values))):
            same = np.flatnonzero(values[distance:] == values[:-distance])
            if not len(same):
                break
            one, other = order[same], order[same + distance]
            found.append(np.minimum(one, other) << half | np.maximum(one, other))
            waiting += len(same)
        if waiting > room:
            found = [np.unique(np.concatenate(found))]
            waiting, room = 0, max(_MOST_WAITING, len(found[0]))  # so that what is sorted again and again stays little
    pairs = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.uint64)
    return np.stack([pairs >> half, pairs & np.uint64(2**32 - 1)], axis=1).astype(np.int64)


def _jaccard(one: npt.NDArray[np.uint64], other: npt.NDArray[np.uint64]) -> float:
    if not len(one) or not len(other):
        return 0.0
    if min(len(one), len(other)) < 0.5 * max(len(one), len(other)):
        return min(len(one), len(other)) / max(len(one), len(other))  # the most that it can be
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
