"""The gate lets through what is surely better, and says why it does not let through the rest."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from trainer.comparisons import a_comparison, as_served
from vizsla_trainer.evaluation.bootstrap import Interval
from vizsla_trainer.evaluation.results import SweepPoint
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


def test_what_a_server_answers_decides_whatever_the_models_do_alone() -> None:
    better, worse = ([2] * 50, [1] * 45 + [2] * 5), ([1] * 45 + [2] * 5, [2] * 50)
    refused = decide(as_served(a_comparison(*better), *worse), RECIPE)
    assert not refused.is_offered
    assert "improvement of MRR is -0.450" in refused.reasons[0]
    offered = decide(as_served(a_comparison(*worse), *better), RECIPE)
    assert offered.is_offered
    assert "MRR of the answers to 50 held-out queries went from 0.500 to 0.950" in offered.reasons[0]


def point(reranker: str, depth: int, mrr: float, *, weight: float = 0.5) -> SweepPoint:
    return SweepPoint(retriever="after", reranker=reranker, depth=depth, weight=weight if depth else 0.0, mrr=mrr)


def test_a_trained_reranker_that_does_not_pay_is_left_out_and_that_is_said() -> None:
    ranks = [2] * 50, [1] * 45 + [2] * 5
    points = point("none", 0, 0.571), point("after", 5, 0.560), point("after", 20, 0.572)
    found = decide(as_served(a_comparison(*ranks, reranker="none"), *ranks, *points), RECIPE)
    assert found.is_offered
    assert (found.retriever, found.reranker) == (True, False)
    assert found.reasons[1:] == (
        "the trained reranker is left out, as it does not pay: on 5 dev queries what is found has an MRR of 0.572 at "
        "best when it is read by it, unread 0.571",
    )


def test_a_reranker_in_use_that_does_not_pay_beside_a_trained_retriever_is_said_not_to_read() -> None:
    ranks = [2] * 50, [1] * 45 + [2] * 5
    points = point("none", 0, 0.571), point("before", 20, 0.566)
    quiet = decide(as_served(a_comparison(*ranks, reranker="before"), *ranks, *points, weight=0.0), RECIPE)
    assert "does not read what the trained retriever finds" in quiet.reasons[1]
    assert "from 0.571 to 0.566 at best" in quiet.reasons[1]
    assert len(decide(as_served(a_comparison(*ranks, reranker="before"), *ranks, *points), RECIPE).reasons) == 1


def test_a_trained_reranker_that_reads_no_better_than_the_one_in_use_is_left_out() -> None:
    ranks = [2] * 50, [1] * 45 + [2] * 5
    points = point("none", 0, 0.571), point("before", 20, 0.700), point("after", 20, 0.690)
    found = decide(as_served(a_comparison(*ranks, reranker="before"), *ranks, *points), RECIPE)
    assert "0.690 at best when it is read by it, read by the one in use 0.700" in found.reasons[1]
