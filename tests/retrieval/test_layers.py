"""What is found does not show how functions are divided among layers."""

from __future__ import annotations

import random

import numpy as np
import pytest

from index.builders import change, unit_vectors
from vizsla.core.types import FunctionKey
from vizsla.index.records import FileChange
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex
from vizsla.retrieval.candidates import Candidate, gather
from vizsla.retrieval.layers import Layer
from vizsla.retrieval.query import Question

DIMENSION = 32
HIGH = 1 << 48
WORDS = ["load", "save", "price", "cart", "user", "token", "retry", "upload", "parse", "header"]


def some_file(chance: random.Random, path: str) -> FileChange:
    return change(
        path,
        *(
            ("_".join(chance.sample(WORDS, 2)), " + ".join(chance.choices(WORDS, k=chance.randint(1, 9))))
            for _ in range(chance.randint(0, 6))
        ),
    )


def library(files: list[FileChange], first_key: int = 1) -> tuple[Store, VectorIndex]:
    """A store with a vector for each content."""
    store, vectors = Store.in_memory(first_key), VectorIndex(DIMENSION)
    store.replace_files(files)
    keys, hashes = store.all_keys_and_hashes()
    if len(keys):
        rows = [unit_vectors(1, DIMENSION, seed=int.from_bytes(value[:4], "big"))[0] for value in hashes]
        vectors.add(keys, np.stack(rows))
    return store, vectors


def told(found: list[Candidate]) -> list[tuple[object, ...]]:
    """Candidates without their keys."""
    return sorted(
        (
            one.function.path,
            one.function.span.start,
            one.function.name,
            round(one.match, 7),
            round(one.cosine, 7),
        )
        for one in found
    )


@pytest.mark.parametrize("seed", range(12))
def test_two_layers_are_as_good_as_one(seed: int) -> None:
    chance = random.Random(seed)
    disk = {path: some_file(chance, path) for path in ("cart/app.py", "user.py", "lib/token.py", "lib/load.py")}
    edited = chance.sample([*disk, "retry/new.py"], 2)
    buffers = {path: some_file(chance, path) for path in edited}
    store, vectors = library(list(disk.values()))
    above, above_vectors = library(list(buffers.values()), HIGH)
    hidden = sorted(key for path in edited for key, _ in store.contents_of(path))
    new = frozenset(path for path in edited if path not in disk)
    layers = [
        Layer(store=store, vectors=vectors, hidden=np.array(hidden, dtype=np.int64)),
        Layer(store=above, vectors=above_vectors, paths=new),
    ]
    whole, whole_vectors = library([*({**disk, **buffers}).values()])
    query = unit_vectors(1, DIMENSION, seed=seed)[0]
    for text in ("load a cart", "retry user token", "price", "parse the header of an upload"):
        question = Question.from_text(text)
        divided = gather(question, query, layers, 100)
        assert told(divided) == told(gather(question, query, [Layer(store=whole, vectors=whole_vectors)], 100))
        best = sorted((one for one in divided if one.dense_rank is not None), key=lambda one: -one.cosine)
        assert [one.dense_rank for one in best] == list(range(1, len(best) + 1))


def test_of_many_only_the_best_of_all_layers_are_taken() -> None:
    chance = random.Random(1)
    store, vectors = library([some_file(chance, f"{number}.py") for number in range(20)])
    above, above_vectors = library([some_file(chance, f"above{number}.py") for number in range(20)], HIGH)
    layers = [Layer(store=store, vectors=vectors), Layer(store=above, vectors=above_vectors)]
    query, question = unit_vectors(1, DIMENSION, seed=3)[0], Question.from_text("load token")
    everything = gather(question, query, layers, 1000)
    few = gather(question, query, layers, 5)
    dense = sorted((one.dense_rank, one.function.key) for one in everything if one.dense_rank is not None)[:5]
    assert sorted((one.dense_rank, one.function.key) for one in few if one.dense_rank is not None) == dense
    lexical = sorted((one.lexical_rank, one.function.key) for one in everything if one.lexical_rank is not None)[:5]
    assert sorted((one.lexical_rank, one.function.key) for one in few if one.lexical_rank is not None) == lexical


def test_equal_scores_come_in_the_order_of_what_they_take_the_place_of() -> None:
    twins = [change(path, ("load_cart", "x")) for path in ("a.py", "b.py", "c.py")]
    store, _ = library(twins)
    above, _ = library(twins[:1], HIGH)
    ((first, _),) = store.contents_of("a.py")
    layers = [
        Layer(store=store, vectors=None, hidden=np.array([first], dtype=np.int64)),
        Layer(store=above, vectors=None, paths=frozenset(), places={FunctionKey(HIGH): first}),
    ]
    found = gather(Question.from_text("load"), None, layers, 10)
    assert [one.function.path for one in found] == ["a.py", "b.py", "c.py"]
    assert [one.lexical_rank for one in found] == [1, 2, 3]


def test_filters_hold_in_every_layer() -> None:
    store, vectors = library([change("a.py", ("load_cart", "x"), ("load_user", "y"))])
    above, above_vectors = library([change("b.py", ("load_cart", "x"), ("load_user", "y"))], HIGH)
    layers = [Layer(store=store, vectors=vectors), Layer(store=above, vectors=above_vectors)]
    allowed = np.array([1, HIGH + 1], dtype=np.int64)
    found = gather(Question.from_text("load"), unit_vectors(1, DIMENSION)[0], layers, 10, allowed=allowed)
    assert [one.function.key for one in found] == [1, HIGH + 1]
