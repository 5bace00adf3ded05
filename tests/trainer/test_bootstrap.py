"""Intervals hold what they promise, and repeat."""

from __future__ import annotations

import numpy as np
import pytest

from vizsla_trainer.evaluation import bootstrap as module
from vizsla_trainer.evaluation.bootstrap import Interval, bootstrap, paired_bootstrap


def test_the_same_seed_gives_the_same_interval_however_it_is_cut_into_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random(50)
    whole = bootstrap(values, resamples=999, confidence=0.9, seed=3)
    monkeypatch.setattr(module, "_NUMBERS_AT_ONCE", 50 * 100)
    assert bootstrap(values, resamples=999, confidence=0.9, seed=3) == whole
    assert bootstrap(values, resamples=999, confidence=0.9, seed=4) != whole


def test_an_interval_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(1).normal(2.0, 1.0, 400)
    found = bootstrap(values, resamples=10_000, confidence=0.95, seed=1)
    half = 1.96 * values.std() / 20
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.01)
    assert found.high == pytest.approx(values.mean() + half, abs=0.01)


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    random = np.random.default_rng(5)
    held = 0
    for seed in range(200):
        found = bootstrap(random.random(80), resamples=400, confidence=0.95, seed=seed)
        held += found.low <= 0.5 <= found.high
    assert held >= 180


def test_pairing_sees_a_small_gain_that_is_the_same_for_every_query() -> None:
    before = np.random.default_rng(2).random(100)
    found = paired_bootstrap(before, before + 0.01, resamples=2_000, confidence=0.95, seed=1)
    assert found.low == pytest.approx(0.01)
    assert found.high == pytest.approx(0.01)


def test_equal_systems_differ_by_nothing() -> None:
    values = np.random.default_rng(2).random(100)
    assert paired_bootstrap(values, values, resamples=100, confidence=0.95, seed=1) == Interval(mean=0, low=0, high=0)


def test_one_query_proves_nothing_and_none_less() -> None:
    one = paired_bootstrap(np.array([0.1]), np.array([1.0]), resamples=100, confidence=0.95, seed=1)
    assert one.low < 0 < one.high
    assert bootstrap(np.array([]), resamples=100, confidence=0.95, seed=1) == Interval(mean=0, low=0, high=0)


def test_different_queries_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="same queries"):
        paired_bootstrap(np.zeros(2), np.zeros(3), resamples=100, confidence=0.95, seed=1)
