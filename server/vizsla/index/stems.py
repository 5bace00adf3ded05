"""Words to the stems under which full text knows them: "parsing" and "parsed" are "pars"."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable

_REMEMBERED = 500_000


class Stemmer:
    """Porter's stems, made by SQLite's tokenizer and remembered. May be called from any thread.

    Source: M. F. Porter, "An algorithm for suffix stripping", Program 14 (1980).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}
        self._connection: sqlite3.Connection | None = None

    def stems(self, words: Iterable[str]) -> dict[str, str]:
        """The stem of each word; "" for one in which there is nothing to look for."""
        with self._lock:
            wanted = dict.fromkeys(words)
            new = [word for word in wanted if word not in self._known]
            if new:
                if len(self._known) + len(new) > _REMEMBERED:
                    self._known.clear()
                    new = list(wanted)
                self._known.update(zip(new, self._make(new), strict=True))
            return {word: self._known[word] for word in wanted}

    def _make(self, words: list[str]) -> list[str]:
        if self._connection is None:
            self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            self._connection.execute(
                "CREATE VIRTUAL TABLE words USING "
                "fts5 (word, content = '', tokenize = 'porter unicode61 remove_diacritics 2')"
            )
            self._connection.execute("CREATE VIRTUAL TABLE stems USING fts5vocab (words, instance)")
        connection, found = self._connection, [""] * len(words)
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO words (rowid, word) VALUES (?, ?)",
            ((number, word.encode("utf-8", "replace").decode()) for number, word in enumerate(words, start=1)),
        )
        for stem, number in connection.execute("SELECT term, doc FROM stems WHERE offset = 0"):
            found[number - 1] = stem
        connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
        connection.execute("COMMIT")
        return found
