"""Which functions a filter lets through."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import numpy as np
import pathspec
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
    if not (wanted.path_globs or wanted.exclude_globs) and wanted.paths is None:
        found = connection.execute(f"SELECT key FROM functions WHERE {where} ORDER BY key", values)
        return np.fromiter((key for (key,) in found), dtype=np.int64)
    query = f"SELECT key, file FROM functions WHERE {where} ORDER BY key"
    rows = np.array(connection.execute(query, values).fetchall(), dtype=np.int64).reshape(-1, 2)
    paths = [(number, path_text(path)) for number, path in connection.execute("SELECT id, path FROM files")]
    files = np.fromiter(_files_matching(paths, wanted), dtype=np.int64)
    return np.ascontiguousarray(rows[np.isin(rows[:, 1], files), 0])


def _files_matching(paths: list[tuple[int, str]], wanted: KeyFilter) -> Iterable[int]:
    included = pathspec.GitIgnoreSpec.from_lines(wanted.path_globs) if wanted.path_globs else None
    excluded = pathspec.GitIgnoreSpec.from_lines(wanted.exclude_globs) if wanted.exclude_globs else None
    exact = None if wanted.paths is None else frozenset(wanted.paths)
    for number, path in paths:
        if exact is not None and path not in exact:
            continue
        if included is not None and not included.match_file(path):
            continue
        if excluded is not None and excluded.match_file(path):
            continue
        yield number
