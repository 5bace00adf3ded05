"""Functions by their words: BM25 over fields, on the segments of ``segments``; paths on their own.

A function's score is the sum over the question's terms of ``rarity * w / (w + SATURATION * norm)``. Here w adds up
the weighted occurrences in the fields, and norm grows from ``1 - LENGTH_SHARE`` with the function's weighted length
against the average. Lengths are rounded to an eighth of an octave: then one small table gives w / (w + ...).

Source: Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004.
"""

from __future__ import annotations

import bisect
import functools
import sqlite3
from collections import OrderedDict
from collections.abc import Collection, Sequence

import numpy as np
from numpy import typing as npt

from vizsla.core.types import FunctionKey, Words
from vizsla.index import blocks, rows
from vizsla.index.corpus import Corpus
from vizsla.index.documents import State, among
from vizsla.index.path_words import PathWords
from vizsla.index.postings import FREQUENCIES, MAX_DOCUMENTS, count_terms
from vizsla.index.records import TextMatch
from vizsla.index.segments import BLOCK_BITS, Documents, Segment, Segments
from vizsla.index.stems import Stemmer

WEIGHTS = (4.0, 2.0, 2.0, 1.0)
"""Of a word in the name, signature, doc and body."""

LENGTH_SHARE = 0.85
"""How much a function's length counts against it, from 0 to 1."""

SATURATION = 4.0
"""The weighted occurrences at which a word has earned half of what it can, in a function of average length."""

PATH_WEIGHT = 0.6
"""Of the words of the path, beside all other words."""

PATH_SATURATION = 1.5
"""As ``SATURATION``, for occurrences in a path."""

_BATCH = 8192  # functions that become one segment at first
_CACHED_POSTINGS, _CACHED_EACH = 4_000_000, 12  # of 3 bytes: so many, or so many for each function if that is more
_ENTRY = 150  # postings: what surrounds those of a term in a segment takes as much
_REMEMBERED_TERMS = 64  # as many as one question has
_LOWEST, _STEPS, _LEVELS = -4.0, 8, 64  # lengths from 1/16 of the average to 15 times as much


def add(
    connection: sqlite3.Connection,
    segments: Segments,
    stemmer: Stemmer,
    rows: Sequence[tuple[FunctionKey, int, Words]],
) -> None:
    """Add functions by key, number of file and words; keys ascend, above all that are stored."""
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        postings, lengths = count_terms([words for _, _, words in batch], stemmer.stems)
        documents = Documents(
            keys=np.array([key for key, _, _ in batch], dtype=np.int64),
            files=np.array([file for _, file, _ in batch], dtype=np.int64),
            lengths=lengths,
        )
        segments.add(connection, documents, postings)


_Found = tuple[int, npt.NDArray[np.uint16], npt.NDArray[np.uint8]]


class FullText:
    """Searches through the connection it is given; remembers what it read. One call at a time."""

    def __init__(self, segments: Segments, stemmer: Stemmer) -> None:
        self._segments = segments
        self._stemmer = stemmer
        self._paths = PathWords()
        self._state: State | None = None
        self._versions: dict[str, object] = {}
        self._read: OrderedDict[tuple[int, bytes], blocks.Found | None] = OrderedDict()  # by segment and term
        self._cached = 0
        self._bound = _CACHED_POSTINGS
        self._levels = (-1.0, np.empty(0, dtype=np.uint16))  # for which average length, and what ``_levels_of`` gave
        self._found: dict[str, list[_Found]] = {}  # the same of all segments, of the terms that were asked for of late

    def search(
        self,
        connection: sqlite3.Connection,
        words: Sequence[str],
        count: int,
        allowed: npt.NDArray[np.int64] | None,
        *,
        hidden: npt.NDArray[np.int64] | None = None,
        corpus: Corpus | None = None,
    ) -> list[TextMatch]:
        """The functions that have some of ``words``, best first; see ``Store.search_words``."""
        whole = self._refreshed(connection)
        state = whole.without(hidden)
        if corpus is None:
            corpus = self.corpus(connection, words, hidden=hidden)
        stems = self._stemmer.stems(words)
        word_of = {stems[word]: word for word in reversed(words) if stems[word]}
        terms = [term for term in dict.fromkeys(stems.values()) if term]
        if not state.count or not terms or count <= 0:
            return []
        levels = self._levels_for(whole, max(corpus.length / max(corpus.functions, 1), 1e-9))
        scores, gains = np.zeros(len(state.keys), dtype=np.float32), _gains()
        for term in terms:
            frequency = corpus.frequencies[word_of[term]]
            if not frequency:
                continue
            rarity = np.float32(np.log1p((corpus.functions - frequency + 0.5) / (frequency + 0.5)))
            for offset, places, codes in self._postings(connection, state, term):
                part = slice(offset, offset + MAX_DOCUMENTS)  # places count from the segment's first function
                gained = gains.take(levels[part].take(places) | codes)
                gained *= rarity
                scores[part][places] += gained
        by_file = self._paths.scores(
            {term: corpus.file_frequencies[word_of[term]] for term in terms},
            corpus.files,
            int(state.files.max()) + 1,
            saturation=PATH_SATURATION,
        )
        if by_file is not None:
            scores += np.float32(PATH_WEIGHT) * by_file[state.files]
        if not state.all_alive:
            scores[~state.alive] = 0.0
        if allowed is not None:
            scores[~among(state.keys, allowed)] = 0.0
        best = _best(scores, count)
        return [
            TextMatch(key=FunctionKey(key), score=score)
            for key, score in zip(state.keys[best].tolist(), scores[best].tolist(), strict=True)
        ]

    def corpus(
        self,
        connection: sqlite3.Connection,
        words: Sequence[str],
        *,
        hidden: npt.NDArray[np.int64] | None = None,
        paths: Collection[str] | None = None,
    ) -> Corpus:
        """What is to be known of all functions together; see ``Store.corpus``."""
        state, stems = self._refreshed(connection).without(hidden), self._stemmer.stems(words)
        frequencies = {}
        for word in words:
            found = self._postings(connection, state, stems[word]) if stems[word] else ()
            frequencies[word] = sum(state.count_alive(offset, places) for offset, places, _ in found)
        if paths is None:
            files = self._paths.count
            file_frequencies = {word: self._paths.frequency(stems[word]) for word in words}
        else:
            terms = rows.read_path_terms(connection, paths)
            files = len(terms)
            file_frequencies = {
                word: sum(bool(stems[word]) and stems[word] in some for some in terms) for word in words
            }
        return Corpus(
            functions=state.count,
            length=state.length,
            frequencies=frequencies,
            files=files,
            file_frequencies=file_frequencies,
        )

    def _refreshed(self, connection: sqlite3.Connection) -> State:
        versions = dict(
            connection.execute(
                "SELECT name, value FROM meta WHERE name IN ('paths_version', 'text_version') "
                "UNION ALL SELECT 'last_file', max(id) FROM files"
            ).fetchall()
        )
        if self._state is None or self._versions != versions:
            self._paths.refresh(connection, int(versions["paths_version"]))
            self._state = State.of(self._segments.read(connection), WEIGHTS)
            self._versions = versions
            self._bound = max(_CACHED_POSTINGS, _CACHED_EACH * self._state.count)
            self._levels, self._found = (-1.0, np.empty(0, dtype=np.uint16)), {}
            self._forget_merged({segment.number for segment in self._state.segments})
        return self._state

    def _forget_merged(self, numbers: set[int]) -> None:
        """Let go of the postings of segments that are no more: after each edit of a small store, nearly all."""
        for key in [key for key in self._read if key[0] not in numbers]:
            self._cached -= _cost(self._read.pop(key))

    def _levels_for(self, state: State, average: float) -> npt.NDArray[np.uint16]:
        """256 * level of each function's length against the average, see ``_gains``."""
        if self._levels[0] != average:
            octaves = np.log2(np.maximum(state.lengths, 1e-9) / average)
            levels = np.clip(np.rint((octaves - _LOWEST) * _STEPS), 0, _LEVELS - 1)
            self._levels = average, (levels.astype(np.uint16) << 8).astype(np.uint16, copy=False)
        return self._levels[1]

    def _postings(self, connection: sqlite3.Connection, state: State, term: str) -> list[_Found]:
        """Where a term stands: of each segment that has it the offset, places and codes."""
        if term not in self._found:
            if len(self._found) >= _REMEMBERED_TERMS:
                self._found.clear()
            self._found[term] = [
                (offset, *postings)
                for segment, offset in zip(state.segments, state.offsets, strict=True)
                if (postings := self._find(connection, segment, term.encode())) is not None
            ]
        return self._found[term]

    def _find(self, connection: sqlite3.Connection, segment: Segment, term: bytes) -> blocks.Found | None:
        """Places and codes of a term in a segment."""
        block = bisect.bisect_right(segment.first_terms, term) - 1
        if block < 0:
            return None
        key = segment.number, term
        if key in self._read:
            self._read.move_to_end(key)
            return self._read[key]
        number = (segment.number << BLOCK_BITS) + block
        row = connection.execute("SELECT data FROM blocks WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise ValueError("a block of postings is missing")
        found = self._read[key] = blocks.find(row[0], term)
        self._cached += _cost(found)
        while self._cached > self._bound:
            self._cached -= _cost(self._read.popitem(last=False)[1])
        return found


def _cost(found: blocks.Found | None) -> int:
    """How many postings take as much memory as what is remembered of a term in a segment."""
    return _ENTRY + (0 if found is None else len(found[0]))


@functools.cache
def _gains() -> npt.NDArray[np.float32]:
    """(levels * 256,): w / (w + SATURATION * norm) at ``256 * level of the length + code of the occurrences``."""
    lengths = np.exp2(_LOWEST + np.arange(_LEVELS) / _STEPS)
    norms = SATURATION * (1.0 - LENGTH_SHARE + LENGTH_SHARE * lengths)
    weighted = FREQUENCIES @ np.array(WEIGHTS)
    gains = np.zeros((_LEVELS, 256), dtype=np.float32)
    gains[:, : len(weighted)] = weighted / (weighted + norms[:, None])
    return gains.ravel()


def _best(scores: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.int64]:
    """Places of the ``count`` highest positive scores, best first, equal ones in the order of their places."""
    found = np.flatnonzero(scores > 0)
    if len(found) > count:
        lowest = np.partition(scores[found], len(found) - count)[len(found) - count]
        above, equal = found[scores[found] > lowest], found[scores[found] == lowest]
        found = np.concatenate((above, equal[: count - len(above)]))
    return found[np.lexsort((found, -scores[found]))]
