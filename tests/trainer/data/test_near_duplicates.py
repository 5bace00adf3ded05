"""Clusters hold what is nearly the same, as comparing all with all would find it."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizsla_trainer.data import near_duplicates
from vizsla_trainer.data.near_duplicates import UnionFind, clusters, code_clusters, query_clusters, shingles

WORDS = [f"word{number}" for number in range(40)]


def jaccard(one: str, other: str, width: int) -> float:
    a, b = set(shingles(one, width).tolist()), set(shingles(other, width).tolist())
    return len(a & b) / len(a | b) if a | b else 1.0


def by_hand(texts: list[str], similarity: float, width: int) -> list[int]:
    union = UnionFind(len(texts))
    for one, other in itertools.combinations(range(len(texts)), 2):
        if jaccard(texts[one], texts[other], width) >= similarity:
            union.join(one, other)
    return [union.find(place) for place in range(len(texts))]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_clusters_are_those_of_comparing_all_with_all(seed: int) -> None:
    rng = random.Random(seed)
    texts: list[str] = []
    for _ in range(8):
        words = rng.choices(WORDS, k=rng.randint(0, 60))
        texts.append(" ".join(words))
        for _ in range(rng.randint(0, 3)):
            for _ in range(rng.randint(0, 2)):
                if words:
                    words[rng.randrange(len(words))] = rng.choice(WORDS)
            texts.append(" ".join(words))
    # .02 beside the border either way: bands may miss what is barely alike, once in thousands
    found, strict, loose = clusters(texts, 0.75, shingle=4).tolist(), by_hand(texts, 0.75, 4), by_hand(texts, 0.73, 4)
    assert found in (strict, loose)


def test_codes_that_differ_in_layout_and_operators_are_one() -> None:
    found = code_clusters(["a = b + c(d)\n", "a=b+c( d )", "something else entirely here"], 0.9)
    assert found.tolist() == [0, 0, 2]


def test_queries_that_differ_in_case_and_punctuation_are_one() -> None:
    found = query_clusters(["Return the name.", "return the name", "return the other name"], 0.9)
    assert found.tolist() == [0, 0, 2]


def test_texts_without_words_are_one_and_join_nothing() -> None:
    assert clusters(["", "++", "a b c d e"], 0.7, shingle=4).tolist() == [0, 0, 2]
    assert clusters([], 0.7, shingle=4).tolist() == []


def test_ten_thousand_copies_are_one_cluster() -> None:
    rng = random.Random(5)
    base = rng.choices(WORDS, k=100)
    texts = []
    for _ in range(10_000):
        words = list(base)
        words[rng.randrange(100)] = "changed"
        texts.append(" ".join(words))
    assert len(np.unique(code_clusters(texts, 0.7))) == 1


def test_clusters_are_the_same_however_few_neighbours_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(8)
    texts = []
    for _ in range(40):
        words = rng.choices(WORDS, k=60)
        for _ in range(6):
            words[rng.randrange(60)] = rng.choice(WORDS)
            texts.append(" ".join(words))
    expected = code_clusters(texts, 0.75).tolist()
    assert 40 <= len(set(expected)) < 240
    monkeypatch.setattr(near_duplicates, "_MOST_WAITING", 5)
    assert code_clusters(texts, 0.75).tolist() == expected


@pytest.mark.parametrize("text", ["one", "one two three", "one two three four five"])
def test_a_text_shorter_than_a_shingle_is_one_shingle(text: str) -> None:
    assert len(shingles(text, 4)) == max(len(text.split()) - 3, 1)
