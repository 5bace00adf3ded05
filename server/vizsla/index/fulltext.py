"""Functions by their words."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy import typing as npt

from vizsla.core.types import FunctionKey, Words
from vizsla.index.records import TextMatch

WEIGHTS = (8.0, 3.0, 2.0, 2.0, 1.0)  # name, signature, doc, path, body


def add(connection: sqlite3.Connection, rows: Iterable[tuple[FunctionKey, str, Words]]) -> None:
    for key, path_words, words in rows:
        columns = (words.name, words.signature, words.doc, path_words, words.body)
        connection.execute(
            "INSERT INTO fulltext (rowid, name, signature, doc, path, body) VALUES (?,?,?,?,?,?)", (key, *columns)
        )
        connection.execute("INSERT INTO texts VALUES (?, ?)", (key, zlib.compress("\n".join(columns).encode(), 6)))


def remove(connection: sqlite3.Connection, keys: Iterable[FunctionKey]) -> None:
    for key in keys:
        row = connection.execute("SELECT words FROM texts WHERE key = ?", (key,)).fetchone()
        columns = zlib.decompress(row[0]).decode().split("\n")
        connection.execute(
            "INSERT INTO fulltext (fulltext, rowid, name, signature, doc, path, body) VALUES ('delete',?,?,?,?,?,?)",
            (key, *columns),
        )
        connection.execute("DELETE FROM texts WHERE key = ?", (key,))


def rename(connection: sqlite3.Connection, keys: Iterable[FunctionKey], path_words: str) -> None:
    for key in list(keys):
        row = connection.execute("SELECT words FROM texts WHERE key = ?", (key,)).fetchone()
        name, signature, doc, _, body = zlib.decompress(row[0]).decode().split("\n")
        remove(connection, [key])
        add(connection, [(key, path_words, Words(name=name, signature=signature, doc=doc, body=body))])


def search(
    connection: sqlite3.Connection, words: Sequence[str], count: int, allowed: npt.NDArray[np.int64] | None
) -> list[TextMatch]:
    expression = " OR ".join(f'"{word}"' for word in dict.fromkeys(words) if '"' not in word and "\0" not in word)
    if not expression:
        return []
    keep = None if allowed is None else set(allowed.tolist())
    found = []
    for key, score in connection.execute(
        f"SELECT rowid, bm25(fulltext, {','.join(map(str, WEIGHTS))}) AS score FROM fulltext WHERE fulltext MATCH ? ORDER BY score, rowid",
        (expression,),
    ):
        if keep is None or key in keep:
            found.append(TextMatch(key=FunctionKey(key), score=-score))
            if len(found) == count:
                break
    return found


def word_counts(connection: sqlite3.Connection, words: Sequence[str]) -> dict[str, int]:
    counts = {}
    for word in words:
        (counts[word],) = connection.execute(
            "SELECT count(*) FROM fulltext WHERE fulltext MATCH ?", (f'"{word}"',)
        ).fetchone()
    return counts
