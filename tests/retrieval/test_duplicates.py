"""Copies give way to the best of them."""

from __future__ import annotations

import random

from retrieval.candidate_builders import candidate, function
from vizsla.index.records import StoredFunction
from vizsla.retrieval.duplicates import fold_duplicates
from vizsla.retrieval.fusion import Ranked, fuse
from vizsla.retrieval.query import Question

ASKED = Question.from_text("how are uploads retried")


def ranked(*found: tuple[StoredFunction, float]) -> list[Ranked]:
    return fuse(ASKED, [candidate(one, cosine=cosine) for one, cosine in found])


def keys(folded: list[Ranked]) -> list[int]:
    return [one.candidate.function.key for one in folded]


def test_nothing_folds_to_nothing() -> None:
    assert fold_duplicates([]) == []


def test_equal_contents_are_folded_into_the_best() -> None:
    found = ranked(
        (function(1, "send", path="src/a.py", text="same"), 0.5),
        (function(2, "send", path="vendor/a.py", text="same"), 0.5),
        (function(3, "other", path="b.py"), 0.4),
    )
    folded = fold_duplicates(found)
    assert keys(folded) == [1, 3]
    assert [keys(list(one.copies)) for one in folded] == [[2], []]


def test_near_copies_of_one_name_are_folded() -> None:
    found = ranked(
        (function(1, "send", path="a.py", size=1000), 0.5), (function(2, "send", path="b.py", size=1010), 0.501)
    )
    assert len(fold_duplicates(found)) == 1


def test_functions_that_only_share_their_name_both_stay() -> None:
    by_meaning = ranked((function(1, "send", path="a.py"), 0.5), (function(2, "send", path="b.py"), 0.4))
    by_size = ranked(
        (function(1, "send", path="a.py", size=1000), 0.5), (function(2, "send", path="b.py", size=2000), 0.5)
    )
    assert len(fold_duplicates(by_meaning)) == 2
    assert len(fold_duplicates(by_size)) == 2


def test_without_vectors_only_equal_contents_are_folded() -> None:
    found = fuse(ASKED, [candidate(function(key, "send", path=f"{key}.py"), match=0.4) for key in (1, 2)])
    assert len(fold_duplicates(found)) == 2


def test_folding_keeps_the_order_and_loses_no_key() -> None:
    chance = random.Random(1)
    found = ranked(
        *(
            (function(k, f"f{k % 4}", path=f"{k}.py", text=str(chance.randrange(8))), chance.random())
            for k in range(1, 40)
        )
    )
    folded = fold_duplicates(found)
    order = [one.candidate.function.key for one in found]
    assert keys(folded) == [key for key in order if key in keys(folded)]
    assert sorted([*keys(folded), *(copy for one in folded for copy in keys(list(one.copies)))]) == sorted(order)
