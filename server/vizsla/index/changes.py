"""What a change of files does to files, functions, full text and pending texts, within one transaction."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from vizsla.core import text
from vizsla.core.types import ContentHash, FunctionKey, Words
from vizsla.index import delta, fulltext, pending, rows
from vizsla.index.records import Delta, FileChange
from vizsla.index.segments import Segments
from vizsla.index.stems import Stemmer


class Change:
    """One transaction's work. Call ``finish`` last."""

    def __init__(self, connection: sqlite3.Connection, segments: Segments, stemmer: Stemmer) -> None:
        self._connection = connection
        self._segments = segments
        self._stemmer = stemmer
        self._changed = False
        self._paths_changed = False
        self._gone: list[ContentHash] = []
        self._removed: list[FunctionKey] = []
        self._texts: list[tuple[FunctionKey, int, Words]] = []

    def replace_files(self, changes: Sequence[FileChange]) -> list[Delta]:
        """Make files what they are now."""
        return [self._replace(change) for change in changes]

    def rename_files(self, moves: Mapping[str, str]) -> list[FunctionKey]:
        """Give files other paths; also round in a circle. What stood at a new path is removed."""
        numbers = {old: rows.file_id(self._connection, old) for old in moves}
        moving = {old: number for old, number in numbers.items() if number is not None and moves[old] != old}
        removed = self.remove_files(new for old, new in moves.items() if old in moving and new not in moving)
        for old, number in moving.items():  # first out of each other's way; no path begins with NUL
            parked = b"\0" + rows.path_bytes(old)
            self._connection.execute("UPDATE files SET path = ? WHERE id = ?", (parked, number))
        for old, number in moving.items():
            values = (rows.path_bytes(moves[old]), self._path_terms(moves[old]), number)
            self._connection.execute("UPDATE files SET path = ?, path_terms = ? WHERE id = ?", values)
            self._changed = self._paths_changed = True
        return removed

    def remove_files(self, paths: Iterable[str]) -> list[FunctionKey]:
        """Forget files."""
        removed: list[FunctionKey] = []
        for path in paths:
            number = rows.file_id(self._connection, path)
            if number is not None:
                old = rows.functions_of_file(self._connection, number)
                self._remove([(key, ContentHash(columns[1])) for key, columns in old])
                removed.extend(key for key, _ in old)
                self._connection.execute("DELETE FROM files WHERE id = ?", (number,))
                self._paths_changed = True
        return removed

    def finish(self) -> None:
        """Count the generation up if functions changed, and forget texts that nobody needs."""
        if self._removed:
            self._segments.remove(self._connection, np.array(self._removed, dtype=np.int64))
        if self._texts:
            fulltext.add(self._connection, self._segments, self._stemmer, self._texts)
        pending.drop_orphans(self._connection, dict.fromkeys(self._gone))
        if self._changed:
            self._connection.execute("UPDATE meta SET value = value + 1 WHERE name IN ('generation', 'text_version')")
        if self._paths_changed:
            self._connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'paths_version'")

    def _replace(self, change: FileChange) -> Delta:
        connection, path = self._connection, change.record.path
        number = rows.write_file(connection, change.record, self._path_terms(path))
        old = dict(rows.functions_of_file(connection, number))
        new = [rows.columns_of(number, entry) for entry in change.entries]
        matched = delta.match([(key, columns[1:3]) for key, columns in old.items()], [columns[1:3] for columns in new])
        self._remove([(key, ContentHash(old[key][1])) for key in matched.removed])
        added: list[tuple[FunctionKey, ContentHash]] = []
        moved: list[FunctionKey] = []
        texts: list[tuple[FunctionKey, int, Words]] = []
        for entry, columns, kept in zip(change.entries, new, matched.keys, strict=True):
            if kept is None:
                if not self._is_known(entry.content_hash):
                    pending.add_text(connection, entry.content_hash, entry.model_text)
                key = rows.insert_function(connection, columns)
                added.append((key, entry.content_hash))
                texts.append((key, number, entry.words))
            elif old[kept] != columns:
                rows.update_function(connection, kept, columns)
                moved.append(kept)
        self._texts += texts
        self._changed = self._changed or bool(added or moved or matched.removed)
        return Delta(path=path, added=added, moved=moved, removed=matched.removed)

    def _remove(self, functions: Sequence[tuple[FunctionKey, ContentHash]]) -> None:
        self._removed.extend(key for key, _ in functions)
        self._connection.executemany("DELETE FROM functions WHERE key = ?", ((key,) for key, _ in functions))
        self._gone.extend(value for _, value in functions)
        self._changed = self._changed or bool(functions)

    def _path_terms(self, path: str) -> str:
        found = [word for part in path.split("/") for word in _words(part)]
        stems = self._stemmer.stems(found)
        return " ".join(stems[word] for word in found)

    def _is_known(self, content_hash: ContentHash) -> bool:
        """Whether another function has this content: its text is pending already, or has its vector."""
        query = "SELECT 1 FROM functions WHERE content_hash = ? LIMIT 1"
        return self._connection.execute(query, (bytes(content_hash),)).fetchone() is not None


@functools.lru_cache(maxsize=20_000)
def _words(part_of_path: str) -> tuple[str, ...]:
    return tuple(text.words(part_of_path))
