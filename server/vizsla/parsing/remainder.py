"""What no unit holds: the stretches between units, in chunks of bearable length."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from vizsla.parsing.lines import Lines

if TYPE_CHECKING:
    import tree_sitter

Piece = tuple[int, int]
"""A line's part that no unit holds, from its first to its last visible byte."""

CHUNK_LINES = 60
"""More lines than this are split, where a statement begins."""

_LEAST_LINES = 20
_WORD = re.compile(rb"[^\W_]|[\x80-\xff]")


def remaining_chunks(
    data: bytes, lines: Lines, taken: list[tuple[int, int]], root: tree_sitter.Node
) -> list[list[Piece]]:
    """Everything outside of ``taken``, line by line without blank lines, in chunks of at most ``CHUNK_LINES`` lines.

    Args:
        data: the text.
        lines: its lines.
        taken: spans that units hold, in order of start; they may overlap.
        root: the tree; chunks begin where one of its children begins, when that is near enough.
    """
    pieces: list[Piece] = []
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    for start, end in [*taken, (len(data), len(data))]:
        if start > at:
            _add_pieces(data, lines, at, start, pieces)
        at = max(at, end)
    if len(pieces) <= CHUNK_LINES:
        return [pieces] if pieces else []
    borders = {node.start_point[0] for node in root.children}
    chunks: list[list[Piece]] = []
    first = 0
    while len(pieces) - first > CHUNK_LINES:
        cut = _cut(pieces, first, lines, borders)
        chunks.append(pieces[first:cut])
        first = cut
    chunks.append(pieces[first:])
    return chunks


def spans_in(chunk: list[Piece], spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those of ascending spans that begin within a chunk."""
    borders = ((bisect_left(spans, (first, 0)), bisect_left(spans, (last, 0))) for first, last in chunk)
    return [span for first, last in borders for span in spans[first:last]]


def _add_pieces(data: bytes, lines: Lines, start: int, end: int, pieces: list[Piece]) -> None:
    line = lines.line_of(start)
    at = start
    while at < end:
        stop = min(lines.end_of(line), end)
        text = data[at:stop]
        is_whole = at == lines.starts[line] and stop == lines.end_of(line)
        # Of a line that units share, the punctuation between them is left out.
        if (is_whole and not text.isspace()) or _WORD.search(text):
            begin = at if at == lines.starts[line] else stop - len(text.lstrip())
            pieces.append((begin, at + len(text.rstrip())))
        at = stop
        line += 1


def _cut(pieces: list[Piece], first: int, lines: Lines, borders: set[int]) -> int:
    """Where a chunk from ``first`` ends: at the last statement, else blank line, that is not too near."""
    farthest = first + CHUNK_LINES
    numbers = [lines.line_of(start) for start, _ in pieces[first : farthest + 1]]
    candidates = range(CHUNK_LINES, _LEAST_LINES - 1, -1)
    for at in candidates:
        if numbers[at] in borders:
            return first + at
    for at in candidates:
        if numbers[at] > numbers[at - 1] + 1:
            return first + at
    return farthest
