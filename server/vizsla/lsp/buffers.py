"""Texts of open documents, kept as the editor keeps them. It does not know what is done with them.

pygls keeps texts as well, but splits lines at characters that end none in the protocol, takes two names that are no
UTF-8 for one, and counts long lines letter by letter.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING

from vizsla.lsp.encoding import Encoding, offset_in

if TYPE_CHECKING:
    from lsprotocol import types

_HALVES = re.compile("[\ud800-\udfff]")


class Buffer:
    """One open document as a list of lines: an edit touches its own lines and no others.

    Lines end with ``\\n``, ``\\r\\n`` or ``\\r``. The last one may be empty and is there always.
    """

    def __init__(self, text: str, version: int | None) -> None:
        self.version = version
        self._whole: str | None
        self._lines: list[str]  # empty while there is ``_whole``: many a document is never changed, or only as a whole
        self._take(text)

    def line(self, number: int) -> str:
        """A line without its end; empty beyond the last."""
        lines = self._split()
        return _without_end(lines[number]) if 0 <= number < len(lines) else ""

    def text(self, most: int | None = None) -> str:
        """The whole text, or its start when there are more than ``most`` characters: then more than that many."""
        if self._whole is not None:
            whole = self._whole[: most + 1] if most is not None else self._whole
        elif most is not None and self._size > most:
            ends = accumulate(map(len, self._lines))
            whole = "".join(self._lines[: 1 + sum(1 for _ in takewhile(lambda end: end <= most, ends))])
        else:
            whole = "".join(self._lines)
        # Half a character cannot be written as UTF-8, and nothing but a damaged text has one.
        return _HALVES.sub("\ufffd", whole) if self._has_halves else whole

    def apply(self, change: types.TextDocumentContentChangeEvent, encoding: Encoding) -> None:
        """Apply one change of ``textDocument/didChange``: a range that is replaced, or the whole text."""
        place = getattr(change, "range", None)
        if place is None:
            self._take(change.text)
        else:
            self._replace(place.start, place.end, change.text, encoding)

    def _replace(self, start: types.Position, end: types.Position, text: str, encoding: Encoding) -> None:
        self._split()
        self._whole = None
        first, head = self._place(start, encoding)
        last, tail = self._place(end, encoding)
        if (last, tail) < (first, head):
            (first, head), (last, tail) = (last, tail), (first, head)
        before = self._lines[first][:head]
        if first and not before and self._lines[first - 1].endswith("\r"):
            first -= 1  # its end may become one with what follows
            before = self._lines[first]
        joined = self._whole_characters(before + text + self._lines[last][tail:])
        self._size += len(joined) - sum(map(len, self._lines[first : last + 1]))
        self._lines[first : last + 1] = _lines(joined, is_end=last + 1 == len(self._lines))

    def _take(self, text: str) -> None:
        self._has_halves = False
        self._whole = text = self._whole_characters(text)
        self._lines, self._size = [], len(text)

    def _split(self) -> list[str]:
        self._lines = self._lines or _lines(self._whole or "")
        return self._lines

    def _whole_characters(self, text: str) -> str:
        """The text with halves that an edit brought together as the characters that they are from now on."""
        if text.isascii() or not _HALVES.search(text):
            return text
        self._has_halves = True
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")

    def _place(self, position: types.Position, encoding: Encoding) -> tuple[int, int]:
        """Line and index into it. What lies beyond the text counts as its end, beyond a line as the line's end."""
        if position.line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        line = _without_end(self._lines[position.line])
        return position.line, offset_in(line, position.character, encoding)


class Buffers:
    """All open documents, by their URIs as the client writes them."""

    def __init__(self) -> None:
        self._buffers: dict[str, Buffer] = {}

    def __len__(self) -> int:
        return len(self._buffers)

    def open(self, document: types.TextDocumentItem) -> Buffer:
        """Take a document over; one that is open already is replaced."""
        buffer = self._buffers[document.uri] = Buffer(document.text, document.version)
        return buffer

    def change(
        self,
        document: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
        encoding: Encoding,
    ) -> Buffer | None:
        """Apply changes in their order; None when the document is not open."""
        buffer = self._buffers.get(document.uri)
        if buffer is not None:
            for change in changes:
                buffer.apply(change, encoding)
            buffer.version = document.version
        return buffer

    def close(self, uri: str) -> bool:
        """Forget a document; False when it was not open."""
        return self._buffers.pop(uri, None) is not None

    def get(self, uri: str) -> Buffer | None:
        """The document with a URI, if it is open."""
        return self._buffers.get(uri)

    def items(self) -> list[tuple[str, Buffer]]:
        """Every open document with its URI."""
        return list(self._buffers.items())


def _lines(text: str, *, is_end: bool = True) -> list[str]:
    """Lines with their ends; at the end of a document also the one, perhaps empty, that has none."""
    lines = io.StringIO(text, newline="").readlines()
    if is_end and (not lines or lines[-1].endswith(("\n", "\r"))):
        lines.append("")
    return lines


def _without_end(line: str) -> str:
    if line.endswith("\r\n"):
        return line[:-2]
    return line[:-1] if line.endswith(("\n", "\r")) else line
