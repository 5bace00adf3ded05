"""What a reranker said is remembered by question and content, and no more of it than there is room for."""

from __future__ import annotations

import numpy as np

from vizsla.models.opinions import Opinions


def scores(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def test_what_was_said_is_known_in_any_order() -> None:
    opinions = Opinions()
    opinions.note("json", ["read", "write"], scores(1.5, -2.0))
    assert opinions.of("json", ["write", "other", "read"]).tolist()[::2] == [-2.0, 1.5]
    assert np.isnan(opinions.of("json", ["write", "other", "read"])[1])


def test_another_question_is_unknown() -> None:
    opinions = Opinions()
    opinions.note("json", ["read"], scores(1.5))
    assert np.isnan(opinions.of("yaml", ["read"])).all()


def test_an_edited_text_is_unknown_and_one_that_went_back_is_known() -> None:
    opinions = Opinions()
    opinions.note("json", ["return 1"], scores(1.5))
    assert np.isnan(opinions.of("json", ["return 2"])).all()
    assert opinions.of("json", ["return 1"]).tolist() == [1.5]


def test_what_was_not_read_is_not_remembered() -> None:
    opinions = Opinions()
    opinions.note("json", ["read", "write"], scores(float("nan"), 1.0))
    assert len(opinions) == 1


def test_what_was_not_wanted_for_longest_is_forgotten_first() -> None:
    opinions = Opinions(most=2)
    opinions.note("json", ["read", "write"], scores(1.0, 2.0))
    opinions.of("json", ["read"])
    opinions.note("json", ["find"], scores(3.0))
    assert np.isnan(opinions.of("json", ["read", "write", "find"])).tolist() == [False, True, False]


def test_nothing_asked_nothing_known() -> None:
    assert Opinions().of("json", []).tolist() == []
