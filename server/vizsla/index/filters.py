"""Which functions a filter lets through."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import numpy as np
from numpy import typing as npt

from vizsla.index.records import KeyFilter
from vizsla.index.rows import marks, path_bytes, path_text


def keys_matching(connection: sqlite3.Connection, wanted: KeyFilter) -> npt.NDArray[np.int64]:
    """Keys of the functions that ``wanted`` lets through (n,), ascending."""
    conditions, values = ["1"], list[object]()
    for column, allowed in (("language", wanted.languages), ("kind", wanted.kinds)):
        if allowed:
            conditions.append(f"{column} IN ({marks(list(allowed))})")
            values.extend(str(value) for value in allowed)
    inside = [folder for folder in (wanted.folder.strip("/"),) if folder not in ("", ".")]
    for word, folders in (("IN", inside), ("NOT IN", wanted.not_folders)):
        for folder in folders:
            conditions.append(f"file {word} (SELECT id FROM files WHERE path > ? AND path < ?)")
            below = path_bytes(folder.strip("/"))
            values.extend((below + b"/", below + b"0"))  # "0" comes after "/"
    where = " AND ".join(conditions)
    if wanted.within is None and wanted.without is None and wanted.paths is None:
        found = connection.execute(f"SELECT key FROM functions WHERE {where} ORDER BY key", values)
        return np.fromiter((key for (key,) in found), dtype=np.int64)
    query = f"SELECT key, file FROM functions WHERE {where} ORDER BY key"
    rows = np.array(connection.execute(query, values).fetchall(), dtype=np.int64).reshape(-1, 2)
    paths = connection.execute("SELECT id, path FROM files").fetchall()
    files = np.fromiter(_files_matching(paths, wanted), dtype=np.int64)
    return np.ascontiguousarray(rows[np.isin(rows[:, 1], files), 0])


def _files_matching(paths: list[tuple[int, bytes]], wanted: KeyFilter) -> Iterable[int]:
    exact = None if wanted.paths is None else frozenset(wanted.paths)
    for number, path in paths:
        if exact is not None and path_text(path) not in exact:
            continue
        if wanted.within is not None and not wanted.within.choose(path):
            continue
        if wanted.without is not None and wanted.without.choose(path):
            continue
        yield number
