"""What can be saved of a text that does not parse: paragraphs at the left margin, each parsed by itself.

While somebody types, one open bracket makes the grammar lose every function below it.
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


def saved_units(
    tree: tree_sitter.Tree,
    data: bytes,
    language: Language,
    found: list[Unit],
    parse: Callable[[bytes], tree_sitter.Tree | None],
) -> list[Unit]:
    """The units that the tree lost to errors at its top level.

    Args:
        tree: of the whole text.
        data: the text.
        language: its language.
        found: the units of the tree, in order; what they hold is left alone.
        parse: gives the tree of a part; None when there is no time left.

    Returns:
        Units in order of start, none of which overlaps one of ``found``.
    """
    root = tree.root_node
    if not root.has_error:
        return []
    lost = [root.byte_range] if root.is_error else [node.byte_range for node in root.children if node.is_error]
    outermost = [unit for unit in found if unit.parent is None]
    ends = [unit.end for unit in outermost]
    saved: list[Unit] = []
    for start, end in lost:
        starts = sorted({start, *(match.end() for match in _PARAGRAPH.finditer(data, start, end))})
        for begin, stop in zip(starts, [*starts[1:], end], strict=True):
            following = bisect.bisect_right(ends, begin)  # the first unit that ends behind the beginning
            if following < len(outermost) and outermost[following].start < stop:
                continue
            part = parse(data[begin:stop])
            if part is None:
                return saved
            units, _ = find_units(part.root_node, data[begin:stop], language)
            for unit in units:
                unit.shift(begin)
            saved.extend(units)
    return saved
