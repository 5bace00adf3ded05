"""What crosses module boundaries: functions, spans, positions and index entries.

Lines count from 0, spans are half-open and in bytes of the file's UTF-8 text, characters are UTF-16 units.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

FunctionKey = NewType("FunctionKey", int)
"""Names a stored function. Positive, below 2**63, never used again after its function is gone."""

ContentHash = NewType("ContentHash", bytes)
"""16 bytes of BLAKE3 over a function's model text."""

Fingerprint = NewType("Fingerprint", str)
"""Names a model by the content of its files. Two equal fingerprints give equal vectors."""


class Kind(StrEnum):
    """What sort of unit was found. The values are stable: they are stored and printed."""

    FUNCTION = "function"
    METHOD = "method"
    CONSTRUCTOR = "constructor"
    CLASS = "class"
    STRUCT = "struct"
    INTERFACE = "interface"
    TRAIT = "trait"
    ENUM = "enum"
    MODULE = "module"
    WINDOW = "window"  # lines of a text file without a grammar


CLASS_LIKE = frozenset({Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.TRAIT, Kind.ENUM})
"""Units that stand for a type; their source is an outline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Half-open stretch of a file, in bytes of its UTF-8 text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"need 0 <= start <= end, got {self.start}, {self.end}")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Position:
    """A place in a file: line from 0, character from 0 in UTF-16 units."""

    line: int
    character: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Half-open stretch of a file, as the Language Server Protocol writes it."""

    start: Position
    end: Position


def container_of(qualified_name: str, name: str) -> str:
    """A qualified name without the name that it ends with: "" at the top of a file."""
    return qualified_name[: -len(name)].rstrip(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """The unit we index: a function, a type's outline, or the top-level statements of a module.

    Attributes:
        name: the last part of the qualified name; never empty.
        qualified_name: names from the outermost container inward, joined by ".".
        kind: what sort of unit it is.
        language: our id of the language, such as "python" or "csharp".
        signature: the declaration on one line, decorators and annotations included.
        doc: docstring or comment above, without comment marks; may be empty.
        source: the text that stands for the unit: whole for a function (docstring included, the comment
            above left out, as it is in ``doc``), header and member signatures for a type, top-level
            statements for a module.
        span: where the unit stands, from its first decorator to its last byte. The comment above is outside.
        range: the same place for editors.
    """

    name: str
    qualified_name: str
    kind: Kind
    language: str
    signature: str
    doc: str
    source: str
    span: Span
    range: Range

    @property
    def container(self) -> str:
        """The qualified name without the name: "" at the top of a file."""
        return container_of(self.qualified_name, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What full-text search reads of one function: words split and folded by ``text.words``, spaces between.

    The words of the path are not here: a file may move without being parsed again.
    """

    name: str
    signature: str
    doc: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """A function as a parse worker hands it over: everything that the index needs, computed off the main process."""

    function: Function
    content_hash: ContentHash
    model_text: str  # what the encoders read, ``text.function_text``; at most ``text.MODEL_TEXT_LIMIT`` characters
    words: Words
