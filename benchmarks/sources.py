"""Owns a tree as parsed in this process: its files, records and index entries, for parts that need no index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vizsla.core.settings import IndexSettings
from vizsla.core.types import IndexEntry, Kind
from vizsla.index.records import FileChange, FileRecord, FileState
from vizsla.parsing.functions import module_name_of, parse_file
from vizsla.parsing.languages import LANGUAGES, refine
from vizsla.services.discovery import scan
from vizsla.services.reading import SourceText, read_source

CALLABLES = (Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR)
_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """One file that is in a language, and the units in it."""

    change: FileChange
    text: bytes

    @property
    def path(self) -> str:
        """Relative to the tree."""
        return self.change.record.path


def parsed(root: Path) -> list[Parsed]:
    """Every file of a tree that is in a language, parsed, in the order in which discovery finds them."""
    settings = IndexSettings()
    found = []
    for file in scan(root, settings, cancelled=lambda: False):
        source = read_source(root, file.path, settings)
        if isinstance(source, SourceText) and source.language:
            record = FileRecord(
                path=file.path,
                size=source.size,
                mtime_ns=source.mtime_ns,
                inode=source.inode,
                content_hash=source.content_hash,
                language=source.language,
                state=FileState.INDEXED,
            )
            entries = entries_of(file.path, source)
            found.append(Parsed(change=FileChange(record=record, entries=entries), text=source.text_utf8))
    return found


def entries_of(path: str, source: SourceText) -> list[IndexEntry]:
    """The units of one text."""
    language = refine(LANGUAGES[source.language], path, source.text_utf8)
    return parse_file(language, source.text_utf8, module_name=module_name_of(path), deadline_seconds=_SECONDS)


def is_callable(entry: IndexEntry) -> bool:
    """Whether a unit is a function in the narrow sense: no type, no module."""
    return entry.function.kind in CALLABLES
