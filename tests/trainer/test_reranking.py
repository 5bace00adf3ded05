"""A cross-encoder is joined to the retriever by log-odds, and never makes of nothing something."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from trainer.evaluation_builders import a_code, a_pair
from vizsla_trainer.evaluation.calibration import Calibration, calibrate, contrast
from vizsla_trainer.evaluation.reranking import PairScores, Setting, alone, reranked, sweep
from vizsla_trainer.evaluation.retrieval import Ranking

AS_IT_IS = Calibration(slope=1.0, intercept=0.0)


def a_ranking() -> Ranking:
    """Two queries; the right codes are 3 (third) and 9 (beyond the candidates)."""
    return Ranking(
        ranks=np.array([3, 7]),
        candidates=np.array([[1, 2, 3, 4], [1, 2, 3, -1]]),
        cosines=np.array([[0.9, 0.8, 0.7, 0.6], [0.9, 0.8, 0.7, np.nan]], np.float32),
    )


def ranks(scores: Sequence[Sequence[float]], depth: int, weight: float, cross: Calibration = AS_IT_IS) -> list[int]:
    found = reranked(
        a_ranking(),
        [0, 1],
        np.array(scores, np.float32),
        Setting(depth=depth, weight=weight),
        dense=AS_IT_IS,
        cross=cross,
        own=[3, 9],
    )
    return [int(rank) for rank in found]


def test_scores_are_added_to_the_retrievers_by_weight() -> None:
    scores = [[0.0, 0.0, 0.15, 0.0], [0, 0, 0, np.nan]]
    assert ranks(scores, 4, 0.5) == [3, 7]
    assert ranks(scores, 4, 1.0) == [2, 7]
    assert ranks(scores, 4, 2.0) == [1, 7]


def test_only_candidates_within_the_depth_move() -> None:
    assert ranks([[0, 0, 9, 0], [0, 0, 0, 0]], 2, 1.0) == [3, 7]


def test_a_score_that_is_no_number_puts_its_code_last() -> None:
    assert ranks([[0, 0, np.nan, 0], [0, 0, 0, 0]], 4, 1.0) == [4, 7]
    assert ranks([[np.nan, 0, 0, 0], [0, 0, 0, 0]], 4, 1.0) == [3, 7]


def test_a_reranker_that_says_nothing_leaves_the_order() -> None:
    assert ranks([[7, 5, 9, 1], [0, 0, 0, 0]], 4, 1.0, Calibration(slope=0.0, intercept=0.0)) == [3, 7]


def test_alone_a_reranker_that_says_nothing_puts_the_right_code_last() -> None:
    scores = np.zeros((2, 4), np.float32)
    assert alone(a_ranking(), [0, 1], scores, depth=4, own=[3, 9]).tolist() == [4, 7]


def test_the_sweep_prefers_the_cheaper_among_equals() -> None:
    scores = np.array([[0, 0, 9, 0], [0, 0, 0, 0]], np.float32)
    found = sweep(
        a_ranking(),
        [0, 1],
        scores,
        depths=(4, 3, 2),
        weights=(2.0, 1.0),
        dense=AS_IT_IS,
        cross=AS_IT_IS,
        own=[3, 9],
    )
    assert found[0][0] == Setting(depth=3, weight=1.0)
    assert found[0][1] == pytest.approx((1 + 1 / 7) / 2)
    assert found[-1][0].depth == 2


class Counting:
    def __init__(self) -> None:
        self.read = 0

    def score(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.read += len(texts)
        return np.array([len(text) for text in texts], np.float32)


def test_each_candidate_is_read_once() -> None:
    codes = [a_code("n" * (i + 1), "x") for i in range(10)]
    pairs = [a_pair(codes[3], "a"), a_pair(codes[9], "b")]
    scorer = Counting()
    scores = PairScores(scorer, pairs, codes)
    first = scores.of(a_ranking(), [0, 1], depth=2)
    assert scorer.read == 4
    second = scores.of(a_ranking(), [1, 0], depth=4)
    assert scorer.read == 7
    assert second[1, :2].tolist() == first[0].tolist()
    assert second[1].tolist() == [float(len(codes[i].text)) for i in (1, 2, 3, 4)]
    assert np.isnan(second[0, 3])


def test_calibration_finds_the_line_that_made_the_data() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=20_000).astype(np.float32)
    is_right = random.random(20_000) < 1 / (1 + np.exp(-(2.0 * scores - 1.0)))
    found = calibrate(scores, is_right)
    assert found.slope == pytest.approx(2.0, rel=0.1)
    assert found.intercept == pytest.approx(-1.0, rel=0.1)


@pytest.mark.parametrize(
    ("scores", "is_right"),
    [([], []), ([1, 2], [True, True]), ([1, 1], [True, False]), ([1, 2, 3], [True, False, False]), ([np.nan], [True])],
)
def test_a_score_that_says_nothing_or_the_wrong_thing_counts_for_nothing(
    scores: list[float], is_right: list[bool]
) -> None:
    assert calibrate(np.array(scores, np.float32), np.array(is_right, bool)).slope == 0


def test_calibration_stays_finite_where_scores_part_right_from_wrong() -> None:
    found = calibrate(np.array([0, 1, 2, 3], np.float32), np.array([False, False, True, True]))
    assert 0 < found.slope < 1e3
    assert found.log_odds(np.array([3], np.float32))[0] > 0


def test_contrast_finds_how_much_a_difference_within_a_query_means_whatever_queries_have_in_common() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=(4_000, 10))
    chances = np.exp(3.0 * scores)
    right = (chances.cumsum(axis=1) / chances.sum(axis=1, keepdims=True) > random.random((4_000, 1))).argmax(axis=1)
    is_right = np.arange(10) == right[:, None]
    scores += 5.0 * random.normal(size=(4_000, 1))  # some queries find all alike near
    found = contrast(scores.astype(np.float32), is_right)
    assert found.slope == pytest.approx(3.0, rel=0.1)
    assert found.log_odds(np.array([scores[is_right].mean()], np.float32))[0] == pytest.approx(0.0, abs=0.01)
    assert calibrate(scores.reshape(-1).astype(np.float32), is_right.reshape(-1)).slope < 0.5


def test_contrast_passes_over_queries_without_an_answer_and_candidates_that_are_none() -> None:
    scores = np.array([[0.9, 0.5, np.nan], [0.5, 0.6, 0.4], [0.4, 0.3, 0.2]], np.float32)
    is_right = np.array([[True, False, False], [True, False, False], [False, False, False]])
    expected = contrast(scores[:2], is_right[:2])
    assert 0 < expected.slope < 1e3
    assert contrast(scores, is_right) == expected


@pytest.mark.parametrize("scores", [np.empty((0, 4)), np.ones((3, 4)), np.full((3, 4), np.nan), -np.eye(4)])
def test_contrast_of_scores_that_say_nothing_is_none(scores: npt.NDArray[np.float64]) -> None:
    is_right = np.eye(len(scores), 4, dtype=bool)
    assert contrast(scores.astype(np.float32), is_right).slope == 0
