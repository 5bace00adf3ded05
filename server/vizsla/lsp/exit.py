"""The end of the server: whatever ends it, services get a bounded time to close, then the process is gone.

The index is whole at every moment, so that going without closing loses nothing but work.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

from vizsla.core.child import kill_children
from vizsla.lsp.logs import flush_logs

CLOSING_SECONDS: Final = 1.0
"""Time for services to close; the process is gone by ``LAST_SECONDS`` in any case."""

LAST_SECONDS: Final = 1.4

_KERNEL_SECONDS: Final = 1.95

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

logger = logging.getLogger(__name__)


class Ending:
    """Ends this process, once, from any thread.

    The exit code is 0 when the client asked for ``shutdown`` before, else 1.
    Source: Language Server Protocol 3.17, "Exit Notification".
    """

    def __init__(self) -> None:
        self.is_expected = False  # the client asked for shutdown
        self.flush: Callable[[float], object] = _no_flush  # sends what is still to be sent, called last of all
        self._closers: list[Callable[[float], object]] = []
        self._lock = threading.Lock()
        self._is_ending = False

    @property
    def is_ending(self) -> bool:
        """Whether the process is about to be gone."""
        return self._is_ending

    def before(self, close: Callable[[float], object]) -> None:
        """Call this at the end with the seconds it may take; what was named last is called first."""
        with self._lock:
            self._closers.append(close)

    def end(self, reason: str) -> None:
        """Begin the end and return; what is called again is not heard."""
        with self._lock:
            if self._is_ending:
                return
            self._is_ending = True
            closers = list(reversed(self._closers))
        code = 0 if self.is_expected else 1
        # Should native code hold the interpreter: the kernel ends us without asking it.
        signal.setitimer(signal.ITIMER_REAL, _KERNEL_SECONDS)
        logger.info("ending, because %s", reason)
        threading.Thread(target=self._leave, args=(LAST_SECONDS, code), name="last", daemon=True).start()
        threading.Thread(target=self._close, args=(closers, code), name="end", daemon=True).start()

    def on_signals(self) -> None:
        """End on SIGTERM, SIGINT and SIGHUP; call it on the main thread.

        The kernel's signal wakes a thread of ours by way of a pipe, so that a main thread that is busy matters not.
        """
        hear, tell = os.pipe()
        os.set_blocking(tell, False)
        for number in _SIGNALS:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)

        def listen() -> None:
            while number := os.read(hear, 1):
                if number[0] in _SIGNALS:
                    self.end(f"of {signal.Signals(number[0]).name}")

        threading.Thread(target=listen, name="signals", daemon=True).start()

    def _close(self, closers: list[Callable[[float], object]], code: int) -> None:
        deadline = time.monotonic() + CLOSING_SECONDS
        for close in closers:
            try:
                close(max(0.0, deadline - time.monotonic()))
            except Exception as error:
                logger.error("something could not be closed", exc_info=error)
        self._leave(0.0, code)

    def _leave(self, seconds: float, code: int) -> None:
        threading.Event().wait(seconds)
        kill_children()
        self.flush(0.1)
        flush_logs(0.1)
        os._exit(code)


def _no_flush(_: float) -> None:
    """There is no client yet."""
