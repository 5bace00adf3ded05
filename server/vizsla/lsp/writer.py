"""The thread that tells the client: nobody else waits for a client that does not read.

What may be missed is dropped when the client is far behind; a client that is further behind still counts as gone.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable

DROPPING_BYTES = 4 * 2**20
"""With more than this unsent, what may be missed is dropped."""

GONE_BYTES = 64 * 2**20
"""With more than this unsent, nobody is there."""

_WRITE_BYTES = 2**16


class Writer:
    """Sends bodies in the order in which they were given, each with its header."""

    def __init__(self, descriptor: int, *, on_gone: Callable[[str], None]) -> None:
        """Start the thread.

        Args:
            descriptor: what to write to, blocking.
            on_gone: called once with the reason, when the client can no longer be told anything.
        """
        self._descriptor = descriptor
        self._on_gone = on_gone
        self._waiting: deque[bytes] = deque()
        self._unsent = 0
        self._is_gone = False
        self._moved = threading.Condition()
        threading.Thread(target=self._run, name="writer", daemon=True).start()

    def send(self, body: bytes, *, may_be_missed: bool = False) -> None:
        """Queue one message; from any thread, returns at once.

        Args:
            body: JSON in UTF-8.
            may_be_missed: drop it when the client is behind: reports of progress, logs.
        """
        with self._moved:
            if self._is_gone or (may_be_missed and self._unsent > DROPPING_BYTES):
                return
            frame = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            self._waiting.append(frame)
            self._unsent += len(frame)
            is_drowned = self._unsent > GONE_BYTES and len(self._waiting) > 1  # one huge answer alone is no sign
            self._moved.notify_all()
        if is_drowned:
            self._lose(f"the client left {self._unsent:,} bytes unread")

    def flush(self, seconds: float) -> bool:
        """Wait until all is sent; False when it was not in time, or nobody is there."""
        deadline = time.monotonic() + seconds
        with self._moved:
            while self._unsent and not self._is_gone:
                if not self._moved.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    return False
            return not self._is_gone

    def close(self) -> None:
        """Send no more, and end the thread."""
        with self._moved:
            self._is_gone = True
            self._moved.notify_all()

    def _run(self) -> None:
        while True:
            with self._moved:
                self._moved.wait_for(lambda: self._waiting or self._is_gone)
                if self._is_gone:
                    return
                frame = self._waiting.popleft()
            rest = memoryview(frame)
            while rest:
                try:
                    rest = rest[os.write(self._descriptor, rest[:_WRITE_BYTES]) :]
                except OSError as error:
                    self._lose(f"the client does not listen any more: {error.strerror}")
                    return
            with self._moved:
                self._unsent = max(0, self._unsent - len(frame))  # 0 when all was given up meanwhile
                self._moved.notify_all()

    def _lose(self, reason: str) -> None:
        with self._moved:
            if self._is_gone:
                return
            self._is_gone = True
            self._waiting.clear()
            self._unsent = 0
            self._moved.notify_all()
        self._on_gone(reason)
