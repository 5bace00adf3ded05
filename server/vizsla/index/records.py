"""What goes into the store and comes out of it: files, functions, changes, filters, matches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vizsla.core.path_globs import PathGlobs
from vizsla.core.types import ContentHash, FunctionKey, IndexEntry, Kind, Range, Span, container_of


class FileState(StrEnum):
    """What became of a file. The values are stored."""

    INDEXED = "indexed"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A file of the workspace as it was when it was read.

    Attributes:
        path: relative to the root, with ``/``; bytes that are no UTF-8 stand as surrogates (``surrogateescape``).
        size: in bytes.
        mtime_ns: time of the last change, in nanoseconds.
        inode: number of the file in its file system.
        content_hash: of the file's bytes; empty when they were not read.
        language: our id of the language; may be empty for a file that is not indexed.
        state: what became of it.
        reason: why it is not indexed, for ``status``; empty for an indexed file.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    content_hash: bytes
    language: str
    state: FileState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file as it is now, with all its functions in the order of their spans."""

    record: FileRecord
    entries: Sequence[IndexEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFunction:
    """A function as the store knows it. The text itself is in the file.

    Attributes:
        signature: shortened to ``SIGNATURE_LIMIT`` characters.
        doc: shortened to ``DOC_LIMIT`` characters.
        file_hash: of the file's bytes when the span was true.
    """

    key: FunctionKey
    path: str
    name: str
    qualified_name: str
    kind: Kind
    language: str
    signature: str
    doc: str
    span: Span
    range: Range
    content_hash: ContentHash
    file_hash: bytes

    @property
    def container(self) -> str:
        """The qualified name without the name: "" at the top of a file."""
        return container_of(self.qualified_name, self.name)


SIGNATURE_LIMIT = 1_000
"""Characters of a signature that are stored, for hits; full text reads all of it."""

DOC_LIMIT = 240
"""Characters of a docstring that are stored, for hits; full text reads all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What one change of a file did to its functions.

    Attributes:
        added: keys that are new, with the hash of their model text.
        moved: keys whose place or declaration changed while their content did not: their vectors stay.
        removed: keys that are gone for ever.
    """

    path: str
    added: list[tuple[FunctionKey, ContentHash]]
    moved: list[FunctionKey]
    removed: list[FunctionKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFilter:
    """Which functions may answer. What is empty does not restrict; ``paths`` restricts as soon as it is not None.

    Attributes:
        languages: our ids, such as "python".
        kinds: kinds of functions.
        within: which files may answer.
        without: which may not.
        folder: a directory relative to the root, with ``/``.
        not_folders: directories that are left out.
        paths: exactly these files.
    """

    languages: Collection[str] = ()
    kinds: Collection[Kind] = ()
    within: PathGlobs | None = None
    without: PathGlobs | None = None
    folder: str = ""
    not_folders: Collection[str] = ()
    paths: Collection[str] | None = None

    @property
    def restricts(self) -> bool:
        """Whether anything at all is left out."""
        return self != KeyFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatch:
    """A function found by its words; a higher score is better, scores have no upper bound."""

    key: FunctionKey
    score: float
