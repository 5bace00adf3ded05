"""Who is asking with what: questions that began with models keep them to their end, whatever is switched meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

_LOOK_SECONDS = 0.05


class Asking:
    """Counts open questions by what they use. Any thread."""

    def __init__(self) -> None:
        self.on_asked: Callable[[], None] = lambda: None
        """Called, on the thread of who asks, when a question begins; returns at once."""
        self._changed = threading.Condition()
        self._open: Counter[int] = Counter()
        self._questions = 0
        self._last = -float("inf")

    @contextlib.contextmanager
    def with_(self, used: object, *, is_question: bool = True) -> Iterator[None]:
        """Something is used until the block ends, by a question or by what nobody need make way for."""
        with self._changed:
            self._open[id(used)] += 1
            self._questions += is_question
        if is_question:
            self.on_asked()
        try:
            yield
        finally:
            with self._changed:
                self._open[id(used)] -= 1
                self._open += Counter()  # drops what nobody uses any more: another object may get its id
                self._questions -= is_question
                if is_question:
                    self._last = time.monotonic()
                self._changed.notify_all()

    @property
    def quiet_seconds(self) -> float:
        """How long no question has been open; 0 while one is."""
        with self._changed:
            return 0.0 if self._questions else time.monotonic() - self._last

    def wait_unused(self, used: object, seconds: float, given_up: Callable[[], bool]) -> bool:
        """Wait until no question uses something any more; whether that came in time."""
        end = time.monotonic() + seconds
        with self._changed:
            while self._open[id(used)] and time.monotonic() < end and not given_up():
                self._changed.wait(_LOOK_SECONDS)
            return not self._open[id(used)]
