"""One score from both retrievers and all signals."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.candidate_builders import candidate, function
from vizsla.models.calibration import Line
from vizsla.retrieval.candidates import Candidate
from vizsla.retrieval.fusion import Pool, features_of, fuse, logit_of, sigmoid, support_of_files
from vizsla.retrieval.query import Question
from vizsla.retrieval.signals import signals_of
from vizsla.retrieval.weights import WEIGHTS

ASKED = Question.from_text("how are uploads retried")


def keys(question: Question, *candidates: Candidate) -> list[int]:
    return [one.candidate.function.key for one in fuse(question, candidates)]


def test_nothing_gives_nothing() -> None:
    assert fuse(ASKED, []) == []


def test_one_candidate_scores_as_by_hand() -> None:
    only = candidate(function(1, "send", size=380), cosine=0.5, match=0.2)
    (ranked,) = fuse(ASKED, [only])
    by_hand = (
        WEIGHTS.bias
        + WEIGHTS.cosine * 0.5
        + WEIGHTS.match * 0.2
        + WEIGHTS.lead * math.log(2)  # two words, and it leads by being alone
        + WEIGHTS.size * math.log(400)
    )
    assert ranked.score == pytest.approx(1 / (1 + math.exp(-by_hand)))


def test_features_and_weights_are_in_one_order() -> None:
    names = [field.name for field in dataclasses.fields(WEIGHTS)]
    assert len(WEIGHTS.of_features) == len(names) - 4
    assert WEIGHTS.of_features == tuple(getattr(WEIGHTS, name) for name in names[1:-3])


def test_files_support_by_their_other_candidates_as_by_hand() -> None:
    support = support_of_files(["a", "b", "a"], [0.0, -1.0, math.log(0.5)])
    assert support == pytest.approx([math.log(1.5), 0.0, math.log(2.0)])


def test_several_hits_lift_their_file() -> None:
    alone = candidate(function(1, "f", path="a.py"), cosine=0.5)
    together = [candidate(function(key, "f", path="b.py"), cosine=0.5) for key in (2, 3)]
    assert keys(ASKED, alone, *together) == [2, 3, 1]


def test_the_order_of_candidates_does_not_matter() -> None:
    chance = random.Random(0)
    found = [
        candidate(function(key, f"f{key}", path=f"{key % 3}.py"), cosine=chance.random(), match=chance.random())
        for key in range(1, 30)
    ]
    expected = fuse(ASKED, found)
    chance.shuffle(found)
    again = fuse(ASKED, found)
    assert [one.candidate for one in again] == [one.candidate for one in expected]
    assert [one.score for one in again] == pytest.approx([one.score for one in expected])


def test_ties_keep_their_order() -> None:
    twins = [candidate(function(key, "f", path=f"{key}.py"), cosine=0.4) for key in (3, 9, 5)]
    assert keys(ASKED, *twins) == [3, 9, 5]


def test_nearer_in_meaning_and_in_words_is_better() -> None:
    base = candidate(function(1, "f", path="1.py"), cosine=0.3, match=0.2)
    nearer = candidate(function(2, "f", path="2.py"), cosine=0.4, match=0.2)
    wordier = candidate(function(3, "f", path="3.py"), cosine=0.3, match=0.4)
    order = keys(ASKED, base, nearer, wordier)
    assert order.index(1) == 2


def test_words_alone_rank_when_there_is_no_vector() -> None:
    found = [candidate(function(key, "f", path=f"{key}.py"), match=key / 10) for key in (1, 2, 3)]
    ranked = fuse(ASKED, found)
    assert [one.candidate.function.key for one in ranked] == [3, 2, 1]
    assert all(one.why.cosine is None for one in ranked)


def test_meaning_alone_ranks_when_no_word_was_found() -> None:
    found = [candidate(function(key, "f", path=f"{key}.py"), cosine=key / 10, dense=4 - key) for key in (1, 2, 3)]
    assert keys(ASKED, *found) == [3, 2, 1]


def test_a_missing_vector_among_others_neither_wins_nor_loses_by_that() -> None:
    good = candidate(function(1, "f", path="1.py"), cosine=0.7, match=0.3)
    unknown = candidate(function(2, "f", path="2.py"), match=0.3)
    poor = candidate(function(3, "f", path="3.py"), cosine=0.0, match=0.02)
    assert keys(ASKED, poor, unknown, good) == [1, 2, 3]


def test_a_symbol_finds_its_definition_first() -> None:
    question = Question.from_text("getUserName")
    definition = candidate(function(1, "User.get_user_name", path="1.py"), cosine=0.4, match=0.5)
    caller = candidate(function(2, "print_name", path="2.py"), cosine=0.5, match=0.55)
    assert keys(question, caller, definition) == [1, 2]


def test_tests_stand_back_but_are_there() -> None:
    test = candidate(function(1, "f", path="tests/test_a.py"), cosine=0.5)
    code = candidate(function(2, "f", path="src/a.py"), cosine=0.45)
    assert keys(ASKED, test, code) == [2, 1]
    assert keys(Question.from_text("tests of uploads"), test, code) == [1, 2]


def test_why_tells_what_led_to_the_score() -> None:
    (ranked,) = fuse(
        ASKED, [candidate(function(1, "retry_upload", path="vendor/a.py"), cosine=0.5, match=0.25, dense=7)]
    )
    told = ranked.why.as_dict()
    assert told["dense_rank"] == 7
    assert told["lexical_rank"] == 1
    assert told["cosine"] == 0.5
    assert told["fused"] == round(ranked.score, 4)
    assert told["rerank"] is None
    assert told["signals"] == ["name", "vendored"]


shares = st.floats(0, 1)


@given(st.lists(st.tuples(st.one_of(shares, st.just(math.nan)), shares, st.integers(0, 10**9)), max_size=20))
def test_scores_are_probabilities_in_falling_order(drawn: list[tuple[float, float, int]]) -> None:
    found = [
        candidate(function(key, "f", path=f"{key % 3}.py", size=size), cosine=cosine, match=match)
        for key, (cosine, match, size) in enumerate(drawn, start=1)
    ]
    scores = [one.score for one in fuse(ASKED, found)]
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert scores == sorted(scores, reverse=True)


@given(st.floats(-700, 700))
def test_logits_and_probabilities_are_inverse(logit: float) -> None:
    assert 0.0 <= sigmoid(logit) <= 1.0
    if abs(logit) < 10:
        assert logit_of(sigmoid(logit)) == pytest.approx(logit, abs=1e-6)


def test_a_score_does_not_depend_on_poor_neighbours() -> None:
    good = candidate(function(1, "f", path="1.py"), cosine=0.6, match=0.3)
    poor = [candidate(function(key, "f", path=f"{key}.py"), cosine=0.1, match=0.01) for key in range(2, 20)]
    alone, among = fuse(ASKED, [good])[0], fuse(ASKED, [good, *poor])[0]
    assert among.score == pytest.approx(alone.score)


def test_features_of_a_function_without_name_path_or_words_are_finite() -> None:
    bare = candidate(function(1, "", path=""))
    pool = Pool.of(Question.from_text("?"), [bare])
    assert all(math.isfinite(v) for v in features_of(bare, signals_of(ASKED, bare.function), pool, WEIGHTS))


def test_cosines_of_another_model_are_read_on_the_scale_of_the_weights() -> None:
    line = Line(slope=4.0, intercept=-3.0)  # of a model that finds everything alike
    theirs = [candidate(function(k, "f", path=f"{k}.py"), cosine=c) for k, c in ((1, 0.9), (2, 0.85), (3, math.nan))]
    ours = [dataclasses.replace(one, cosine=line(one.cosine)) for one in theirs]
    translated, expected = fuse(ASKED, theirs, cosine=line), fuse(ASKED, ours)
    assert [one.score for one in translated] == [one.score for one in expected]
    assert [one.candidate for one in translated if not math.isnan(one.candidate.cosine)] == theirs[:2], "shown as it is"
