"""Attributes: nodes above a unit that belong to it, though the grammar does not hang them on it.

A query could say so with a repetition of siblings, but that takes seconds where hundreds of attributes follow each
other, as in a module of callbacks.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vizsla.parsing.languages import Language

if TYPE_CHECKING:
    from vizsla.parsing.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Attribute:
    """One attribute; offsets are bytes, spans half-open.

    Attributes:
        is_doc: it is the documentation, not a part of the signature.
        words: the text of the documentation; None where there is none.
    """

    start: int
    end: int
    is_doc: bool
    words: tuple[int, int] | None


def attach(units: Iterable[Unit], attributes: list[Attribute], data: bytes, language: Language) -> None:
    """Widen each unit by the attributes that stand above it with only white space and comments between."""
    attributes.sort()
    ends = [attribute.end for attribute in attributes]
    for unit in units:
        at = bisect.bisect_right(ends, unit.start) - 1
        has_doc = False
        while at >= 0 and unit.kind is not None and _is_empty(data[ends[at] : unit.start], language):
            attribute = attributes[at]
            has_doc = has_doc or attribute.is_doc
            if attribute.words is not None and not unit.docs:
                unit.docs = [attribute.words]
            unit.start = attribute.start
            if not has_doc:
                unit.head_start = attribute.start
            at -= 1


def _is_empty(between: bytes, language: Language) -> bool:
    marks = tuple(mark.encode() for mark in language.line_comments)
    return all(not line.strip() or line.strip().startswith(marks) for line in between.splitlines())
