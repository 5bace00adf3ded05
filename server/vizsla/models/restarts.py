"""When a worker that died is started again: with growing pauses, and a rest when it dies again and again."""

from __future__ import annotations

from collections import deque

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
WINDOW_SECONDS = 60.0
MOST_DEATHS = 10  # in the window, before everybody is told instead of being kept waiting
MOST_FALSE_STARTS = 2  # deaths in a row before the worker was ready


class Restarts:
    """Counts deaths. Times are seconds on one monotonic clock, given by the caller."""

    def __init__(self) -> None:
        self.count = 0
        """Deaths ever."""
        self.not_before = 0.0
        """When the next start is due."""
        self.is_resting = False
        """Whether requests are to be refused until ``not_before``."""
        self._deaths: deque[float] = deque()
        self._false_starts = 0

    def died(self, now: float, *, was_ready: bool) -> None:
        """The worker ended unasked."""
        self.count += 1
        self._deaths.append(now)
        while now - self._deaths[0] > WINDOW_SECONDS:
            self._deaths.popleft()
        self._false_starts = 0 if was_ready else self._false_starts + 1
        self.is_resting = len(self._deaths) > MOST_DEATHS or self._false_starts >= MOST_FALSE_STARTS
        pause = FIRST_PAUSE_SECONDS * 2 ** min(len(self._deaths) - 1, 16)
        self.not_before = now + (LONGEST_PAUSE_SECONDS if self.is_resting else min(pause, LONGEST_PAUSE_SECONDS))

    def refuses(self, now: float) -> bool:
        """Whether requests are refused now."""
        return self.is_resting and now < self.not_before

    def recent(self, now: float) -> int:
        """Deaths in the last minute."""
        return sum(now - death <= WINDOW_SECONDS for death in self._deaths)
