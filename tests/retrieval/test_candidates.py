"""Candidates from a real store and real vectors."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from index.builders import change
from vizsla.core.types import FunctionKey
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex
from vizsla.retrieval.candidates import Candidate, gather
from vizsla.retrieval.layers import Layer
from vizsla.retrieval.query import Question

DIMENSION = 8


def unit(axis: int) -> npt.NDArray[np.float32]:
    row: npt.NDArray[np.float32] = np.eye(DIMENSION, dtype=np.float32)[axis]
    return row


@pytest.fixture
def library() -> tuple[Store, VectorIndex, list[FunctionKey]]:
    """Four functions; the first three have vectors along the first three axes."""
    store = Store.in_memory()
    (delta,) = store.replace_files(
        [
            change(
                "app.py",
                ("retry_upload", "send()"),
                ("close_stream", "stream.close()"),
                ("parse_header", "split()"),
                ("retry_download", "fetch()"),
            )
        ]
    )
    keys = [key for key, _ in delta.added]
    vectors = VectorIndex(DIMENSION)
    vectors.add(np.array(keys[:3], dtype=np.int64), np.stack([unit(0), unit(1), unit(2)]))
    return store, vectors, keys


def by_key(found: list[Candidate]) -> dict[int, Candidate]:
    return {one.function.key: one for one in found}


def test_both_retrievers_are_heard(library: tuple[Store, VectorIndex, list[FunctionKey]]) -> None:
    store, vectors, keys = library
    found = by_key(gather(Question.from_text("retry"), unit(1), [Layer(store=store, vectors=vectors)], 1))
    assert found[keys[1]].dense_rank == 1
    assert found[keys[1]].lexical_rank is None
    assert found[keys[1]].match == 0.0
    lexical = [one for one in found.values() if one.lexical_rank is not None]
    assert len(lexical) == 1
    assert 0.0 < lexical[0].match <= 1.0


def test_a_candidate_found_by_words_alone_gets_its_cosine(
    library: tuple[Store, VectorIndex, list[FunctionKey]],
) -> None:
    store, vectors, keys = library
    query = (unit(0) + unit(1)) / np.float32(math.sqrt(2))
    found = by_key(gather(Question.from_text("retry upload"), query, [Layer(store=store, vectors=vectors)], 10))
    assert found[keys[0]].cosine == pytest.approx(math.sqrt(0.5), abs=0.02)
    assert math.isnan(found[keys[3]].cosine)


def test_words_alone_do_without_vectors(library: tuple[Store, VectorIndex, list[FunctionKey]]) -> None:
    store, _, keys = library
    found = gather(Question.from_text("retry upload"), None, [Layer(store=store, vectors=None)], 10)
    assert {one.function.key for one in found} == {keys[0], keys[3]}
    assert all(math.isnan(one.cosine) and one.dense_rank is None for one in found)


def test_vectors_alone_do_without_words(library: tuple[Store, VectorIndex, list[FunctionKey]]) -> None:
    store, vectors, keys = library
    found = gather(Question.from_text("retry"), unit(2), [Layer(store=store, vectors=vectors)], 2, use_words=False)
    assert keys[2] in {one.function.key for one in found}
    assert all(one.lexical_rank is None for one in found)


def test_only_what_is_allowed_answers(library: tuple[Store, VectorIndex, list[FunctionKey]]) -> None:
    store, vectors, keys = library
    allowed = np.array([keys[1], keys[3]], dtype=np.int64)
    found = gather(Question.from_text("retry"), unit(0), [Layer(store=store, vectors=vectors)], 10, allowed=allowed)
    assert {one.function.key for one in found} == {keys[1], keys[3]}


def test_a_question_that_covers_a_function_matches_it_better(
    library: tuple[Store, VectorIndex, list[FunctionKey]],
) -> None:
    store, _, keys = library
    whole = by_key(gather(Question.from_text("retry upload"), None, [Layer(store=store, vectors=None)], 10))
    with_more = by_key(
        gather(Question.from_text("retry upload of frobnications"), None, [Layer(store=store, vectors=None)], 10)
    )
    assert with_more[keys[0]].match < whole[keys[0]].match


def test_an_empty_store_has_no_candidates() -> None:
    assert (
        gather(
            Question.from_text("retry"), unit(0), [Layer(store=Store.in_memory(), vectors=VectorIndex(DIMENSION))], 10
        )
        == []
    )


def test_an_identifier_is_found_however_it_is_written(
    library: tuple[Store, VectorIndex, list[FunctionKey]],
) -> None:
    store, _, keys = library
    for written in ("retryUpload", "retry_upload", "retryupload"):
        found = gather(Question.from_text(written), None, [Layer(store=store, vectors=None)], 1)
        assert [one.function.key for one in found] == [keys[0]]
