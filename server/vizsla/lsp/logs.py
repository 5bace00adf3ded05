"""What the server says on stderr: queued, so that a client that never reads it stops nobody."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import queue
import sys
import threading
import time
from types import TracebackType
from typing import Literal

LogLevel = Literal["debug", "info", "warning", "error"]

_MOST_WAITING = 1_000

logger = logging.getLogger(__name__)


class _Dropping(logging.handlers.QueueHandler):
    """Leaves out what does not fit."""

    def enqueue(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(queue.Full):
            self.queue.put_nowait(record)


def log_to_stderr(level: LogLevel) -> None:
    """Send all logs to stderr, without ever waiting for whoever reads it.

    Libraries are heard from "warning" on, whatever the level: on finer ones they repeat what clients send, which is
    source text.
    """
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_MOST_WAITING)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def write() -> None:
        while True:
            handler.handle(waiting.get())
            waiting.task_done()

    threading.Thread(target=write, name="log", daemon=True).start()
    root = logging.getLogger()
    root.handlers[:] = [_Dropping(waiting)]
    root.setLevel(logging.WARNING)
    logging.getLogger("vizsla").setLevel(level.upper())
    logging.raiseExceptions = False  # a stderr that is closed is nobody's error
    _waiting.append(waiting)


_waiting: list[queue.Queue[logging.LogRecord]] = []


def flush_logs(seconds: float) -> None:
    """Wait until all is written that was logged, but no longer than this."""
    deadline = time.monotonic() + seconds
    while any(each.unfinished_tasks for each in _waiting) and time.monotonic() < deadline:
        time.sleep(0.005)


def log_what_nobody_catches() -> None:
    """Log, once each, exceptions that would end a thread in silence or with output of its own."""

    def tell(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None, where: str) -> None:
        logger.error("%s ended by %s", where, kind.__name__, exc_info=error or kind())

    def of_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_type is not SystemExit:
            name = arguments.thread.name if arguments.thread else "?"
            tell(arguments.exc_type, arguments.exc_value, arguments.exc_traceback, f"thread {name}")

    threading.excepthook = of_thread
    sys.excepthook = lambda kind, error, trace: tell(kind, error, trace, "the main thread was")
