"""What a store holds, counted in one state of it: for status, which is asked often and may not cost much."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from vizsla.index.records import FileState
from vizsla.index.rows import path_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """One count of a store.

    Attributes:
        version: another one after any change of the store, by whichever process.
        generation: another one after any change of its functions.
        indexed: how many files are indexed.
        functions: how many functions there are.
        pending: how many of them have no vector yet.
        by_language: how many there are of each language, most first.
        left_out: state and reason of each file that is not indexed.
    """

    version: tuple[str, int, int]
    generation: int
    indexed: int
    functions: int
    pending: int
    by_language: Mapping[str, int]
    left_out: Mapping[str, tuple[FileState, str]]


def take_census(connection: sqlite3.Connection, before: Census | None = None) -> Census:
    """Count, but for what is as it was ``before``."""
    meta = dict(connection.execute("SELECT name, value FROM meta WHERE name IN ('identity', 'generation')").fetchall())
    # data_version tells of other connections, total_changes of this one, which writes where the store is in memory.
    version = str(meta["identity"]), _number(connection, "PRAGMA data_version"), connection.total_changes
    if before is not None and before.version == version:
        return before
    generation = int(meta["generation"])
    if before is not None and (before.version[0], before.generation) == (version[0], generation):
        languages = before.by_language
    else:
        query = "SELECT language, count(*) AS n FROM functions GROUP BY language ORDER BY n DESC, language"
        languages = dict(connection.execute(query).fetchall())
    rows = connection.execute(
        "SELECT path, state, reason FROM files WHERE state <> ?", (FileState.INDEXED.value,)
    ).fetchall()
    pending = "SELECT count(*) FROM functions WHERE content_hash IN (SELECT content_hash FROM pending)"
    return Census(
        version=version,
        generation=generation,
        indexed=_number(connection, "SELECT count(*) FROM files") - len(rows),
        functions=_number(connection, "SELECT count(*) FROM functions"),
        pending=_number(connection, pending),
        by_language=languages,
        left_out={path_text(path): (FileState(state), reason) for path, state, reason in rows},
    )


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
