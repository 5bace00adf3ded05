"""How long to wait before something that failed is tried again."""

from __future__ import annotations

import time


class BackOff:
    """Twice as long after each failure in a row."""

    def __init__(self, *, first_seconds: float = 0.5, longest_seconds: float = 60.0) -> None:
        self._first, self._longest = first_seconds, longest_seconds
        self._failures = 0
        self.not_before = 0.0
        """Moment of the monotonic clock; in the past when nothing failed."""

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._failures > 0

    @property
    def is_over(self) -> bool:
        """Whether it may be tried now."""
        return time.monotonic() >= self.not_before

    def failed(self) -> None:
        """Wait, longer than after the failure before."""
        self.not_before = time.monotonic() + min(self._first * 2**self._failures, self._longest)
        self._failures = min(self._failures + 1, 30)

    def reset(self) -> None:
        """It went well, or what stood in the way may be gone."""
        self._failures, self.not_before = 0, 0.0
