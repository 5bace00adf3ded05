"""Where lines begin, and what place in them a byte offset is for an editor."""

from __future__ import annotations

import bisect
import re

from vizsla.core.types import Position, Range

_LINE_END = re.compile(rb"\r\n|\n|\r")


class Lines:
    """The lines of one text. Lines end with ``\\n``, ``\\r\\n`` or ``\\r``, as in the Language Server Protocol."""

    def __init__(self, data: bytes) -> None:
        """Index the lines of UTF-8 text; bytes that are not UTF-8 count as one character each."""
        self.starts = [0, *(match.end() for match in _LINE_END.finditer(data))]
        self._data = data
        self._is_ascii = data.isascii()

    def line_of(self, offset: int) -> int:
        """The line, from 0, that holds a byte."""
        return bisect.bisect_right(self.starts, offset) - 1

    def end_of(self, line: int) -> int:
        """Where a line ends, its line end included."""
        return self.starts[line + 1] if line + 1 < len(self.starts) else len(self._data)

    def position(self, offset: int) -> Position:
        """The place of a byte offset, in UTF-16 units."""
        line = self.line_of(offset)
        start = self.starts[line]
        if self._is_ascii:
            return Position(line=line, character=offset - start)
        before = self._data[start:offset]
        if before.isascii():
            return Position(line=line, character=len(before))
        text = before.decode("utf-8", "replace")
        return Position(line=line, character=len(text) + sum(letter > "\uffff" for letter in text))

    def range(self, start: int, end: int) -> Range:
        """The stretch between two byte offsets."""
        return Range(start=self.position(start), end=self.position(end))
