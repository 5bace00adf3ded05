"""What can be saved of a text that does not parse: paragraphs at the left margin, each parsed by itself.

While somebody types, one open bracket makes a grammar lose every function below it, or take them all for the inside
of the function that has the bracket.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from vizsla.parsing.languages import Language
from vizsla.parsing.units import Unit, find_units

if TYPE_CHECKING:
    import tree_sitter

# The start of a statement at the left margin after a blank line; comments go with what follows them.
_PARAGRAPH = re.compile(rb"(?<=\n)[ \t\r]*\n(?=[^\s)\]}])")

Parse = Callable[[bytes], "tree_sitter.Tree | None"]
"""Gives the tree of a part of the text; None when there is no time left."""


def mend(tree: tree_sitter.Tree, data: bytes, language: Language, found: list[Unit], parse: Parse) -> list[Unit]:
    """The units of a text, those included that the tree lost to errors at its top level.

    Args:
        tree: of the whole text.
        data: the text.
        language: its language.
        found: the units of the tree, in order; those that swallowed others are cut short in place.
        parse: see ``Parse``.

    Returns:
        ``found`` itself when nothing is broken, else all units in order of start, outer before inner.
    """
    root = tree.root_node
    if not root.has_error:
        return found
    units = found
    for node in [root] if root.is_error else root.children:
        if not node.has_error:
            continue
        start, end = node.byte_range
        starts = sorted({start, *_paragraph_starts(data, start, end, language)})
        if node.is_error:
            saved = _saved(data, language, units, _paragraphs(starts, end), parse)
        else:
            saved = _swallowed(data, language, _paragraphs(starts, end)[1:], parse)
            if saved:
                units = _cut_short(units, data, saved[0].start, end)
        if saved:
            units = sorted([*units, *saved], key=lambda unit: (unit.start, -unit.end))
    return units


def _paragraph_starts(data: bytes, start: int, end: int, language: Language) -> list[int]:
    """Where paragraphs begin; not at a ``#if`` of a preprocessor, which stands at the margin inside of functions."""
    starts = [match.end() for match in _PARAGRAPH.finditer(data, start, end)]
    return starts if "#" in language.line_comments else [at for at in starts if data[at : at + 1] != b"#"]


def _paragraphs(starts: list[int], end: int) -> list[tuple[int, int]]:
    return list(zip(starts, [*starts[1:], end], strict=True))


def _saved(
    data: bytes, language: Language, found: list[Unit], paragraphs: list[tuple[int, int]], parse: Parse
) -> list[Unit]:
    """Whatever the paragraphs of an error hold, where nothing was found."""
    outermost = [unit for unit in found if unit.parent is None]
    ends = [unit.end for unit in outermost]
    saved: list[Unit] = []
    for begin, stop in paragraphs:
        following = bisect.bisect_right(ends, begin)  # the first unit that ends behind the beginning
        if following < len(outermost) and outermost[following].start < stop:
            continue
        part = parse(data[begin:stop])
        if part is None:
            break
        saved.extend(_units_of(part, data, language, begin, stop))
    return saved


def _swallowed(data: bytes, language: Language, paragraphs: list[tuple[int, int]], parse: Parse) -> list[Unit]:
    """What the paragraphs inside a broken unit hold, where they look like statements of their own."""
    saved: list[Unit] = []
    for begin, stop in paragraphs:
        part = parse(data[begin:stop])
        if part is None:
            break
        statements = [node for node in part.root_node.children if not node.is_extra]
        if statements and not statements[0].is_error:
            saved.extend(_units_of(part, data, language, begin, stop))
    return saved


def _units_of(part: tree_sitter.Tree, data: bytes, language: Language, begin: int, stop: int) -> list[Unit]:
    units = find_units(part.root_node, data[begin:stop], language).units
    for unit in units:
        unit.shift(begin)
    return units


def _cut_short(units: list[Unit], data: bytes, at: int, end: int) -> list[Unit]:
    """Units without those from ``at`` to ``end``; those that reach over ``at`` end before it."""
    kept: list[Unit] = []
    for unit in units:
        if at <= unit.start < end:
            continue
        if unit.start < at < unit.end:
            unit.end = unit.start + len(data[unit.start : at].rstrip())
            if unit.body_start is not None:
                unit.body_start = min(unit.body_start, unit.end)
        kept.append(unit)
    return kept
