"""Ctrl-C and the like as a wish to stop at the next safe point."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from vizsla_trainer.progress import Cancelled

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable() -> Iterator[Cancelled]:
    """Whether the user, or the server, asked to stop; a second Ctrl-C interrupts at once."""
    wish = threading.Event()

    def ask(number: int, _frame: object) -> None:
        wish.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        signal.signal(number, ask)
    try:
        yield wish.is_set
    finally:
        for number in _SIGNALS:
            signal.signal(number, before[number])
