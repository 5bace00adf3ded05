"""The two connections of a store: reads do not wait for writes, and damage that shows is mended by reopening."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from vizsla.index.database import (
    DamagedError,
    database_errors,
    give_back_pages,
    give_back_space,
    has_much_space,
    move_aside,
    snapshot,
    transaction,
)

_PAGES = 500  # given back at a time: some milliseconds


class Connections:
    """One writes, one reads; each is used by one thread at a time."""

    def __init__(self, writer: sqlite3.Connection | None, reader: sqlite3.Connection, place: Path | None) -> None:
        """Take over connections.

        Args:
            writer: None for a store that is only read.
            reader: may be the writer, for a database in memory.
            place: of the file; None for a database in memory.
        """
        self._writer, self._reader, self._place = writer, reader, place
        self._writing = threading.RLock()
        self._reading = self._writing if writer is reader else threading.RLock()
        self._is_damaged = False
        self._inode = None if place is None else place.stat().st_ino

    @property
    def is_writable(self) -> bool:
        """Whether changes are accepted."""
        return self._writer is not None

    @property
    def is_current(self) -> bool:
        """Whether the file is still the one of that name: somebody may have deleted the cache directory."""
        try:
            return self._place is None or self._place.stat().st_ino == self._inode
        except OSError:
            return False

    def close(self) -> None:
        """Close both; nothing may be called afterwards. A damaged file makes room for a new one."""
        with self._writing, self._reading:
            self._reader.close()
            if self._writer is not None and self._writer is not self._reader:
                self._writer.close()  # last: only a writer folds the journal into the database when it closes
            if self._is_damaged and self._place is not None and self._writer is not None and self.is_current:
                move_aside(self._place)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One state of the database, until the block ends."""
        with self._reading, self._errors():
            if self._reader.in_transaction:
                yield self._reader
            else:
                with snapshot(self._reader):
                    yield self._reader

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of the block or nothing."""
        if self._writer is None:
            raise RuntimeError("this store was opened for reading")
        with self._writing, self._errors(), transaction(self._writer):
            yield self._writer

    def one(self, query: str, values: Sequence[object] = ()) -> Any:
        """The first column of the first row, or None."""
        with self.read() as connection:
            row = connection.execute(query, values).fetchone()
        return None if row is None else row[0]

    def quick_check(self) -> str | None:
        """What is wrong with the database, read as a whole; None when nothing is."""
        try:
            found = str(self.one("PRAGMA quick_check(1)"))
        except DamagedError as error:
            return str(error)
        self._is_damaged = self._is_damaged or found != "ok"
        return None if found == "ok" else found

    def give_back_space(self) -> None:
        """Shrink the file and empty its journal."""
        if self._place is not None and self._writer is not None:
            with self._writing, self._errors():
                give_back_space(self._writer)

    def give_back_pages(self, disturbed: Callable[[], bool]) -> None:
        """Shrink the file when much of it is unused, bit by bit; what is left when ``disturbed`` is for later."""
        if self._place is None or self._writer is None:
            return
        with self._writing, self._errors():
            is_more = has_much_space(self._writer)
        while is_more and not disturbed():
            with self._writing, self._errors():
                is_more = give_back_pages(self._writer, _PAGES)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with database_errors(self._place or "the index in memory"):
                yield
        except DamagedError:
            self._is_damaged = True
            raise
