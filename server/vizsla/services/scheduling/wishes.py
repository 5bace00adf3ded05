"""What is wanted of a schedule, collected from any thread, and when each of it is due."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable

_QUIET_SECONDS = 0.05  # after the last hint: whoever writes several files is done by then
_LONGEST_SECONDS = 0.4  # after the first hint, however many follow
_OPEN_SECONDS = 1.0  # after which a file that is still written, or will never be, is looked at
_QUIET_DOUBT_SECONDS = 0.2  # a doubt costs a scan, so it waits for the end of a storm a little longer
_LONGEST_DOUBT_SECONDS = 2.0
_MOST_PATHS = 1_000
"""More changed paths than this are not looked at one by one: one scan is cheaper."""


class Wishes:
    """Changed paths and doubts that wait for their moment. One thread takes them."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._paths: dict[str, None] = {}
        self._open: dict[str, float] = {}  # paths that somebody writes, and when they are looked at all the same
        self._first = self._last = 0.0  # hint of those that wait
        self._doubt = ""
        self._doubted = 0.0
        self._woken = False
        self._is_idle = False

    def changed(self, paths: Iterable[str], *, is_open: bool = False) -> None:
        """Note paths to be looked at; those that are open only when nothing more was heard of them for a second."""
        with self._condition:
            now = time.monotonic()
            if is_open:
                for path in paths:
                    if path not in self._paths:
                        self._open.pop(path, None)  # the longest waiting shall be the first
                        self._open[path] = now + _OPEN_SECONDS
                self._condition.notify_all()
                return
            if not self._paths:
                self._first = now
                self._condition.notify_all()
            self._last = now
            for path in paths:
                self._paths[path] = None
                self._open.pop(path, None)
            if len(self._paths) > _MOST_PATHS:
                self._paths.clear()
                self._note_doubt("many files changed at once", now)

    def doubt(self, reason: str) -> None:
        """Note that everything is to be looked at."""
        with self._condition:
            self._note_doubt(reason, time.monotonic())

    def wake(self) -> None:
        """End the wait of the one who takes, for something that is not noted here."""
        with self._condition:
            self._woken = True
            self._condition.notify_all()

    def take_paths(self) -> list[str]:
        """Paths that are due."""
        with self._condition:
            if not self.are_paths_due():
                return []
            paths = list(self._paths)
            self._paths.clear()
            now = time.monotonic()
            while self._open and next(iter(self._open.values())) <= now:
                path = next(iter(self._open))
                del self._open[path]
                paths.append(path)
            return paths

    def take_doubt(self) -> str:
        """The reason of a doubt that is due; empty without one."""
        with self._condition:
            if not self.is_doubt_due():
                return ""
            reason, self._doubt = self._doubt, ""
            return reason

    def drop(self) -> None:
        """Forget everything: another process looks after it."""
        with self._condition:
            self._paths.clear()
            self._open.clear()
            self._doubt = ""

    def are_paths_due(self) -> bool:
        """Whether there are paths to be looked at now."""
        with self._condition:
            return time.monotonic() >= self._paths_at()

    def is_doubt_due(self) -> bool:
        """The same for a doubt."""
        with self._condition:
            return time.monotonic() >= self._doubt_at()

    def wait(self, seconds: float, *, is_idle: bool) -> None:
        """Wait until something is due, ``wake`` is called, or the time is over.

        Args:
            seconds: at most.
            is_idle: nothing else is left to do, which those who wait for that are told.
        """
        end = time.monotonic() + seconds
        with self._condition:
            while not (self._woken or self.are_paths_due() or self.is_doubt_due()):
                now = time.monotonic()
                if now >= end:
                    break
                was_idle, self._is_idle = self._is_idle, is_idle and self._is_empty
                if self._is_idle and not was_idle:
                    self._condition.notify_all()
                self._condition.wait(min(end, self._paths_at(), self._doubt_at()) - now)
            self._woken = self._is_idle = False

    def wait_idle(self, seconds: float) -> bool:
        """Wait until the one who takes has nothing left to do."""
        with self._condition:
            return self._condition.wait_for(lambda: self._is_idle and self._is_empty, seconds)

    @property
    def _is_empty(self) -> bool:
        return not (self._paths or self._open or self._doubt)

    def _paths_at(self) -> float:
        """The moment at which the paths become due."""
        due = min(self._last + _QUIET_SECONDS, self._first + _LONGEST_SECONDS) if self._paths else math.inf
        return min(due, next(iter(self._open.values()), math.inf))

    def _doubt_at(self) -> float:
        if not self._doubt:
            return math.inf
        quiet = max(self._last, self._doubted) + _QUIET_DOUBT_SECONDS
        return min(quiet, self._doubted + _LONGEST_DOUBT_SECONDS)

    def _note_doubt(self, reason: str, now: float) -> None:
        if not self._doubt:
            self._doubted = now
        self._doubt = reason
        self._condition.notify_all()
