"""Intervals of means and of paired differences by resampling queries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

_NUMBERS_AT_ONCE = 4_000_000  # of a block of resamples: 32 MB of indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over queries and where it lies with the confidence that was asked for."""

    mean: float
    low: float
    high: float


def bootstrap(values: Values, *, resamples: int, confidence: float, seed: int) -> Interval:
    """The mean of some values with its percentile interval.

    Args:
        values: one of each query. (queries,)
        resamples: of the queries, with replacement.
        confidence: such as 0.95.
        seed: the same seed gives the same interval.

    Returns:
        The interval; everything at 0 without values, and one that says nothing (-1 to 1 around it) for a single one.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    count = len(values)
    if count == 0:
        return Interval(mean=0.0, low=0.0, high=0.0)
    mean = float(values.mean())
    if count == 1:
        return Interval(mean=mean, low=mean - 1, high=mean + 1)
    random = np.random.default_rng(seed)
    means = np.empty(resamples)
    block = max(1, _NUMBERS_AT_ONCE // count)
    for start in range(0, resamples, block):
        drawn = random.integers(0, count, size=(min(block, resamples - start), count), dtype=np.int32)
        means[start : start + len(drawn)] = values[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(mean=mean, low=float(low), high=float(high))


def paired_bootstrap(before: Values, after: Values, *, resamples: int, confidence: float, seed: int) -> Interval:
    """By how much ``after`` is above ``before`` on the same queries, in the same order.

    Raises:
        ValueError: they are not of equally many queries.
    """
    if before.shape != after.shape:
        raise ValueError(f"need values of the same queries, got {before.shape} and {after.shape}")
    return bootstrap(after - before, resamples=resamples, confidence=confidence, seed=seed)
