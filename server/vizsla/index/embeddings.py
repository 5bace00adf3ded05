"""Vectors of all workspaces of this machine, by model and content: a text is encoded once, wherever it stands."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy import typing as npt

from vizsla.core.types import ContentHash, Fingerprint
from vizsla.index.database import DamagedError, database_errors, give_back_space, move_aside, open_database, transaction
from vizsla.index.files import private_directory
from vizsla.index.quantise import normalised, quantised, usable
from vizsla.index.rows import in_chunks, marks

FILE_NAME = "embeddings.sqlite"
APPLICATION_ID = 0x565A454D  # "VZEM"
SCHEMA_VERSION = 1

Result = TypeVar("Result")

_TABLES = (
    "CREATE TABLE models (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE)",
    # used: hours since 1970; a row is int8 components and their checksum, for SQLite has none.
    "CREATE TABLE vectors (id INTEGER PRIMARY KEY, model INTEGER NOT NULL, content_hash BLOB NOT NULL, "
    "used INTEGER NOT NULL, vector BLOB NOT NULL)",
    "CREATE UNIQUE INDEX vectors_by_hash ON vectors (model, content_hash)",
    "CREATE INDEX vectors_by_use ON vectors (used)",
)
_EVICTED_SHARE = 0.1  # of the budget, at a time
_HOUR = 3600.0
_PAGE = 16_384  # a vector takes 5 % less room than with pages of 4,096 bytes


class EmbeddingCache:
    """One SQLite file that several processes use at once. Every method may be called from any thread."""

    def __init__(self, directory: Path, max_bytes: int, *, now: Callable[[], float] = time.time) -> None:
        """Open the cache, made or dropped and made again when needed; ``repairs`` tells what was done.

        Args:
            directory: private.
            max_bytes: what the file may grow to before the least recently used vectors go.
            now: seconds since 1970.

        Raises:
            CacheError: it cannot be opened or made.
        """
        self._path = private_directory(directory) / FILE_NAME
        self._max_bytes = max_bytes
        self._now = now
        self._lock = threading.RLock()
        self._connection, self.repairs = self._open()

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        with self._lock:
            self._connection.close()

    def get(
        self, fingerprint: Fingerprint, hashes: Collection[ContentHash]
    ) -> dict[ContentHash, npt.NDArray[np.float32]]:
        """Unit vectors (dim,) of the contents that are known; the others are left out."""
        return self._repaired(lambda: self._get(fingerprint, hashes))

    def put(
        self, fingerprint: Fingerprint, hashes: Sequence[ContentHash], vectors: npt.NDArray[np.float32]
    ) -> list[ContentHash]:
        """Keep vectors (n, dim) of contents (n,).

        Returns:
            The contents whose vectors were refused, for they were not finite or zero.

        Raises:
            ValueError: the lengths differ.
            CacheError: they could not be written.
        """
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != len(hashes):
            raise ValueError(f"need one vector a hash, got {vectors.shape} for {len(hashes)} hashes")
        good = usable(vectors)
        rows = [
            (bytes(content_hash), row.tobytes())
            for content_hash, row in zip(
                (value for value, fine in zip(hashes, good, strict=True) if fine),
                quantised(vectors[good]),
                strict=True,
            )
        ]
        if rows:
            self._repaired(lambda: self._put(fingerprint, rows))
        return [value for value, fine in zip(hashes, good, strict=True) if not fine]

    def forget(self, hashes: Collection[ContentHash]) -> None:
        """Delete the vectors of these contents, of every model, without a trace in the file."""

        def work() -> None:
            with transaction(self._connection):
                self._connection.executemany(
                    "DELETE FROM vectors WHERE content_hash = ? AND model IN (SELECT id FROM models)",
                    ((bytes(value),) for value in hashes),
                )
            give_back_space(self._connection)

        self._repaired(work)

    def clear(self) -> int:
        """Delete all vectors of all models, without a trace in the file. How many bytes were freed."""

        def work() -> int:
            before = self._size()
            with transaction(self._connection):
                self._connection.execute("DELETE FROM vectors")
                self._connection.execute("DELETE FROM models")
            give_back_space(self._connection)
            return before - self._size()

        return self._repaired(work)

    def count(self, fingerprint: Fingerprint) -> int:
        """How many contents of a model are known."""

        def read() -> int:
            row = self._connection.execute(
                "SELECT count(*) FROM vectors JOIN models ON models.id = model WHERE fingerprint = ?", (fingerprint,)
            ).fetchone()
            return int(row[0])

        return self._repaired(read)

    @property
    def size(self) -> int:
        """Bytes of the file that are in use."""
        return self._repaired(self._size)

    def _get(
        self, fingerprint: Fingerprint, hashes: Collection[ContentHash]
    ) -> dict[ContentHash, npt.NDArray[np.float32]]:
        row = self._connection.execute("SELECT id FROM models WHERE fingerprint = ?", (fingerprint,)).fetchone()
        if row is None:
            return {}
        model, hour = int(row[0]), self._hour()
        found: dict[ContentHash, npt.NDArray[np.float32]] = {}
        stale: list[int] = []
        for chunk in in_chunks(map(bytes, hashes)):
            query = (
                "SELECT id, content_hash, used, vector FROM vectors "
                f"WHERE model = ? AND content_hash IN ({marks(chunk)})"
            )
            for number, content_hash, used, blob in self._connection.execute(query, (model, *chunk)):
                if zlib.crc32(blob[:-4], zlib.crc32(content_hash)) != int.from_bytes(blob[-4:], "big"):
                    continue  # a miss: it is encoded and put again
                found[ContentHash(content_hash)] = normalised(np.frombuffer(blob[:-4], dtype=np.int8)[None])[0]
                if used + 24 < hour:
                    stale.append(number)
        if stale:
            self._note(hour, stale)
        return found

    def _note(self, hour: int, numbers: Sequence[int]) -> None:
        """Say that vectors are in use, if that can be written at once: nobody's question waits or fails for it."""
        (patience,) = self._connection.execute("PRAGMA busy_timeout").fetchone()
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            with contextlib.suppress(sqlite3.OperationalError), transaction(self._connection):
                self._connection.executemany("UPDATE vectors SET used = ? WHERE id = ?", ((hour, n) for n in numbers))
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {int(patience)}")

    def _put(self, fingerprint: Fingerprint, rows: Sequence[tuple[bytes, bytes]]) -> None:
        hour = self._hour()
        with transaction(self._connection):
            self._connection.execute("INSERT OR IGNORE INTO models (fingerprint) VALUES (?)", (fingerprint,))
            (model,) = self._connection.execute(
                "SELECT id FROM models WHERE fingerprint = ?", (fingerprint,)
            ).fetchone()
            self._connection.executemany(
                "INSERT INTO vectors (model, content_hash, used, vector) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (model, content_hash) DO UPDATE SET used = excluded.used, vector = excluded.vector",
                (
                    (model, value, hour, vector + zlib.crc32(vector, zlib.crc32(value)).to_bytes(4, "big"))
                    for value, vector in rows
                ),
            )
        if self._size() > self._max_bytes:
            self._evict()

    def _evict(self) -> None:
        """Drop the least recently used vectors, a tenth of the budget at a time."""
        (total,) = self._connection.execute("SELECT count(*) FROM vectors").fetchone()
        target = self._max_bytes * (1 - _EVICTED_SHARE)
        while total and (size := self._size()) > target:
            count = max(1, min(20_000, int(total * (1 - target / size)) + 1))
            with transaction(self._connection):
                self._connection.execute(
                    "DELETE FROM vectors WHERE id IN (SELECT id FROM vectors ORDER BY used, id LIMIT ?)", (count,)
                )
            total -= count
        self._connection.execute("PRAGMA incremental_vacuum").fetchall()  # every row that is fetched frees a page

    def _size(self) -> int:
        pages, free, page = (
            int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * page

    def _hour(self) -> int:
        return int(self._now() // _HOUR)

    def _repaired(self, work: Callable[[], Result]) -> Result:
        """Do ``work``; when the file turns out to be damaged, drop it and do the work on a new one."""
        with self._lock:
            try:
                with database_errors(self._path):
                    return work()
            except DamagedError:
                self._connection.close()
                move_aside(self._path)
                self._connection, repairs = self._open()
                self.repairs += [f"{FILE_NAME} was damaged and was dropped; its vectors are made again", *repairs]
                with database_errors(self._path):
                    return work()

    def _open(self) -> tuple[sqlite3.Connection, list[str]]:
        def create(connection: sqlite3.Connection) -> None:
            for statement in _TABLES:
                connection.execute(statement)

        return open_database(
            self._path, application_id=APPLICATION_ID, schema_version=SCHEMA_VERSION, create=create, page_size=_PAGE
        )
