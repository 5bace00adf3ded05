"""The gate lets through what is surely better, and says why it does not let through the rest."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from trainer.comparisons import a_comparison
from vizsla_trainer.evaluation.bootstrap import Interval
from vizsla_trainer.export.gate import decide
from vizsla_trainer.recipe import GateRecipe

RECIPE = GateRecipe(least_queries=30, least_queries_per_language=20, language_margin=0.03)


def test_what_is_better_for_nearly_every_query_is_offered_with_its_numbers() -> None:
    found = decide(a_comparison([2] * 50, [1] * 45 + [2] * 5), RECIPE)
    assert found.is_offered
    assert found.retriever
    assert found.reranker
    assert "0.500 to 0.950 (+0.450, at least +0.4" in found.reasons[0]


def test_a_gain_that_may_be_luck_is_refused() -> None:
    random = np.random.default_rng(0)
    before = random.integers(1, 20, 60).tolist()
    found = decide(a_comparison(before, random.permutation(before).tolist()), RECIPE)
    assert not found.is_offered
    assert "not surely above 0" in found.reasons[0]


def test_the_same_answers_are_no_improvement() -> None:
    assert not decide(a_comparison([3] * 50, [3] * 50), RECIPE).is_offered


def test_few_queries_prove_nothing_however_good_they_look() -> None:
    found = decide(a_comparison([9] * 6, [1] * 6), RECIPE)
    assert not found.is_offered
    assert "only 6 queries" in found.reasons[0]


def test_no_language_pays_for_the_others() -> None:
    languages = ["python"] * 80 + ["go"] * 25
    found = decide(a_comparison([2] * 80 + [1] * 25, [1] * 80 + [1] * 22 + [2] * 3, languages), RECIPE)
    assert not found.is_offered
    assert found.reasons == ("go loses 0.060 of MRR on 25 queries, more than the 0.03 that a language may lose",)


def test_a_language_with_few_queries_has_no_voice_of_its_own() -> None:
    languages = ["python"] * 80 + ["go"] * 3
    assert decide(a_comparison([2] * 80 + [1] * 3, [1] * 80 + [2] * 3, languages), RECIPE).is_offered


def test_every_ground_for_a_refusal_is_named() -> None:
    languages = ["python"] * 20 + ["go"] * 5
    assert len(decide(a_comparison([1] * 25, [5] * 25, languages), RECIPE).reasons) == 3


@pytest.mark.parametrize("low", [float("nan"), 0.0, -0.1])
def test_what_is_no_number_is_refused(low: float) -> None:
    good = a_comparison([2] * 50, [1] * 50)
    change = dataclasses.replace(good.system_difference, mrr=Interval(mean=0.5, low=low, high=0.6))
    assert not decide(dataclasses.replace(good, system_difference=change), RECIPE).is_offered
