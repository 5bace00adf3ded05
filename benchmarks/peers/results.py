"""Rows of results as JSON lines: what is there is not measured again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Row = dict[str, Any]
_KEY = ("kind", "peer", "version", "models", "only", "set", "group", "size")


class Results:
    """A file of rows, read at the start and added to as each thing is measured."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a line that was cut off by a kill is left out."""
        self.path = path
        self.rows: list[Row] = []
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    self.rows.append(json.loads(line))
                except ValueError:
                    continue

    def has(self, key: Mapping[str, Any]) -> bool:
        """Whether there is a row for what ``key`` names, of the same version of the peer with the same models."""
        return any(_key(row) == _key(key) for row in self.rows)

    def add(self, row: Row) -> None:
        """Write a row at once, so that a run that is broken off keeps it."""
        self.rows.append(row)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(("\n" if text and not text.endswith("\n") else "") + json.dumps(row) + "\n")

    def newest(self, kind: str) -> list[Row]:
        """The rows of a kind, of each peer and thing the newest, in the order in which they were first measured."""
        found: dict[tuple[Any, ...], Row] = {}
        for row in self.rows:
            if row["kind"] == kind:
                found[tuple(row.get(name) for name in ("peer", "set", "group", "size"))] = row
        return list(found.values())

    def failures(self) -> list[Row]:
        """The rows that say why something could not be measured, unless it was measured since."""
        last: dict[tuple[Any, ...], Row] = {}
        for row in self.rows:
            if row["kind"] != "run":
                last[tuple(row.get(name) for name in ("peer", "set", "size"))] = row
        return [row for row in last.values() if row["kind"] == "unusable"]


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in _KEY)
