"""Held-out queries are ranked among what a user would search in, and what is just as right does not count against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.evaluation_builders import WordEncoder, a_code, a_pair
from vizsla_trainer.errors import StoppedError
from vizsla_trainer.evaluation.retrieval import candidate_text, rank_pairs
from vizsla_trainer.records import make_pair
from vizsla_trainer.training.vectors import RememberingEncoder

CODES = [
    a_code("parse", "read json from file", doc="Turn a file into a tree."),
    a_code("write", "store json into file", doc="Save a tree."),
    a_code("sort", "order a list of numbers"),
    a_code("away", "order a list of numbers", workspace="elsewhere"),
]


def test_ranks_and_candidates_are_those_of_the_cosines() -> None:
    pairs = [a_pair(CODES[0], "read json"), a_pair(CODES[2], "store numbers into file")]
    encoder = WordEncoder()
    found = rank_pairs(encoder, pairs, CODES, depth=5)
    for i, pair in enumerate(pairs):
        query = encoder.encode([pair.query], is_query=True)[0]
        cosines = encoder.encode([code.text for code in CODES[:3]], is_query=True) @ query
        order = np.argsort(-cosines, kind="stable")
        assert found.candidates[i].tolist() == [*order.tolist(), -1, -1]
        assert found.cosines[i, :3] == pytest.approx(cosines[order])
        assert np.isnan(found.cosines[i, 3:]).all()
        assert found.ranks[i] == 1 + order.tolist().index([0, 2][i])


class _Counting(RememberingEncoder):
    """Remembers, and counts what it is asked."""

    asked = 0

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        self.asked += 0 if is_query else len(texts)
        return super().encode(texts, is_query=is_query)


def test_an_encoder_that_remembers_is_asked_itself_so_that_vectors_are_in_memory_once() -> None:
    pairs = [a_pair(CODES[0], "read json"), a_pair(CODES[2], "order numbers", "docstring")]
    encoder = _Counting(WordEncoder())
    found, plain = rank_pairs(encoder, pairs, CODES, depth=5), rank_pairs(WordEncoder(), pairs, CODES, depth=5)
    assert (found.ranks == plain.ranks).all()
    assert np.array_equal(found.cosines, plain.cosines, equal_nan=True)
    assert encoder.asked == 2 * 3 + 2, "another that remembers in between would ask for what is new alone"


def test_code_of_another_workspace_is_no_candidate() -> None:
    found = rank_pairs(WordEncoder(), [a_pair(CODES[3], "sort")], CODES, depth=4)
    assert found.candidates[0].tolist() == [3, -1, -1, -1]
    assert found.ranks[0] == 1


def test_a_docstring_is_sought_among_code_without_documentation() -> None:
    encoder = WordEncoder()
    rank_pairs(encoder, [a_pair(CODES[0], "Turn a file into a tree.", "docstring")], CODES, depth=2)
    assert not any("tree" in text for text in encoder.texts)


def test_the_right_code_is_read_without_what_would_give_it_away() -> None:
    pair = make_pair(CODES[0], "parse", "name", text="custom", custom="hidden words")
    encoder = WordEncoder()
    found = rank_pairs(encoder, [pair], CODES, depth=3)
    assert "hidden words" in encoder.texts
    assert found.ranks[0] == 3
    assert candidate_text(pair, CODES[0]) == "hidden words"
    assert candidate_text(pair, CODES[1]).endswith("\nSave a tree.\nstore json into file")
    assert "write" not in candidate_text(pair, CODES[1]), "beside a hidden name a shown one would be wrong"


def test_what_may_be_just_as_right_is_no_candidate() -> None:
    twin = a_code("parse", "read  json from FILE", doc="Turn a file into a tree.")
    documented_alike = a_code("load", "something else", doc="turn a file into a tree.")
    also_changed = a_code("open", "whatever")
    codes = [*CODES, twin, documented_alike, also_changed]
    pairs = [a_pair(CODES[0], "read json"), a_pair(also_changed, "Read JSON")]
    found = rank_pairs(WordEncoder(), pairs, codes, depth=9)
    assert not {4, 5, 6} & set(found.candidates[0].tolist())


def test_each_text_is_embedded_once() -> None:
    encoder = WordEncoder()
    undocumented = [a_code(name, "json") for name in "abc"]
    pairs = [a_pair(code, f"json {code.name}", "docstring") for code in undocumented]
    rank_pairs(encoder, [*pairs, a_pair(undocumented[0], "full view")], undocumented, depth=2)
    assert len(encoder.texts) == len(set(encoder.texts))


def test_a_model_whose_vectors_are_all_alike_or_no_numbers_finds_nothing() -> None:
    pairs = [a_pair(CODES[0], "read json")]
    for fill in (1.0, float("nan")):
        found = rank_pairs(WordEncoder(fill=fill), pairs, CODES, depth=3)
        assert found.ranks[0] >= 3


def test_measuring_can_be_stopped() -> None:
    with pytest.raises(StoppedError):
        rank_pairs(WordEncoder(), [a_pair(CODES[0], "x")], CODES, depth=1, cancelled=lambda: True)
