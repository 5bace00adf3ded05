"""Metrics of ranks, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizsla_trainer.evaluation.metrics import by_group, rank_of, reciprocal, summarise


def ranks(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def test_metrics_are_those_of_the_formulas() -> None:
    found = summarise(ranks(1, 2, 10, 11, 1000))
    assert found.mrr == pytest.approx((1 + 1 / 2 + 1 / 10 + 1 / 11 + 1 / 1000) / 5)
    assert (found.recall_at_1, found.recall_at_5, found.recall_at_10, found.recall_at_50) == (0.2, 0.4, 0.6, 0.8)
    assert found.ndcg_at_10 == pytest.approx((1 + 1 / math.log2(3) + 1 / math.log2(11)) / 5)
    assert found.queries == 5


def test_no_ranks_give_zeros() -> None:
    assert summarise(ranks()).mrr == 0
    assert summarise(ranks()).queries == 0


def test_a_rank_below_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="count from 1"):
        reciprocal(ranks(0))


def test_groups_are_measured_apart_the_largest_first() -> None:
    found = by_group(ranks(1, 2, 4), ["go", "python", "python"])
    assert list(found) == ["python", "go"]
    assert found["python"].mrr == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert found["go"].mrr == 1


def test_a_model_that_says_the_same_of_everything_comes_last() -> None:
    assert rank_of(0.5, np.full(9, 0.5, np.float32)) == 10
    assert rank_of(float("nan"), np.zeros(9, np.float32)) == 10
    assert rank_of(0.5, np.full(9, np.nan, np.float32)) == 10
    assert rank_of(0.5, np.zeros(0, np.float32)) == 1


@given(st.lists(st.integers(-5, 5), max_size=20), st.integers(-5, 5))
def test_a_rank_is_one_more_than_those_not_below(others: list[int], right: int) -> None:
    assert rank_of(right, np.array(others, np.float32)) == 1 + sum(other >= right for other in others)
