"""Every question finds its function where ``ranks.csv`` says, so that no change of ranking goes unnoticed.

``trees`` holds small source trees of our own making, ``ranks.csv`` a question in each row, the function that answers
it, and its place among the hits of the package's model without a reranker. After a wanted change of ranking run
``python tests/ranking/update.py``, read what it prints, and commit the file with the change. Bad ranks are data:
neither questions nor trees are tuned to make them better.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ranking.asking import TREES, Asked, Case, ask, read_cases
from ranking.comparing import UPDATE, by_category, refusal


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """The file."""
    return read_cases()


@pytest.fixture(scope="module")
def asked(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """What the trees answer now."""
    return ask(cases, tmp_path_factory.mktemp("ranking"))


def test_every_function_is_found_where_the_file_says(cases: list[Case], asked: Asked) -> None:
    told = refusal(cases, asked.cases)
    assert not told, told


def test_every_question_has_one_right_function(cases: list[Case], asked: Asked) -> None:
    wrong = {case: count for case in cases if (count := asked.names[case.tree, case.path, case.function]) != 1}
    assert not wrong
    assert len({(case.tree, case.question) for case in cases}) == len(cases)
    assert {case.tree for case in cases} == {path.name for path in TREES.iterdir()}


def test_questions_in_two_or_three_words_are_answered_no_worse_than_by_words_alone(asked: Asked) -> None:
    fused = by_category(asked.cases, [case.rank for case in asked.cases])
    assert fused["keyword"] >= by_category(asked.cases, asked.by_words)["keyword"]


def test_a_typed_symbol_comes_first_where_words_alone_put_it_first(asked: Asked) -> None:
    behind = [
        case.question
        for case, by_words in zip(asked.cases, asked.by_words, strict=True)
        if case.category == "symbol" and by_words == 1 and case.rank != 1
    ]
    assert not behind


def test_a_change_is_refused_when_rounding_does_not_explain_it() -> None:
    def ranked(*ranks: int) -> list[Case]:
        some = [Case(tree="t", category="c", question="q", path="p", function="f", rank=rank) for rank in ranks]
        return some + [replace(some[0], question=f"other {number}", rank=1) for number in range(100)]

    before = ranked(1, 3, 12, 0)
    assert not refusal(before, before)
    assert not refusal(before, ranked(2, 4, 14, 49))
    assert "3 -> 5: c 'q', p f" in refusal(before, ranked(1, 5, 12, 0))
    assert "1 differ by more" in refusal(before, ranked(1, 3, 15, 0))
    assert UPDATE in refusal(before, ranked(1, 3, 12, 40))
    many = [replace(case, rank=2) for case in before[:10]]
    told = refusal(before, [*many, *before[10:]])
    assert "MRR c: " in told
    assert "of 104 ranks differ" in told
