"""The client's bytes as messages: headers, lengths, JSON, and the way back after anything that is neither.

A client that sends nonsense is told so, and heard again from its next header on. That header can be found without
doubt: no JSON text holds a line that ends ``Content-Length: 123``, for a string has no raw line feed.

Source: Language Server Protocol 3.17, "Base Protocol"; RFC 8259, section 7.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Never

from vizsla.lsp.envelopes import INVALID_REQUEST, PARSE_ERROR

MAX_BODY_BYTES = 128 * 2**20
"""A longer body is read past and refused."""

_LONGEST_HEADER = 8 * 1024  # of a line; what is longer is no header of ours
_LONGEST_LENGTH = 64  # of a Content-Length line
_READ_BYTES = 2**18

_LENGTH = re.compile(rb"(?<!x-)content-length[ \t]*:[ \t]*(\d{1,40})[ \t]*\r?\Z", re.IGNORECASE)
_LENGTH_BEGUN = re.compile(rb"(?<!x-)content-length(?:[ \t]*(?::[ \t]*(?:\d{1,40}[ \t]*\r?)?)?)?\Z", re.IGNORECASE)
_NAME = b"content-length"
_LAST_OF_LENGTH = b"0123456789 \t\r"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """In place of a message: what came was none, and with which code to answer."""

    code: int
    reason: str


_TOO_SHORT = Unreadable(code=PARSE_ERROR, reason="a body is shorter than its Content-Length")


class Frames:
    """Takes bytes as they come, gives what they say. Never raises, and holds at most one body."""

    def __init__(self, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._buffer = bytearray()
        self.max_body_bytes = max_body_bytes
        self._searched = 0  # bytes of the buffer in which no line feed, or no header, was found
        self._body: int | None = None  # bytes of the body that comes; None among headers
        self._to_skip = 0  # bytes of a body that is too long
        self._length: int | None = None  # what the headers so far say
        self._is_block = False  # whether a line of headers was seen

    def feed(self, data: bytes) -> Iterator[object]:
        """Take more bytes.

        Returns:
            Each message that is now complete, as decoded JSON, or ``Unreadable``; go through all of them.
        """
        self._buffer += data
        before: tuple[int, int, int | None] | None = None
        while before != (now := (len(self._buffer), self._to_skip, self._body)):
            before = now
            yield from (
                self._skip() if self._to_skip else self._read_header() if self._body is None else self._read_body()
            )

    def _read_header(self) -> Iterator[object]:
        """One line of headers, or the empty line at their end."""
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._buffer)
            if self._searched > _LONGEST_HEADER:
                self._is_block = True
                self._drop(self._searched - _LONGEST_LENGTH)
            return
        line = bytes(self._buffer[:end]).strip()
        self._drop(end + 1)
        if line:
            self._is_block = True
            # Anywhere in the line: it may follow the rest of a body that was longer than its header said.
            if match := _LENGTH.search(line):
                self._length = int(match[1])
            return
        length, self._length = self._length, None
        is_block, self._is_block = self._is_block, False
        if length is None:
            if is_block:
                yield Unreadable(code=PARSE_ERROR, reason="a message needs a header 'Content-Length: <bytes>'")
        elif length > self.max_body_bytes:
            self._to_skip = length
            yield Unreadable(
                code=INVALID_REQUEST,
                reason=f"a message may have {self.max_body_bytes:,} bytes at most, this one has {length:,}",
            )
        else:
            self._body = length

    def _read_body(self) -> Iterator[object]:
        assert self._body is not None
        if len(self._buffer) < self._body:
            if (at := self._next_header(len(self._buffer))) is not None:
                self._drop(at)
                self._body = None
                yield _TOO_SHORT
            return
        message = decode(bytes(self._buffer[: self._body]))
        end = self._body
        if isinstance(message, Unreadable):
            self._searched = 0
            at = self._next_header(end)
            end = self._header_begun(end) if at is None else at
            if end < self._body:
                message = _TOO_SHORT  # as it is called where the header in it came before the rest
        self._drop(end)
        self._body = None
        yield message

    def _skip(self) -> Iterator[object]:
        size = min(len(self._buffer), self._to_skip)
        at = self._next_header(size)
        if at is not None:
            self._to_skip = 0
        elif size == self._to_skip:
            at, self._to_skip = self._header_begun(size), 0
        else:
            at = max(0, size - _LONGEST_LENGTH)  # a header may lie across what came and what comes
            self._to_skip -= at
        self._drop(at)
        yield from ()

    def _next_header(self, limit: int) -> int | None:
        """Where among the first ``limit`` bytes a Content-Length line begins that has its line feed."""
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            start = max(0, end - _LONGEST_LENGTH)
            may_match = end > 0 and self._buffer[end - 1] in _LAST_OF_LENGTH
            match = _LENGTH.search(bytes(self._buffer[start:end])) if may_match else None
            if match and start + match.start() < limit:
                return start + match.start()
            if end >= limit:
                break
            self._searched = end + 1
        else:
            self._searched = len(self._buffer)
        return None

    def _header_begun(self, end: int) -> int:
        """Where a Content-Length line begins that the end of a body cuts in two; ``end`` when there is none."""
        start = max(0, end - _LONGEST_LENGTH)
        tail = bytes(self._buffer[start:end])
        if match := _LENGTH_BEGUN.search(tail):
            return start + match.start()
        for size in range(min(len(_NAME) - 1, len(tail)), 0, -1):
            if tail[-size:].lower() == _NAME[:size]:
                return end - size
        return end

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._searched = 0


def decode(body: bytes) -> object:
    """The JSON of one body, or ``Unreadable``; nothing of the body is repeated in the reason."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError, MemoryError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else type(error).__name__
        return Unreadable(code=PARSE_ERROR, reason=f"a body is no JSON in UTF-8 ({reason})")


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no JSON")


class Reader:
    """The thread that hears the client. It does nothing else, so that no work can make the server deaf."""

    def __init__(
        self,
        descriptor: int,
        *,
        receive: Callable[[object], None],
        on_end: Callable[[], None],
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """Make it; ``start`` begins.

        Args:
            descriptor: what to read from, blocking.
            receive: takes each message or ``Unreadable``, on the reader's thread.
            on_end: called once, when the client closed the line.
            max_body_bytes: of one message.
        """
        self._descriptor = descriptor
        self._receive = receive
        self._on_end = on_end
        self.frames = Frames(max_body_bytes=max_body_bytes)
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def _run(self) -> None:
        try:
            while data := self._read():
                for message in self.frames.feed(data):
                    self._receive(message)
        finally:
            self._on_end()

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, _READ_BYTES)
        except OSError:  # the line is broken, which is an end like another
            return b""
