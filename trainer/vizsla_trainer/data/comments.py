"""Comments within functions that head a block of code, and the function with such a comment cut out.

Source: Li et al., "CodeRetriever", EMNLP 2022, for comments as queries.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vizsla.core.text import unit_text
from vizsla.core.types import Function, Kind
from vizsla.parsing.comments import clean
from vizsla.parsing.languages import Language, grammar_of
from vizsla.parsing.lines import Lines

if TYPE_CHECKING:
    import tree_sitter

_CALLABLE = (Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR)
_LEAST_BLOCK = 2  # lines that a comment heads: of one line it only says again what stands there
_FARTHEST = 1_200  # bytes from the start of a function: encoders read no farther than about this
_MOST_PER_FUNCTION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingComment:
    """A comment that heads a block.

    Attributes:
        function: the place of its function in the sequence that was given.
        words: without comment marks, on one line.
        text: the model text of the function without it.
    """

    function: int
    words: str
    text: str


def heading_comments(data: bytes, language: Language, functions: Sequence[Function]) -> list[HeadingComment]:
    """The comments of a file that head blocks within its functions, at most two of one function, in their order.

    Args:
        data: the text of the file, as it was parsed.
        functions: of that file, in order of start, outer before inner.
    """
    marks = tuple(mark.encode() for mark in (*language.line_comments, *(pair[0] for pair in language.block_comments)))
    if not any(line.lstrip().startswith(marks) for line in data.split(b"\n")):
        return []
    lines = Lines(data)
    found: list[HeadingComment] = []
    counts: dict[int, int] = {}
    spans = [(function.span.start, function.span.end) for function in functions]
    for first, last in _comment_lines(data, language, lines):
        start, end = lines.starts[first], lines.end_of(last)
        at = _innermost(spans, start, end)
        if at is None or functions[at].kind not in _CALLABLE or counts.get(at, 0) >= _MOST_PER_FUNCTION:
            continue
        function = functions[at]
        is_near = start - function.span.start <= _FARTHEST
        if not is_near or _block_length(data, lines, first, last, function.span.end) < _LEAST_BLOCK:
            continue
        words = " ".join(clean(data[start:end].decode("utf-8", "replace"), language).split())
        if words:
            counts[at] = counts.get(at, 0) + 1
            found.append(HeadingComment(function=at, words=words, text=_text_without(data, function, start, end)))
    return found


def _text_without(data: bytes, function: Function, start: int, end: int) -> str:
    span = function.span
    source = (data[span.start : max(start, span.start)] + data[end : span.end]).decode("utf-8", "replace")
    return unit_text(
        qualified_name=function.qualified_name,
        container=function.container,
        kind=function.kind,
        doc=function.doc,
        source=source.replace("\r\n", "\n").replace("\r", "\n"),
    )


def _comment_lines(data: bytes, language: Language, lines: Lines) -> list[tuple[int, int]]:
    """First and last line of each run of lines that hold nothing but comments of one indentation."""
    import tree_sitter

    query = _comment_query(language)
    if query is None:
        return []
    tree = tree_sitter.Parser(grammar_of(language)).parse(data)
    runs: list[tuple[int, int]] = []
    nodes = [node for found in tree_sitter.QueryCursor(query).captures(tree.root_node).values() for node in found]
    for node in sorted(nodes, key=lambda node: node.start_byte):
        first, last = lines.line_of(node.start_byte), lines.line_of(max(node.end_byte - 1, node.start_byte))
        begin, end = lines.starts[first], lines.end_of(last)
        if data[begin : node.start_byte].strip() or data[node.end_byte : end].strip():
            continue
        if runs and runs[-1][1] >= first:
            continue
        if runs and runs[-1][1] == first - 1 and _indent(data, lines, runs[-1][0]) == _indent(data, lines, first):
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs


@functools.cache
def _comment_query(language: Language) -> tree_sitter.Query | None:
    """A query for every kind of comment that the grammar has."""
    import tree_sitter

    grammar = grammar_of(language)
    kinds = {
        kind
        for number in range(grammar.node_kind_count)
        if grammar.node_kind_is_named(number)
        and grammar.node_kind_is_visible(number)
        and (kind := grammar.node_kind_for_id(number)) is not None
        and kind.endswith("comment")
    }
    return tree_sitter.Query(grammar, "\n".join(f"({kind}) @comment" for kind in sorted(kinds))) if kinds else None


def _innermost(spans: Sequence[tuple[int, int]], start: int, end: int) -> int | None:
    """The last span that begins before a stretch and holds it."""
    at = bisect_right(spans, (start, 1 << 62)) - 1
    while at >= 0:
        if spans[at][1] >= end:
            return at
        at -= 1
    return None


def _block_length(data: bytes, lines: Lines, first: int, last: int, end: int) -> int:
    """How many lines follow directly, up to a blank one, another comment's worth of indentation less, or the end."""
    indent = _indent(data, lines, first)
    count = 0
    for line in range(last + 1, len(lines.starts)):
        text = data[lines.starts[line] : lines.end_of(line)]
        stripped = text.strip()
        if not stripped or lines.starts[line] >= end or _indent(data, lines, line) < indent:
            break
        if not any(letter > 127 or chr(letter).isalnum() for letter in stripped) and count == 0:
            break  # it stands at the end of a block
        count += 1
    return count


def _indent(data: bytes, lines: Lines, line: int) -> int:
    text = data[lines.starts[line] : lines.end_of(line)].expandtabs(4)
    return len(text) - len(text.lstrip())
