"""How far a long piece of work has come, and the wish to end it early. It does not know who is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """The parts of indexing, in their order."""

    SCAN = "scan"  # looking for changed files
    PARSE = "parse"  # files into functions
    EMBED = "embed"  # functions into vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One report: ``done`` of ``total`` files (scan, parse) or functions (embed)."""

    stage: Stage
    done: int
    total: int


Report = Callable[[Progress], None]
Cancelled = Callable[[], bool]


def unheard(_: Progress) -> None:
    """A listener for those who do not listen."""


def never() -> bool:
    """A wish that is never made."""
    return False


class Deadline:
    """A moment on the monotonic clock after which work should stop."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def __call__(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() >= self._end


class Flag:
    """A wish to stop that another thread can make."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def raise_(self) -> None:
        """Ask the work to stop at its next safe point."""
        self._event.set()

    def __call__(self) -> bool:
        """Whether the wish was made."""
        return self._event.is_set()
