"""Looks at the file behind a stored function before it is shown: is it still there, and where?

An open buffer counts instead of its file.
"""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError
from dataclasses import dataclass

from vizsla.core.errors import VizslaError
from vizsla.core.types import IndexEntry, Range, Span
from vizsla.index.records import SIGNATURE_LIMIT, StoredFunction
from vizsla.services.entries import entries_of
from vizsla.services.reading import SourceText, read_source
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

_PARSE_SECONDS = 2.0  # of a file that changed: the parse workers may be busy with a whole workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """A stored function as its file is now."""

    range: Range
    source: str
    is_stale: bool  # its own text changed since it was indexed
    before: str  # what stands before it on its first line


class Freshness:
    """Checks the functions of one answer; each file is read once. Make a new one for every question."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._texts: dict[str, SourceText | None] = {}
        self._entries: dict[str, list[IndexEntry]] = {}

    def current(self, function: StoredFunction) -> Current | None:
        """Where ``function`` stands now; None when it is gone, or nobody could look."""
        text = self._text(function.path)
        if text is None:
            return None
        if text.content_hash == function.file_hash:
            return _current(text, function.span, function.range, is_stale=False)
        entries = self._parsed(function.path, text)
        equal = [entry for entry in entries if entry.content_hash == function.content_hash]
        alike = [
            entry
            for entry in entries
            if (entry.function.qualified_name, entry.function.kind) == (function.qualified_name, function.kind)
        ]
        if not (equal or alike):
            return None
        found = min(equal or alike, key=lambda entry: _distance(entry, function)).function
        return _current(text, found.span, found.range, is_stale=not equal)

    def _text(self, path: str) -> SourceText | None:
        if path not in self._texts:
            outcome = self._workspace.overlay.source(path)
            if outcome is None:
                outcome = read_source(self._workspace.root, path, self._workspace.resources.settings.index)
            self._texts[path] = outcome if isinstance(outcome, SourceText) else None
        return self._texts[path]

    def _parsed(self, path: str, text: SourceText) -> list[IndexEntry]:
        if path not in self._entries:
            try:
                parsing = entries_of(self._workspace.resources, path, text, urgent=True)
                self._entries[path] = parsing.result(_PARSE_SECONDS)
            except (VizslaError, CancelledError, TimeoutError) as error:
                logger.warning("%s: changed, and not checked: %s", path, str(error) or "no parse worker was free")
                self._entries[path] = []
        return self._entries[path]


def _current(text: SourceText, span: Span, place: Range, *, is_stale: bool) -> Current:
    data = text.text_utf8
    line = max(data.rfind(b"\n", 0, span.start), data.rfind(b"\r", 0, span.start)) + 1
    return Current(
        range=place,
        source=data[span.start : span.end].decode("utf-8", "replace"),
        is_stale=is_stale,
        before=data[line : span.start].decode("utf-8", "replace"),
    )


def _distance(entry: IndexEntry, function: StoredFunction) -> tuple[bool, bool, int]:
    """How far a function of the file is from a stored one: overloads and copies share a name."""
    now = entry.function
    return (
        now.qualified_name != function.qualified_name,
        now.signature[:SIGNATURE_LIMIT] != function.signature,
        abs(now.range.start.line - function.range.start.line),
    )
