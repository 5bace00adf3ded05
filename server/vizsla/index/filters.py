"""Which functions a filter lets through."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import numpy as np
import pathspec
from numpy import typing as npt

from vizsla.index.records import KeyFilter
from vizsla.index.rows import marks, path_text


def keys_matching(connection: sqlite3.Connection, wanted: KeyFilter) -> npt.NDArray[np.int64]:
    """Keys of the functions that ``wanted`` lets through (n,), ascending."""
    conditions, values = ["1"], list[object]()
    for column, allowed in (("language", wanted.languages), ("kind", wanted.kinds)):
        if allowed:
            conditions.append(f"{column} IN ({marks(list(allowed))})")
            values.extend(str(value) for value in allowed)
    query = f"SELECT key, file FROM functions WHERE {' AND '.join(conditions)} ORDER BY key"
    rows = np.array(connection.execute(query, values).fetchall(), dtype=np.int64).reshape(-1, 2)
    by_path = (wanted.path_globs, wanted.exclude_globs, wanted.folder, wanted.not_folders)
    if not any(by_path) and wanted.paths is None:
        return np.ascontiguousarray(rows[:, 0])
    paths = [(number, path_text(path)) for number, path in connection.execute("SELECT id, path FROM files")]
    files = np.fromiter(_files_matching(paths, wanted), dtype=np.int64)
    return np.ascontiguousarray(rows[np.isin(rows[:, 1], files), 0])


def _files_matching(paths: list[tuple[int, str]], wanted: KeyFilter) -> Iterable[int]:
    folder = wanted.folder.strip("/")
    inside = "" if folder in ("", ".") else folder + "/"
    outside = tuple(folder.strip("/") + "/" for folder in wanted.not_folders)
    included = pathspec.GitIgnoreSpec.from_lines(wanted.path_globs) if wanted.path_globs else None
    excluded = pathspec.GitIgnoreSpec.from_lines(wanted.exclude_globs) if wanted.exclude_globs else None
    exact = None if wanted.paths is None else frozenset(wanted.paths)
    for number, path in paths:
        if not path.startswith(inside) or path.startswith(outside) or (exact is not None and path not in exact):
            continue
        if included is not None and not included.match_file(path):
            continue
        if excluded is not None and excluded.match_file(path):
            continue
        yield number
