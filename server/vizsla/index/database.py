"""SQLite files that open whole: private, checked, moved aside when damaged or foreign. Knows no table."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from vizsla.core.errors import CacheError, IndexBusyError
from vizsla.index.files import sync_directory

BUSY_SECONDS = 10.0
"""How long a process waits for another one's transaction."""


_FREE_SHARE = 0.25  # of the file, above which it is written anew


class DamagedError(CacheError):
    """A database turned out to be damaged while in use: close it and open it again, that repairs it."""


class _UnusableError(Exception):
    """Why a database file has to make room for a new one."""


def open_database(
    path: Path,
    *,
    application_id: int,
    schema_version: int,
    create: Callable[[sqlite3.Connection], None],
    writable: bool = True,
    page_size: int = 4096,
) -> tuple[sqlite3.Connection, list[str]]:
    """Open a database of ours, or a new one where it is missing or of no use.

    Args:
        path: of the file, in a private directory.
        application_id: number in the file's header that marks it as ours; positive.
        schema_version: another one makes room for a new database: all of them are caches.
        create: makes the tables in an empty database; it runs inside a transaction.
        writable: False opens what is there for reading only.
        page_size: of a new database, in bytes.

    Returns:
        A connection in autocommit mode, and a sentence for each repair.

    Raises:
        CacheError: it cannot be opened, made or moved.
    """
    repairs: list[str] = []
    if writable and not path.exists() and _aside(path).exists():
        repairs.append(f"{path.name} was damaged, was moved aside and is built again")
    for attempt in (1, 2):
        try:
            with database_errors(path):
                return _open(path, application_id, schema_version, create, writable, page_size), repairs
        except (_UnusableError, DamagedError) as error:
            if not writable or attempt == 2:
                raise CacheError(f"{path} cannot be used ({error}); a process that may write rebuilds it") from error
            move_aside(path)
            why = str(error) if isinstance(error, _UnusableError) else "it was damaged"
            repairs.append(f"{path.name} was moved aside and is built again: {why}")
    raise AssertionError("unreachable")


def _open(
    path: Path,
    application_id: int,
    schema_version: int,
    create: Callable[[sqlite3.Connection], None],
    writable: bool,
    page_size: int,
) -> sqlite3.Connection:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise _UnusableError("it was no regular file")
    if writable:
        # SQLite would make it readable for others; its -wal and -shm files take their mode from it.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        path.chmod(0o600)
    elif not path.exists():
        raise CacheError(f"{path} is not there; run a process that may write first")
    connection = connect(path, writable=writable)
    try:
        if writable:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # as the size of pages, heard by a new file alone
            connection.execute(f"PRAGMA page_size = {page_size}")
            connection.execute("PRAGMA journal_mode = WAL")
        found_id = int(connection.execute("PRAGMA application_id").fetchone()[0])
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
        if found_id == 0 and version == 0 and tables == 0 and writable:
            with transaction(connection):
                if not connection.execute("SELECT 1 FROM sqlite_schema").fetchone():  # or another process was faster
                    create(connection)
                    connection.execute(f"PRAGMA application_id = {application_id}")
                    connection.execute(f"PRAGMA user_version = {schema_version}")
        elif found_id != application_id:
            raise _UnusableError("it was not written by Vizsla")
        elif version != schema_version:
            age = "a newer" if version > schema_version else "an older"
            raise _UnusableError(f"it was written by {age} version of Vizsla")
    except BaseException:
        connection.close()
        raise
    return connection


def connect(path: Path | None, *, writable: bool = True) -> sqlite3.Connection:
    """A connection in autocommit mode with our settings, usable from any thread (one at a time).

    Args:
        path: of a file that is there; None for a database in memory.
        writable: False refuses all changes.
    """
    target = ":memory:" if path is None else f"{path.absolute().as_uri()}?mode={'rw' if writable else 'ro'}"
    connection = sqlite3.connect(
        target, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        for pragma in (
            "trusted_schema = OFF",
            "cell_size_check = ON",  # damage is an error, never a crash
            "mmap_size = 0",  # an I/O error must not become a SIGBUS
            "synchronous = NORMAL",  # in WAL mode: whole after a power cut, at most the last changes are redone
            "temp_store = MEMORY",  # no words of the user's code outside the cache directory
            "secure_delete = ON",
            "journal_size_limit = 8388608",
            "cache_size = -16384",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def move_aside(path: Path) -> None:
    """Rename a database out of the way, over the one that was last moved; its journals go."""
    with database_errors(path), contextlib.suppress(FileNotFoundError):
        path.replace(_aside(path))
        for ending in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        sync_directory(path.parent)


def give_back_space(connection: sqlite3.Connection) -> None:
    """Shrink the file when much of it is unused, and empty its journal: what was deleted is then in neither."""
    if has_much_space(connection):
        connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # as far as readers allow


def has_much_space(connection: sqlite3.Connection) -> bool:
    """Whether much of the file is unused."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    return bool(free > pages * _FREE_SHARE)


def give_back_pages(connection: sqlite3.Connection, most: int) -> bool:
    """Shrink the file by some unused pages, in a moment; whether there are more.

    A file of an older version gives none back.
    """
    (before,) = connection.execute("PRAGMA freelist_count").fetchone()
    connection.execute(f"PRAGMA incremental_vacuum({most})").fetchall()  # every row that is fetched frees a page
    (after,) = connection.execute("PRAGMA freelist_count").fetchone()
    return bool(0 < after < before)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; the lock for writing is taken at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled back by itself.
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def _aside(path: Path) -> Path:
    return path.with_name(path.name + ".damaged")


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Several reads that see one state."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("COMMIT")


@contextlib.contextmanager
def database_errors(path: Path | str) -> Iterator[None]:
    """Turn what SQLite and the system say into a sentence for the user."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise DamagedError(f"{path} is damaged ({error}); it is built again when it is next opened") from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise IndexBusyError(f"{path} is being written by another process; try again in a moment") from error
        if code == sqlite3.SQLITE_FULL:
            raise CacheError(f"{path} could not be written: the disk is full; free some space and try again") from error
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            raise CacheError(
                f"{path} cannot be read or written ({error}); free some space, make it writable, "
                "or choose another cache directory"
            ) from error
        raise
    except OSError as error:
        raise CacheError(
            f"{path} cannot be used ({error.strerror}); make it writable or choose another cache directory"
        ) from error
    except UnicodeEncodeError:
        raise  # of what we were given, not of what was stored
    except (ValueError, IndexError, KeyError, OverflowError, zlib.error) as error:
        # SQLite has no checksums: a flipped bit may show only when what was stored is taken apart.
        raise DamagedError(f"{path} is damaged ({error}); it is built again when it is next opened") from error


def engine_version() -> str:
    """Which SQLite this is, for people."""
    return f"SQLite {sqlite3.sqlite_version}"
