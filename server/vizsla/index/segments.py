"""Full text in SQLite as segments: written once, marked where functions went, merged as they grow many.

A segment holds functions of one stretch of keys; the stretches do not overlap. The text of a removed function stays
in its segment until that is merged: ``tidy`` merges all that hold any.
"""

from __future__ import annotations

import secrets
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import typing as npt

from vizsla.index import blocks
from vizsla.index.postings import FIELDS, MAX_DOCUMENTS, Postings, merge

TABLES = (
    "CREATE TABLE segments (id INTEGER PRIMARY KEY, first_key INTEGER NOT NULL, last_key INTEGER NOT NULL, "
    "documents BLOB NOT NULL, directory BLOB NOT NULL)",
    # The places of functions that are gone, 16 bits each; apart, for it changes and the rest does not.
    "CREATE TABLE segment_dead (segment INTEGER PRIMARY KEY, places BLOB NOT NULL)",
    "CREATE TABLE blocks (id INTEGER PRIMARY KEY, data BLOB NOT NULL)",
)

BLOCK_BITS = 20  # of a block's number: the lower part counts within the segment
_FANOUT = 4  # so many segments of about one size become one
_KEPT_DEAD = 0.3  # share of functions that are gone above which a segment is written anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The functions of a segment: ascending keys (n,), numbers of their files (n,), words by field (n, FIELDS)."""

    keys: npt.NDArray[np.int64]
    files: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment as it is now.

    Attributes:
        first_terms: the first term of each block, ascending.
        alive: which of its functions are still there (n,).
    """

    number: int
    documents: Documents
    first_terms: list[bytes]
    alive: npt.NDArray[np.bool_]


class Segments:
    """Reads and writes segments through the connection it is given; remembers what never changes about them."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Documents, list[bytes]]] = {}

    def read(self, connection: sqlite3.Connection) -> list[Segment]:
        """All segments, by ascending keys."""
        dead = dict(connection.execute("SELECT segment, places FROM segment_dead").fetchall())
        numbers = [row[0] for row in connection.execute("SELECT id FROM segments ORDER BY first_key")]
        self._known = {number: self._known[number] for number in numbers if number in self._known}
        return [self._read(connection, number, dead.get(number)) for number in numbers]

    def add(self, connection: sqlite3.Connection, documents: Documents, postings: Postings) -> None:
        """Write a segment; its keys are above all that are stored."""
        self._write(connection, documents, postings)
        self._merge_some(connection)

    def remove(self, connection: sqlite3.Connection, keys: npt.NDArray[np.int64]) -> None:
        """Mark functions as gone; all ``keys`` (n,) are stored."""
        keys = np.sort(keys)
        for number, first, last in connection.execute("SELECT id, first_key, last_key FROM segments").fetchall():
            part = keys[np.searchsorted(keys, first) : np.searchsorted(keys, last, side="right")]
            if not len(part):
                continue
            row = connection.execute("SELECT places FROM segment_dead WHERE segment = ?", (number,)).fetchone()
            segment = self._read(connection, number, row[0] if row else None)
            segment.alive[np.searchsorted(segment.documents.keys, part)] = False
            gone = int(np.count_nonzero(~segment.alive))
            if gone > _KEPT_DEAD * len(segment.alive):
                self._replace(connection, [segment])
            else:
                places = np.flatnonzero(~segment.alive).astype("<u2").tobytes()
                connection.execute("INSERT OR REPLACE INTO segment_dead VALUES (?, ?)", (number, places))

    def tidy(self, connection: sqlite3.Connection) -> bool:
        """Merge into the fewest segments, without a trace of functions that are gone; whether there was any to do."""
        segments = self.read(connection)
        done, group, size = False, list[Segment](), 0
        for segment in [*segments, None]:
            alive = 0 if segment is None else int(np.count_nonzero(segment.alive))
            if group and (segment is None or size + alive > MAX_DOCUMENTS):
                if len(group) > 1 or not group[0].alive.all():
                    self._replace(connection, group)
                    done = True
                group, size = [], 0
            if segment is not None:
                group.append(segment)
                size += alive
        return done

    def _merge_some(self, connection: sqlite3.Connection) -> None:
        while True:
            segments = self.read(connection)
            sizes = [int(np.count_nonzero(segment.alive)) for segment in segments]
            count = _mergeable(sizes)
            if count < 2:
                return
            self._replace(connection, segments[-count:])

    def _replace(self, connection: sqlite3.Connection, segments: Sequence[Segment]) -> None:
        """Put one segment, without functions that are gone, in the place of neighbours."""
        postings = merge([(_postings(connection, segment.number), segment.alive) for segment in segments])
        documents = Documents(
            keys=np.concatenate([segment.documents.keys[segment.alive] for segment in segments]),
            files=np.concatenate([segment.documents.files[segment.alive] for segment in segments]),
            lengths=np.concatenate([segment.documents.lengths[segment.alive] for segment in segments]),
        )
        for segment in segments:
            first, end = segment.number << BLOCK_BITS, (segment.number + 1) << BLOCK_BITS
            connection.execute("DELETE FROM blocks WHERE id >= ? AND id < ?", (first, end))
            connection.execute("DELETE FROM segment_dead WHERE segment = ?", (segment.number,))
            connection.execute("DELETE FROM segments WHERE id = ?", (segment.number,))
        if len(documents.keys):
            self._write(connection, documents, postings)

    def _write(self, connection: sqlite3.Connection, documents: Documents, postings: Postings) -> None:
        # At random, not counted: a number given in a transaction that failed is never another segment's.
        number = secrets.randbits(62 - BLOCK_BITS)
        first_terms = []
        for count, (term, data) in enumerate(blocks.encode(postings)):
            connection.execute("INSERT INTO blocks VALUES (?, ?)", ((number << BLOCK_BITS) + count, data))
            first_terms.append(term)
        connection.execute(
            "INSERT INTO segments VALUES (?, ?, ?, ?, ?)",
            (
                number,
                int(documents.keys[0]),
                int(documents.keys[-1]),
                _pack(documents),
                zlib.compress(b"\n".join(first_terms)),
            ),
        )

    def _read(self, connection: sqlite3.Connection, number: int, dead: bytes | None) -> Segment:
        if number not in self._known:
            row = connection.execute("SELECT documents, directory FROM segments WHERE id = ?", (number,)).fetchone()
            first_terms = zlib.decompress(row[1])
            self._known[number] = (_unpack(row[0]), first_terms.split(b"\n") if first_terms else [])
        documents, terms = self._known[number]
        alive = np.ones(len(documents.keys), dtype=np.bool_)
        if dead:
            alive[np.frombuffer(dead, dtype="<u2")] = False
        return Segment(number=number, documents=documents, first_terms=terms, alive=alive)


def _postings(connection: sqlite3.Connection, number: int) -> Postings:
    query = "SELECT data FROM blocks WHERE id >= ? AND id < ? ORDER BY id"
    bounds = (number << BLOCK_BITS, (number + 1) << BLOCK_BITS)
    return blocks.join(blocks.decode(data) for (data,) in connection.execute(query, bounds))


def _mergeable(sizes: Sequence[int]) -> int:
    """How many segments at the end to merge, so that they become one of a higher tier; 0 for none."""
    total, tier = 0, 0
    for count, size in enumerate(reversed(sizes), start=1):
        if count > 1 and _tier(size) > tier and total >= _FANOUT ** (tier + 1):
            return count - 1
        tier = max(tier, _tier(size))
        total += size
        if total > MAX_DOCUMENTS:
            return 0
    return len(sizes) if total >= _FANOUT ** (tier + 1) else 0


def _tier(size: int) -> int:
    return (max(size, 1).bit_length() - 1) // 2  # powers of _FANOUT


def _pack(documents: Documents) -> bytes:
    keys, files = documents.keys, documents.files
    return zlib.compress(
        np.array([len(keys), keys[0], files[0]], dtype="<i8").tobytes()
        + np.diff(keys).astype("<u4").tobytes()
        + np.diff(files).astype("<i4").tobytes()
        + documents.lengths.T.astype("<u2").tobytes(),
        6,
    )


def _unpack(data: bytes) -> Documents:
    body = zlib.decompress(data)
    count, first_key, first_file = (int(number) for number in np.frombuffer(body, dtype="<i8", count=3))
    keys = np.frombuffer(body, dtype="<u4", count=count - 1, offset=24)
    files = np.frombuffer(body, dtype="<i4", count=count - 1, offset=24 + 4 * (count - 1))
    lengths = np.frombuffer(body, dtype="<u2", count=FIELDS * count, offset=24 + 8 * (count - 1))
    return Documents(
        keys=np.cumsum(np.concatenate(([first_key], keys)), dtype=np.int64),
        files=np.cumsum(np.concatenate(([first_file], files)), dtype=np.int64),
        lengths=lengths.reshape(FIELDS, count).T,
    )
