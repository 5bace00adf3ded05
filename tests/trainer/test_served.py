"""Held-out questions are answered as a server would answer them, and reading changes only what it reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from trainer.evaluation_builders import WordEncoder, a_code, a_pair
from vizsla.core.settings import SearchSettings
from vizsla.models.calibration import Line, Reading
from vizsla.retrieval.rerank import reorder
from vizsla_trainer.evaluation.asking import Asked, ask, is_asked
from vizsla_trainer.evaluation.calibration import Calibration, aligned
from vizsla_trainer.evaluation.library import Vectors
from vizsla_trainer.evaluation.reranking import Setting
from vizsla_trainer.evaluation.served import (
    Fused,
    fused,
    lost,
    rank_after,
    reach_of,
    read_codes,
    reading_of,
    sweep_served,
    unread_ranks,
)
from vizsla_trainer.records import Code, Pair, make_pair

CODES = [
    a_code("parse_tree", "rows = open(path).read()", doc="Turn a file into a tree."),
    a_code("write_json", "file.write(dump(tree))", doc="Save a tree of values."),
    a_code("order", "return sorted(numbers)"),
    a_code("order_twin", "return sorted(numbers)"),
    a_code("greet", "print('hello', name)"),
    a_code("farewell", "print('goodbye', name)"),
    a_code("away", "return sorted(numbers)", workspace="elsewhere"),
]
PLACES = {code.id: place for place, code in enumerate(CODES)}
AS_IT_IS = Calibration(slope=1.0, intercept=0.0)


def encode(texts: Sequence[str], is_query: bool) -> Vectors:
    return WordEncoder().encode(texts, is_query=is_query)


def asked(*pairs: Pair, codes: Sequence[Code] = CODES) -> list[Asked]:
    found = {one.pair.id: one for one in ask(pairs, codes, encode, count=200)}
    return [found[pair.id] for pair in pairs]


def as_fused(pair: Pair, *, depth: int = 20, codes: Sequence[Code] = CODES) -> Fused:
    places = {code.id: place for place, code in enumerate(codes)}
    return fused(asked(pair, codes=codes)[0], Line(), places, depth=depth, last=99)


def scores(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


def test_words_and_meaning_are_fused_among_the_code_of_the_workspace() -> None:
    (one,) = asked(a_pair(CODES[0], "parse a file into a tree"))
    ranked = one.fused(Line())
    assert one.code_of[ranked[0].candidate.function.key] == CODES[0].id
    assert one.place(ranked) == 1
    assert CODES[6].id not in one.code_of.values(), "it is of another workspace"
    assert ranked[0].candidate.lexical_rank == ranked[0].candidate.dense_rank == 1


def test_a_docstring_is_sought_among_code_without_documentation() -> None:
    (bare,) = asked(a_pair(CODES[0], "Turn a file into a tree.", "docstring"))
    assert not any("Turn a file" in text for text in bare.texts.values())
    assert not any(candidate.function.doc for candidate in bare.found)
    (full,) = asked(a_pair(CODES[0], "Turn a file into a tree."))
    assert any("Turn a file" in text for text in full.texts.values())


def test_what_would_give_an_answer_away_is_not_in_it_while_it_is_sought() -> None:
    pair = make_pair(CODES[4], "say hello to somebody", "comment", text="custom", custom="greet\nprint(name)")
    (one,) = asked(pair)
    texts = {one.code_of[key]: text for key, text in one.texts.items() if key in {c.function.key for c in one.found}}
    assert texts[CODES[4].id] == "greet\nprint(name)"
    assert [code for code in one.code_of.values() if code == CODES[4].id], "it is still there to be found"


def test_what_may_answer_as_well_does_not_count_against_the_answer() -> None:
    codes = [*CODES[:2], *(a_code(f"sort_{i}", f"return sorted(numbers, {i})", doc="Sort the numbers.") for i in "abc")]
    (one,) = asked(a_pair(codes[4], "Sort the numbers."), codes=codes)
    ranked = one.fused(Line())
    verdicts = [one.is_right(candidate) for candidate in ranked]
    assert verdicts.count(True) == 1
    assert verdicts.count(None) == 2
    assert one.place(ranked) == 1
    assert one.place([]) is None


def test_names_are_no_questions() -> None:
    assert not is_asked(make_pair(CODES[0], "parse tree", "name", text="custom", custom="x"))
    assert is_asked(a_pair(CODES[0], "parse a file"))


@pytest.mark.parametrize("value", [float("nan"), 0.0])
def test_vectors_that_point_nowhere_leave_words_alone_to_answer(value: float) -> None:
    def broken(texts: Sequence[str], is_query: bool) -> Vectors:
        return np.full((len(texts), 8), value, dtype=np.float32)

    (one,) = ask([a_pair(CODES[0], "parse a file into a tree")], CODES, broken, count=10)
    assert one.place(one.fused(Line())) == 1
    assert all(candidate.dense_rank is None for candidate in one.found)


def test_reading_puts_the_answer_where_the_server_would_put_it() -> None:
    one = as_fused(a_pair(CODES[5], "print a name"))
    reading = Reading(log_odds=Line(), weight=1.0, depth=20)
    said = scores(*np.linspace(-3, 3, len(one.head)))
    again = reorder(one.head, said, reading)
    expected = 1 + [ranked.candidate.function.key for ranked in again].index(
        next(ranked for ranked, right in zip(one.head, one.is_right, strict=True) if right).candidate.function.key
    )
    assert len(one.head) >= 4
    assert rank_after(one, said, reading) == expected
    assert [PLACES[CODES[place].id] for place in one.codes] == list(one.codes)


def test_an_answer_beyond_what_is_read_rises_only_when_that_falls_behind_it() -> None:
    one = as_fused(a_pair(CODES[1], "print a name"))
    assert one.rank > 2
    reading = Reading(log_odds=Line(), weight=1.0, depth=2)
    assert len(read_codes(one, reading)) == 2
    assert rank_after(one, scores(0.1, 0.0), reading) == one.rank
    assert rank_after(one, scores(5.0, -5.0), reading) == one.rank - 1


def test_an_answer_that_was_not_found_has_the_place_behind_all() -> None:
    codes = [*CODES[:5], *(a_code(f"tree_{i}", f"tree({i})") for i in range(250))]
    pair = a_pair(codes[4], "tree")
    assert as_fused(pair, codes=codes).rank == 99
    assert unread_ranks([as_fused(pair, codes=codes), lost(7)]).tolist() == [99, 7]
    assert rank_after(lost(7), scores(), Reading(log_odds=Line(), weight=1.0, depth=5)) == 7


def test_a_weight_of_nothing_reads_nothing() -> None:
    one = as_fused(a_pair(CODES[5], "print a name"))
    silent = reading_of(Calibration(slope=0.0, intercept=0.0), Setting(depth=1, weight=0.0))
    assert silent is not None
    assert read_codes(one, silent) == ()
    assert rank_after(one, scores(), silent) == one.rank


def test_of_scores_that_say_nothing_there_is_nothing_to_tell() -> None:
    assert reading_of(Calibration(slope=0.0, intercept=0.0), Setting(depth=5, weight=1.0)) is None
    assert reading_of(AS_IT_IS, Setting(depth=5, weight=1.0)) == Reading(log_odds=Line(), weight=1.0, depth=5)


def test_the_sweep_finds_how_much_reading_is_worth() -> None:
    found = [as_fused(a_pair(CODES[5], "print a name")), as_fused(a_pair(CODES[2], "tree numbers"))]
    truth = [scores(*(4.0 if right else 0.0 for right in one.is_right)) for one in found]
    tried = sweep_served(found, truth, depths=(2, 500, 20), weights=(0.1, 4.0), cross=AS_IT_IS)
    assert {setting.depth for setting, _ in tried} == {2, 20, SearchSettings().candidates}, (
        "a server never reads more than it finds"
    )
    assert tried[0] == (Setting(depth=20, weight=4.0), 1.0)
    assert sweep_served(found, truth, depths=(2,), weights=(1.0,), cross=Calibration(slope=0.0, intercept=0.0)) == []


def test_how_far_opinions_are_apart_is_told_in_log_odds() -> None:
    cross = Calibration(slope=2.0, intercept=-1.0)
    assert reach_of([scores(0.0, 1.5), scores(1.0, np.nan, 4.0), scores()], cross) == pytest.approx(5.97)
    assert reach_of([scores(1.0)], cross) is None
    assert reach_of([scores(1.0, 2.0)], Calibration(slope=0.0, intercept=0.0)) is None


def test_a_line_that_cannot_be_told_is_none() -> None:
    flat, steep = Calibration(slope=0.0, intercept=0.0), Calibration(slope=1e6, intercept=0.0)
    assert (
        aligned(Line(), AS_IT_IS, flat) is aligned(Line(), None, AS_IT_IS) is aligned(Line(), AS_IT_IS, steep) is None
    )
    assert aligned(Line(slope=0.5), AS_IT_IS, Calibration(slope=4.0, intercept=2.0)) == Line(slope=2.0, intercept=1.0)
