"""Files, functions and full text of one workspace: the truth that vectors follow. Knows no vector."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy import typing as npt

from vizsla.core.types import ContentHash, FunctionKey, Position
from vizsla.index import filters, pending, rows
from vizsla.index.census import Census, take_census
from vizsla.index.changes import Change
from vizsla.index.connections import Connections
from vizsla.index.corpus import Corpus
from vizsla.index.database import connect, database_errors, open_database, transaction
from vizsla.index.files import private_directory
from vizsla.index.fulltext import FullText
from vizsla.index.migrations import APPLICATION_ID, SCHEMA_VERSION, create_tables
from vizsla.index.records import Delta, FileChange, FileRecord, KeyFilter, StoredFunction, TextMatch
from vizsla.index.segments import Segments
from vizsla.index.stems import Stemmer

FILE_NAME = "index.sqlite"


class Store:
    """One workspace's database. Every method may be called from any thread; reads do not wait for writes."""

    def __init__(self, connections: Connections) -> None:
        """Use ``Store.open`` or ``Store.in_memory``."""
        self._connections = connections
        self._read, self._write, self._one = connections.read, connections.write, connections.one
        self.repairs: list[str] = []
        self._stemmer = Stemmer()
        self._segments = Segments()  # the writer's own: two threads never share one
        self._fulltext = FullText(Segments(), self._stemmer)

    @classmethod
    def open(cls, directory: Path, *, writable: bool = True) -> Store:
        """Open the database of ``directory``, made or repaired when needed; ``repairs`` tells what was done.

        Args:
            directory: private, of this workspace alone.
            writable: True only while holding the directory's ``WriterLock``; False never changes a byte.

        Raises:
            CacheError: the directory cannot be used, or there is nothing to read yet and ``writable`` is False.
        """
        path = private_directory(directory) / FILE_NAME
        found, repairs = open_database(
            path, application_id=APPLICATION_ID, schema_version=SCHEMA_VERSION, create=create_tables, writable=writable
        )
        with database_errors(path):
            reader = connect(path, writable=False) if writable else found
        store = cls(Connections(found if writable else None, reader, path))
        store.repairs = repairs
        return store

    @classmethod
    def in_memory(cls, first_key: int = 1) -> Store:
        """A store that is gone with the process: where nothing can be written, or nothing shall be.

        Args:
            first_key: of its functions, so that they can be told from those of another store.
        """
        connection = connect(None)
        with transaction(connection):
            create_tables(connection)
            connection.execute("INSERT INTO sqlite_sequence VALUES ('functions', ?)", (first_key - 1,))
        return cls(Connections(connection, connection, None))

    @property
    def is_writable(self) -> bool:
        """Whether changes are accepted."""
        return self._connections.is_writable

    @property
    def is_current(self) -> bool:
        """Whether the database is still where it was opened; if not, close it and open it again."""
        return self._connections.is_current

    def close(self) -> None:
        """Close the database; nothing may be called afterwards. If damage was seen, the next ``open`` repairs it."""
        self._connections.close()

    # What there is

    @property
    def generation(self) -> int:
        """Grows with each committed change of functions; begins at a number of its own in each new database."""
        return int(self._one("SELECT value FROM meta WHERE name = 'generation'") or 0)

    @property
    def identity(self) -> str:
        """Names this database; another one when it was built again."""
        return str(self._one("SELECT value FROM meta WHERE name = 'identity'"))

    @property
    def function_count(self) -> int:
        """How many functions are stored."""
        return int(self._one("SELECT count(*) FROM functions") or 0)

    def files(self) -> dict[str, FileRecord]:
        """All files by their paths, whatever their state."""
        with self._read() as connection:
            return rows.read_files(connection)

    def file(self, path: str) -> FileRecord | None:
        """What is known of a file."""
        with self._read() as connection:
            return rows.read_file(connection, path)

    def files_at(self, paths: Iterable[str]) -> dict[str, FileRecord]:
        """The files of these paths, and those below them if they are folders, by their paths."""
        with self._read() as connection:
            return rows.read_files_at(connection, paths)

    def functions(self, keys: Iterable[FunctionKey]) -> dict[FunctionKey, StoredFunction]:
        """The functions of these keys, in their order; keys that are gone are left out."""
        with self._read() as connection:
            return rows.read_functions(connection, keys)

    def functions_of(self, path: str) -> list[StoredFunction]:
        """The functions of a file, in the order of the file, outer before inner."""
        with self._read() as connection:
            return rows.read_functions_of(connection, path)

    def function_at(self, path: str, line: int, character: int) -> StoredFunction | None:
        """The innermost function around a position; its end counts as inside. Line and character from 0."""
        place = Position(line=line, character=character)
        around = [f for f in self.functions_of(path) if f.range.start <= place <= f.range.end]
        return max(around, key=lambda f: (f.span.start, -f.span.end, f.key), default=None)

    def census(self, before: Census | None = None) -> Census:
        """What there is, counted; quick when little changed since ``before``."""
        with self._read() as connection:
            return take_census(connection, before)

    def keys_matching(self, wanted: KeyFilter) -> npt.NDArray[np.int64]:
        """Keys of the functions that a filter lets through (n,), ascending."""
        with self._read() as connection:
            return filters.keys_matching(connection, wanted)

    def all_keys_and_hashes(self) -> tuple[npt.NDArray[np.int64], list[ContentHash]]:
        """The keys of all functions (n,), ascending, and the content hash of each."""
        with self._read() as connection:
            found = connection.execute("SELECT key, content_hash FROM functions ORDER BY key").fetchall()
        return np.array([key for key, _ in found], dtype=np.int64), [ContentHash(value) for _, value in found]

    def keys_of(self, hashes: Iterable[ContentHash]) -> dict[ContentHash, list[FunctionKey]]:
        """The functions that have these contents, ascending; every hash is there."""
        keys: dict[ContentHash, list[FunctionKey]] = {value: [] for value in hashes}
        with self._read() as connection:
            for chunk in rows.in_chunks(keys):
                wanted = f"content_hash IN ({rows.marks(chunk)})"
                query = f"SELECT content_hash, key FROM functions WHERE {wanted} ORDER BY key"
                for value, key in connection.execute(query, chunk):
                    keys[ContentHash(value)].append(FunctionKey(key))
        return keys

    # Words

    def search_words(
        self,
        words: Sequence[str],
        count: int,
        allowed: npt.NDArray[np.int64] | None = None,
        *,
        hidden: npt.NDArray[np.int64] | None = None,
        corpus: Corpus | None = None,
    ) -> list[TextMatch]:
        """The functions that have some of ``words``, best first, equal scores by the smaller key.

        Args:
            words: as ``core.text.words`` gives them.
            count: at most so many matches.
            allowed: ascending keys that may answer; None allows all.
            hidden: ascending keys that are as good as gone.
            corpus: what to measure rarity and length against; None for the functions of this store alone.
        """
        with self._read() as connection:
            return self._fulltext.search(connection, words, count, allowed, hidden=hidden, corpus=corpus)

    def corpus(
        self,
        words: Sequence[str],
        *,
        hidden: npt.NDArray[np.int64] | None = None,
        paths: Collection[str] | None = None,
    ) -> Corpus:
        """What BM25 must know of all functions but ``hidden``, and of the paths of all files or just of ``paths``."""
        with self._read() as connection:
            return self._fulltext.corpus(connection, words, hidden=hidden, paths=paths)

    def contents_of(self, path: str) -> list[tuple[FunctionKey, tuple[bytes, int]]]:
        """The functions of a file in its order, each with what tells its content apart: what ``delta.match`` takes."""
        with self._read() as connection:
            return rows.read_contents(connection, path)

    def snapshot(self) -> contextlib.AbstractContextManager[object]:
        """All that this thread reads until the block ends is of one state; other threads wait to read."""
        return self._read()

    # Changes

    def replace_files(self, changes: Sequence[FileChange]) -> list[Delta]:
        """Make files what they are now, in one transaction; what each won and lost, in the order of ``changes``."""
        with self._change() as change:
            return change.replace_files(changes)

    def touch_files(self, records: Iterable[FileRecord]) -> None:
        """Keep new stamps of known files whose functions stay."""
        with self._write() as connection:
            rows.touch_files(connection, records)

    def rename_files(self, moves: Mapping[str, str]) -> list[FunctionKey]:
        """Give files other paths, old to new; functions keep their keys. What stood at a new path is removed.

        Returns:
            Keys of functions that stood at a new path and are gone.
        """
        with self._change() as change:
            return change.rename_files(moves)

    def remove_files(self, paths: Iterable[str]) -> list[FunctionKey]:
        """Forget files; the keys of their functions, which are gone."""
        with self._change() as change:
            return change.remove_files(paths)

    def tidy(self) -> None:
        """Put full text in order: quicker to search, and nothing left of removed functions. For quiet moments."""
        with self._write() as connection:
            if self._segments.tidy(connection):
                connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'text_version'")
        self._connections.give_back_space()

    def shrink(self, disturbed: Callable[[], bool]) -> None:
        """Make the file smaller when much of it is unused, as after a first index; others wait for moments only."""
        self._connections.give_back_pages(disturbed)

    # Texts without vectors

    @property
    def pending_count(self) -> int:
        """How many model texts have no vector yet."""
        return int(self._one("SELECT count(*) FROM pending") or 0)

    @property
    def pending_function_count(self) -> int:
        """How many functions have no vector yet because their text is pending."""
        query = "SELECT count(*) FROM functions WHERE content_hash IN (SELECT content_hash FROM pending)"
        return int(self._one(query) or 0)

    def pending_hashes(self) -> set[ContentHash]:
        """The hashes of all pending texts."""
        with self._read() as connection:
            return {ContentHash(value) for (value,) in connection.execute("SELECT content_hash FROM pending")}

    def pending(self, count: int, first: Collection[ContentHash] = ()) -> list[tuple[ContentHash, str]]:
        """At most ``count`` model texts that have no vector yet: those of ``first`` in front, then the oldest."""
        with self._read() as connection:
            return pending.read_texts(connection, count, first)

    def settle(self, hashes: Iterable[ContentHash]) -> None:
        """These texts have vectors, or never will: forget the texts."""
        with self._write() as connection:
            pending.drop_texts(connection, hashes)

    def require_vectors(self, texts: Iterable[tuple[ContentHash, str]]) -> None:
        """Put model texts back among the pending ones, for a new model or vectors that were lost."""
        with self._write() as connection:
            for content_hash, model_text in texts:
                pending.add_text(connection, content_hash, model_text)

    # Odds and ends

    def meta(self, name: str) -> str | None:
        """A text that was set under ``name``."""
        found = self._one("SELECT value FROM meta WHERE name = ?", (f"user.{name}",))
        return None if found is None else str(found)

    def set_meta(self, name: str, value: str) -> None:
        """Remember a text under ``name``."""
        with self._write() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"user.{name}", value))

    def quick_check(self) -> str | None:
        """What is wrong with the database, read as a whole; None when nothing is. Closing and opening mends it."""
        return self._connections.quick_check()

    @contextlib.contextmanager
    def _change(self) -> Iterator[Change]:
        with self._write() as connection:
            change = Change(connection, self._segments, self._stemmer)
            yield change
            change.finish()
