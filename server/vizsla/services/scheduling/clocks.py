"""Whether the machine slept: files may have changed unseen, and connections may be dead."""

from __future__ import annotations

import time

_SLEPT_SECONDS = 2.0


class SleepClock:
    """Notices that the machine was asleep between two looks."""

    def __init__(self) -> None:
        self._before = _asleep_seconds()

    def has_slept(self) -> bool:
        """Whether the machine slept, or its clock was set forward, since this was last asked."""
        before, self._before = self._before, _asleep_seconds()
        return self._before - before > _SLEPT_SECONDS


def _asleep_seconds() -> float:
    """Grows while the machine sleeps and not otherwise; where no clock tells, also when somebody sets the clock."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.time() - time.monotonic()
