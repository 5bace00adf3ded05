"""Progress of a run as lines, for a log or whatever else is no terminal: now and then, and when a stage ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from vizsla_trainer.progress import Progress

_EVERY_SECONDS = 30.0


class Lines:
    """A listener that prints where a stage begins and ends, and between at most one line in half a minute."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, print_line: Callable[[str], None] | None = None):
        """Begin with nothing said.

        Args:
            clock: seconds that only ever grow.
            print_line: given each line; None prints on stderr.
        """
        self._clock = clock
        self._print = print_line or _on_stderr
        self._stage: str | None = None  # that began and did not end
        self._began = self._said = clock()
        self._first: Progress | None = None  # of what is being counted
        self._first_seen = self._began
        self._last: Progress | None = None
        self._loss: float | None = None
        self._best: float | None = None

    def __call__(self, progress: Progress) -> None:
        """Listen."""
        now = self._clock()
        if not progress.unit:
            if progress.total and progress.stage == self._stage:
                self._print(f"{progress.stage}: {progress.message} in {_spoken(now - self._began)}{self._totals(now)}")
            else:
                self._print(f"{progress.stage}: {progress.message}")
            self._stage = None if progress.total else progress.stage
            self._began = self._said = now
            self._first = self._last = self._loss = self._best = None
            return
        if progress.message:
            self._print(f"{progress.stage}: {progress.message}")
        self._count(progress, now)
        if now - self._said >= _EVERY_SECONDS:
            self._said = now
            self._print(f"{progress.stage}: {self._told(progress, now)}")

    def _count(self, progress: Progress, now: float) -> None:
        last = self._last
        if (
            self._first is None
            or last is None
            or (last.unit, last.total) != (progress.unit, progress.total)
            or progress.done < last.done
        ):
            self._first, self._first_seen = progress, now
        self._last = progress
        known = dict(progress.numbers)
        self._loss = known.get("loss", self._loss)
        dev = known.get("dev")
        if dev is not None:
            self._best = dev if self._best is None else max(self._best, dev)

    def _told(self, progress: Progress, now: float) -> str:
        count = f"{progress.done:,} of {progress.total:,}" if progress.total else f"{progress.done:,}"
        parts = [f"{count} {progress.unit}", *self._numbers(now)]
        left = dict(progress.numbers).get("seconds_left")
        rate = self._rate(now)
        if left is None and rate and progress.total:
            left = (progress.total - progress.done) / rate
        if left is not None:
            parts.append(f"{_spoken(left)} left")
        return ", ".join(parts)

    def _totals(self, now: float) -> str:
        if self._last is None:
            return ""
        return "".join(f", {part}" for part in (f"{self._last.done:,} {self._last.unit}", *self._numbers(now)))

    def _numbers(self, now: float) -> list[str]:
        parts = []
        if self._loss is not None:
            parts.append(f"loss {self._loss:.3f}")
        if self._best is not None:
            parts.append(f"best MRR on dev {self._best:.3f}")
        rate = self._rate(now)
        if rate and self._last is not None:
            parts.append(
                f"{rate:,.1f} {self._last.unit}/s" if rate >= 0.1 else f"{60 * rate:,.1f} {self._last.unit}/min"
            )
        return parts

    def _rate(self, now: float) -> float | None:
        """What is done in a second, since this was first heard of; None before anything can be said."""
        if self._first is None or self._last is None or now <= self._first_seen:
            return None
        return (self._last.done - self._first.done) / (now - self._first_seen)


def _spoken(seconds: float) -> str:
    """A stretch of time as people say it: 42 s, 3 min 5 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def _on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
