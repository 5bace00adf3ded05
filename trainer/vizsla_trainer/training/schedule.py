"""The learning rate of each step."""

from __future__ import annotations


def learning_rate(step: int, *, steps: int, peak: float, warmup_share: float) -> float:
    """Rise in a straight line to the peak, then fall in one towards 0 after the last step.

    Args:
        step: from 0.
        steps: of the whole training.
        peak: the highest rate.
        warmup_share: of the steps that rise; from 0 to 1.
    """
    warmup = int(steps * warmup_share)
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    return peak * (steps - step) / max(1, steps - warmup)
