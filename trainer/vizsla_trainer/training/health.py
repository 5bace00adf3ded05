"""Whether a training still learns: numbers that are none, and losses that run away."""

from __future__ import annotations

import math

_MEMORY = 0.9  # of the running mean of the loss
_FACTOR = 1.5  # times where it began, or chance: a loss above it for long is running away; and times its best, …
_NEAR_CHANCE = 0.95  # … where it is back at this share of chance: all vectors have become one
_PATIENCE = 10  # steps


class Health:
    """Watches the losses of one training. What it has seen is its state: it is filled again on resuming."""

    def __init__(self, *, most_bad_steps: int) -> None:
        self._most_bad_steps = most_bad_steps
        self._bad_in_a_row = 0
        self._high_in_a_row = 0
        self._mean = math.nan
        self._first = math.nan
        self._best = math.inf
        self.skipped = 0
        """Steps whose loss or gradient was no number."""

    def see(self, loss: float, *, chance: float) -> str:
        """Take in a step's loss, NaN for a step that was left out.

        Args:
            loss: mean over the step's queries.
            chance: the loss of a model that knows nothing, positive.

        Returns:
            Why training must end, "" while it need not.
        """
        if not math.isfinite(loss):
            self.skipped += 1
            self._bad_in_a_row += 1
            if self._bad_in_a_row >= self._most_bad_steps:
                return f"{self._bad_in_a_row} steps one after another had a loss that is no number"
            return ""
        self._bad_in_a_row = 0
        relative = loss / chance
        if math.isnan(self._mean):
            self._mean = self._first = relative
        self._mean = _MEMORY * self._mean + (1 - _MEMORY) * relative
        self._best = min(self._best, self._mean)
        is_high = self._mean > _FACTOR * max(1.0, self._first)
        is_high |= self._mean > max(_NEAR_CHANCE, _FACTOR * self._best)
        self._high_in_a_row = self._high_in_a_row + 1 if is_high else 0
        if self._high_in_a_row >= _PATIENCE:
            return f"the loss ran away to {loss:.2f}, where knowing nothing has {chance:.2f}; lower the learning rate"
        return ""
