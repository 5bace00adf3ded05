"""The cross-encoder's opinion beside the fused one."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.candidate_builders import candidate, function
from vizsla.core.text import function_text
from vizsla.core.types import Function, Kind, Position, Range, Span
from vizsla.models.calibration import Line, Reading
from vizsla.retrieval.fusion import Ranked, fuse, logit_of
from vizsla.retrieval.query import Question
from vizsla.retrieval.rerank import affordable, choose_depth, reorder, rerank_text

ASKED = Question.from_text("how are uploads retried")
NAN = float("nan")


def ranked(*cosines: float) -> list[Ranked]:
    return fuse(ASKED, [candidate(function(k, "f", path=f"{k}.py"), cosine=c) for k, c in enumerate(cosines, start=1)])


def keys(found: list[Ranked]) -> list[int]:
    return [one.candidate.function.key for one in found]


def scores(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def test_nothing_to_reorder() -> None:
    assert reorder([], scores()) == []


def test_equal_logits_change_nothing() -> None:
    found = ranked(0.5, 0.4, 0.3)
    again = reorder(found, scores(2.0, 2.0, 2.0))
    assert keys(again) == keys(found)
    assert [one.score for one in again] == pytest.approx([one.score for one in found])


def test_a_clear_opinion_lifts_a_close_candidate() -> None:
    assert keys(reorder(ranked(0.5, 0.49), scores(-5.0, 5.0))) == [2, 1]


def test_an_opinion_never_replaces_the_fused_score() -> None:
    assert keys(reorder(ranked(0.9, 0.1), scores(0.0, 1.0))) == [1, 2]


def test_what_was_not_read_keeps_its_score() -> None:
    found = ranked(0.5, 0.4, 0.3)
    again = reorder(found, scores(1.0, NAN, -1.0))
    by_key: dict[int, Ranked] = {one.candidate.function.key: one for one in again}
    assert by_key[2].score == found[1].score
    assert by_key[2].why.rerank is None
    assert by_key[1].why.rerank == 1.0


def test_no_opinion_at_all_changes_nothing() -> None:
    found = ranked(0.5, 0.4)
    assert reorder(found, scores(NAN, NAN)) == found


def test_scores_stay_probabilities() -> None:
    again = reorder(ranked(0.9, 0.0), scores(80.0, -80.0))
    assert all(0.0 <= one.score <= 1.0 for one in again)


def test_what_is_little_thought_of_falls_behind_what_was_not_given() -> None:
    assert keys(reorder(ranked(0.5, 0.49, 0.48), scores(5.0, -5.0))) == [1, 3, 2]


def test_more_scores_than_candidates_are_refused() -> None:
    with pytest.raises(ValueError, match="2 candidates, got 3"):
        reorder(ranked(0.5, 0.4), scores(1.0, 2.0, 3.0))


def test_reading_is_limited_to_what_can_still_win() -> None:
    assert choose_depth([], 20) == 0
    assert choose_depth(ranked(0.5), 20) == 0
    assert choose_depth(ranked(*(0.5 for _ in range(30))), 20) == 20
    assert choose_depth(ranked(0.9, 0.89, *(-0.9 for _ in range(8))), 20) == 2


def test_as_many_are_read_as_there_is_time_for() -> None:
    seconds = np.full(30, 0.01)
    assert affordable(seconds, 0.2) == 18, "a tenth is held back"
    assert affordable(seconds, 60.0) == 30
    assert affordable(np.array([0.01, 0.5, 0.01]), 0.1) == 2
    assert affordable(np.array([0.01]), 60.0) == 1
    assert affordable(np.array([]), 60.0) == 0


def test_without_time_nothing_is_read_and_with_little_at_least_two() -> None:
    assert affordable(np.full(30, 0.01), 0.0) == 0
    assert affordable(np.full(30, 0.01), 0.001) == 2


def test_a_heavier_cross_encoder_lifts_from_farther_below() -> None:
    found = ranked(0.9, 0.89, *(0.1 for _ in range(8)))
    light, heavy = (Reading(log_odds=Line(), weight=weight, depth=20) for weight in (0.1, 2.0))
    assert choose_depth(found, 20, light) == 2
    assert choose_depth(found, 20, heavy) == 10


def test_a_cross_encoder_that_does_not_count_is_not_asked() -> None:
    silent = Reading(log_odds=Line(), weight=0.0, depth=20)
    assert choose_depth(ranked(0.9, 0.89, 0.5), 20, silent) == 0


def test_what_no_opinion_could_lift_to_the_top_is_not_read() -> None:
    found = ranked(0.9, 0.89, *(0.5 for _ in range(8)))
    narrow, wide = (Reading(log_odds=Line(), weight=0.5, depth=20, reach=reach) for reach in (2.0, 6.0))
    assert choose_depth(found, 20, narrow) == 2
    assert choose_depth(found, 20, wide) == 10


def test_scores_are_read_as_the_log_odds_that_they_mean() -> None:
    found = ranked(0.5, 0.4)
    reading = Reading(log_odds=Line(slope=0.1, intercept=-7.0), weight=2.0, depth=20)
    again: dict[int, Ranked] = {one.candidate.function.key: one for one in reorder(found, scores(10.0, 30.0), reading)}
    by_key: dict[int, Ranked] = {one.candidate.function.key: one for one in found}
    # 10 below and above their mean, a tenth of it, twice
    for key, lift in ((1, -2.0), (2, 2.0)):
        assert logit_of(again[key].score) - logit_of(by_key[key].score) == pytest.approx(lift, abs=1e-6)
        assert again[key].rerank == (10.0, 30.0)[key - 1]


def test_the_order_is_the_same_whatever_scale_a_cross_encoder_has() -> None:
    found, opinions = ranked(0.5, 0.48, 0.46, 0.44), (0.3, -0.2, 0.9, 0.1)
    plain = Reading(log_odds=Line(slope=3.0), weight=1.0, depth=20)
    other = Reading(log_odds=Line(slope=0.03, intercept=-12.0), weight=1.0, depth=20)
    first = reorder(found, scores(*opinions), plain)
    again = reorder(found, scores(*(100.0 * one + 400.0 for one in opinions)), other)
    assert keys(again) == keys(first)
    assert [one.score for one in again] == pytest.approx([one.score for one in first], abs=1e-4)


def test_however_long_a_function_is_its_documentation_and_its_signature_come_first() -> None:
    body = "    step()\n" * 2_000
    documented = function(1, "Store.send", kind=Kind.METHOD, doc="Send it.\nTwice if need be.")
    head = rerank_text(documented, f"def send(path):\n{body}")[:60]
    assert head.startswith("store\nSend it.\nTwice if need be.\ndef send(path):\n")
    bare = function(2, "Store.send", kind=Kind.METHOD)
    assert rerank_text(bare, f"def send(path):\n{body}").startswith("store send\ndef send(path):\n")


def test_the_cross_encoder_reads_the_text_that_the_bi_encoder_read() -> None:
    source = 'def send(path):\n    """Send it."""\n    return 1'
    parsed = Function(
        name="send",
        qualified_name="Store.send",
        kind=Kind.METHOD,
        language="python",
        signature="def send(path)",
        doc="Send it.",
        source=source,
        span=Span(start=0, end=len(source)),
        range=Range(start=Position(line=0, character=0), end=Position(line=2, character=12)),
    )
    stored = function(1, "Store.send", kind=Kind.METHOD, doc="Send it.")
    assert rerank_text(stored, source) == function_text(parsed)
