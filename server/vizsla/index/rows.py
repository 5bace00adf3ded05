"""Files and functions as rows of the database and back. Opens no transaction of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from blake3 import blake3

from vizsla.core.types import ContentHash, FunctionKey, IndexEntry, Kind, Position, Range, Span, Words
from vizsla.index.records import DOC_LIMIT, SIGNATURE_LIMIT, FileRecord, FileState, StoredFunction

Item = TypeVar("Item")

FunctionColumns = tuple[int, bytes, int, str, str, str, str, str, str, int, int, int, int, int, int]
"""The columns of ``functions`` after the key, in the order of the table."""

_FILE_COLUMNS = "path, size, mtime_ns, inode, content_hash, language, state, reason"
_FUNCTION_COLUMNS = (
    "file, content_hash, words_hash, name, qualified_name, kind, language, signature, doc, "
    "start, end, start_line, start_character, end_line, end_character"
)
_STORED = f"SELECT f.key, files.path, files.content_hash, {', '.join('f.' + c for c in _FUNCTION_COLUMNS.split(', '))} "


def path_bytes(path: str) -> bytes:
    """A path as the file system has it."""
    return path.encode("utf-8", "surrogateescape")


def path_text(path: bytes) -> str:
    """The path that ``path_bytes`` was given."""
    return path.decode("utf-8", "surrogateescape")


def storable(text: str) -> str:
    """Text that SQLite takes: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def words_hash(words: Words) -> int:
    """63 bits over what full text reads of a function."""
    joined = "\n".join((words.name, words.signature, words.doc, words.body))
    return int.from_bytes(blake3(joined.encode("utf-8", "surrogatepass")).digest(8), "big") >> 1


def in_chunks(items: Iterable[Item], size: int = 500) -> Iterator[list[Item]]:
    """Lists of at most ``size`` items, for queries with one mark an item."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def marks(items: Sequence[object]) -> str:
    """``?,?,?`` for a list of values."""
    return ",".join("?" * len(items))


def read_files(connection: sqlite3.Connection) -> dict[str, FileRecord]:
    """All files by their paths."""
    rows = connection.execute(f"SELECT {_FILE_COLUMNS} FROM files")
    return {record.path: record for record in map(_file_record, rows)}


def read_file(connection: sqlite3.Connection, path: str) -> FileRecord | None:
    """One file."""
    row = connection.execute(f"SELECT {_FILE_COLUMNS} FROM files WHERE path = ?", (path_bytes(path),)).fetchone()
    return None if row is None else _file_record(row)


def read_files_at(connection: sqlite3.Connection, paths: Iterable[str]) -> dict[str, FileRecord]:
    """The files of these paths, and those below them, by their paths."""
    found: dict[str, FileRecord] = {}
    for path in map(path_bytes, paths):
        query = f"SELECT {_FILE_COLUMNS} FROM files WHERE path = ? OR (path > ? AND path < ?)"
        for row in connection.execute(query, (path, path + b"/", path + b"0")):  # "0" comes after "/"
            record = _file_record(row)
            found[record.path] = record
    return found


def touch_files(connection: sqlite3.Connection, records: Iterable[FileRecord]) -> None:
    """New stamps for files whose bytes did not change."""
    connection.executemany(
        "UPDATE files SET size = ?, mtime_ns = ?, inode = ? WHERE path = ?",
        ((record.size, record.mtime_ns, _signed(record.inode), path_bytes(record.path)) for record in records),
    )


def read_path_terms(connection: sqlite3.Connection, paths: Iterable[str]) -> list[frozenset[str]]:
    """The stems of those of ``paths`` that are stored."""
    query = "SELECT path_terms FROM files WHERE path = ?"
    found = (connection.execute(query, (path_bytes(path),)).fetchone() for path in paths)
    return [frozenset(row[0].split()) for row in found if row is not None]


def file_id(connection: sqlite3.Connection, path: str) -> int | None:
    """The number of a file, or None when there is none of that path."""
    row = connection.execute("SELECT id FROM files WHERE path = ?", (path_bytes(path),)).fetchone()
    return None if row is None else int(row[0])


def write_file(connection: sqlite3.Connection, record: FileRecord, path_terms: str) -> int:
    """Insert a file or replace what is known of it; its number. ``path_terms`` are the stems of its path."""
    row = connection.execute(
        f"INSERT INTO files ({_FILE_COLUMNS}, path_terms) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (path) DO UPDATE SET "
        "size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode, "
        "content_hash = excluded.content_hash, language = excluded.language, state = excluded.state, "
        "reason = excluded.reason RETURNING id",
        (
            path_bytes(record.path),
            record.size,
            record.mtime_ns,
            _signed(record.inode),
            record.content_hash,
            record.language,
            record.state.value,
            storable(record.reason),
            path_terms,
        ),
    ).fetchone()
    return int(row[0])


def functions_of_file(connection: sqlite3.Connection, file: int) -> list[tuple[FunctionKey, FunctionColumns]]:
    """Keys and columns of a file's functions, in the order of the file."""
    rows = connection.execute(
        f"SELECT key, {_FUNCTION_COLUMNS} FROM functions WHERE file = ? ORDER BY start, end DESC, key", (file,)
    )
    return [(FunctionKey(row[0]), row[1:]) for row in rows]


def read_contents(connection: sqlite3.Connection, path: str) -> list[tuple[FunctionKey, tuple[bytes, int]]]:
    """The functions of a file in its order, each with its content's hash and that of its words."""
    number = file_id(connection, path)
    found = [] if number is None else functions_of_file(connection, number)
    return [(key, (columns[1], columns[2])) for key, columns in found]


def columns_of(file: int, entry: IndexEntry) -> FunctionColumns:
    """The columns that an entry gives."""
    function = entry.function
    return (
        file,
        bytes(entry.content_hash),
        words_hash(entry.words),
        storable(function.name),
        storable(function.qualified_name),
        function.kind.value,
        function.language,
        storable(function.signature[:SIGNATURE_LIMIT]),
        storable(function.doc[:DOC_LIMIT]),
        function.span.start,
        function.span.end,
        function.range.start.line,
        function.range.start.character,
        function.range.end.line,
        function.range.end.character,
    )


def insert_function(connection: sqlite3.Connection, columns: FunctionColumns) -> FunctionKey:
    """Insert a function; its key, never used before."""
    cursor = connection.execute(
        f"INSERT INTO functions ({_FUNCTION_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", columns
    )
    assert cursor.lastrowid is not None
    return FunctionKey(cursor.lastrowid)


def update_function(connection: sqlite3.Connection, key: FunctionKey, columns: FunctionColumns) -> None:
    """Replace the columns of a function."""
    connection.execute(
        f"UPDATE functions SET ({_FUNCTION_COLUMNS}) = (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) WHERE key = ?", (*columns, key)
    )


def read_functions(connection: sqlite3.Connection, keys: Iterable[FunctionKey]) -> dict[FunctionKey, StoredFunction]:
    """The functions that are there, in the order of ``keys``."""
    wanted = list(dict.fromkeys(keys))
    found: dict[FunctionKey, StoredFunction] = {}
    for chunk in in_chunks(wanted):
        query = f"{_STORED} FROM functions f JOIN files ON files.id = f.file WHERE f.key IN ({marks(chunk)})"
        for row in connection.execute(query, chunk):
            found[FunctionKey(row[0])] = _stored(row)
    return {key: found[key] for key in wanted if key in found}


def read_functions_of(connection: sqlite3.Connection, path: str) -> list[StoredFunction]:
    """The functions of a file, outer before inner, in the order of the file."""
    query = (
        f"{_STORED} FROM files JOIN functions f ON f.file = files.id WHERE files.path = ? "
        "ORDER BY f.start, f.end DESC, f.key"
    )
    return [_stored(row) for row in connection.execute(query, (path_bytes(path),))]


def _file_record(row: tuple[bytes, int, int, int, bytes, str, str, str]) -> FileRecord:
    path, size, mtime_ns, inode, content_hash, language, state, reason = row
    return FileRecord(
        path=path_text(path),
        size=size,
        mtime_ns=mtime_ns,
        inode=inode & 0xFFFF_FFFF_FFFF_FFFF,
        content_hash=content_hash,
        language=language,
        state=FileState(state),
        reason=reason,
    )


def _stored(row: tuple[Any, ...]) -> StoredFunction:
    key, path, file_hash, _, content_hash, _, name, qualified_name, kind, language, signature, doc = row[:12]
    start, end, start_line, start_character, end_line, end_character = row[12:]
    return StoredFunction(
        key=FunctionKey(key),
        path=path_text(path),
        name=name,
        qualified_name=qualified_name,
        kind=Kind(kind),
        language=language,
        signature=signature,
        doc=doc,
        span=Span(start=start, end=end),
        range=Range(
            start=Position(line=start_line, character=start_character),
            end=Position(line=end_line, character=end_character),
        ),
        content_hash=ContentHash(content_hash),
        file_hash=file_hash,
    )


def _signed(number: int) -> int:
    """Inodes have 64 bits, SQLite's numbers 63 and a sign."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    return number - (1 << 64) if number >= 1 << 63 else number
