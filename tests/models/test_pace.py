"""How long a reranker takes is guessed, then measured."""

from __future__ import annotations

import pytest

from vizsla.models.pace import Pace


def test_a_longer_text_takes_longer_until_the_model_cuts_it() -> None:
    short, long, longer, longest = Pace(256).seconds([60, 600, 6_000, 60_000])
    assert 0 < short < long < longer
    assert longer == longest


def test_nothing_takes_no_time() -> None:
    assert Pace(256).seconds([]).tolist() == []


def test_the_guess_gives_way_to_what_is_measured() -> None:
    pace = Pace(256)
    for _ in range(30):
        pace.took(200, 200 / 12_000)
    assert pace.tokens_per_second == pytest.approx(12_000, rel=0.05)
    for _ in range(30):
        pace.took(200, 200 / 900)
    assert pace.tokens_per_second == pytest.approx(900, rel=0.1)


def test_one_stall_is_soon_forgotten() -> None:
    pace = Pace(256)
    for _ in range(30):
        pace.took(200, 200 / 12_000)
    pace.took(200, 30.0)
    assert pace.tokens_per_second > 8_000


def test_the_tokens_of_a_language_are_learned() -> None:
    pace = Pace(256)
    for _ in range(30):
        pace.counted([400, 300], 100 + 75 + 6)
    assert pace.tokens([400]).tolist() == pytest.approx([103], rel=0.02)


def test_texts_that_were_all_cut_say_nothing_of_their_tokens() -> None:
    pace = Pace(256)
    before = pace.tokens([100, 500]).tolist()
    pace.counted([9_000, 9_000], 512)
    assert pace.tokens([100, 500]).tolist() == before


def test_a_batch_without_tokens_says_nothing() -> None:
    pace = Pace(256)
    before = pace.tokens([100]).tolist()
    pace.counted([100], 0)
    assert pace.tokens([100]).tolist() == before
