"""Model texts that have no vector yet. Opens no transaction of its own."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Collection, Iterable

from vizsla.core.types import ContentHash
from vizsla.index.rows import in_chunks, marks


def add_text(connection: sqlite3.Connection, content_hash: ContentHash, model_text: str) -> None:
    """Keep a text until its vector is there; nothing happens when it waits already."""
    connection.execute(
        "INSERT INTO pending (content_hash, model_text) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (bytes(content_hash), zlib.compress(model_text.encode("utf-8", "surrogatepass"), 1)),
    )


def read_texts(
    connection: sqlite3.Connection, count: int, first: Collection[ContentHash]
) -> list[tuple[ContentHash, str]]:
    """At most ``count`` texts: those of ``first`` in front, then the oldest."""
    found: dict[bytes, bytes] = {}
    for chunk in in_chunks(dict.fromkeys(map(bytes, first))):
        query = f"SELECT content_hash, model_text FROM pending WHERE content_hash IN ({marks(chunk)})"
        rows = dict(connection.execute(query, chunk).fetchall())
        found.update((wanted, rows[wanted]) for wanted in chunk if wanted in rows)
    if len(found) < count:
        oldest = connection.execute(
            "SELECT content_hash, model_text FROM pending ORDER BY id LIMIT ?", (count + len(found),)
        )
        for content_hash, text in oldest:
            found.setdefault(content_hash, text)
    return [
        (ContentHash(content_hash), zlib.decompress(text).decode("utf-8", "surrogatepass"))
        for content_hash, text in list(found.items())[:count]
    ]


def drop_texts(connection: sqlite3.Connection, hashes: Iterable[ContentHash]) -> None:
    """Forget texts."""
    connection.executemany("DELETE FROM pending WHERE content_hash = ?", ((bytes(value),) for value in hashes))


def drop_orphans(connection: sqlite3.Connection, hashes: Iterable[ContentHash]) -> None:
    """Forget those of ``hashes`` that no function has any more."""
    connection.executemany(
        "DELETE FROM pending WHERE content_hash = ?1 AND NOT EXISTS (SELECT 1 FROM functions WHERE content_hash = ?1)",
        ((bytes(value),) for value in hashes),
    )
