"""Nearest neighbours are the right ones, and a damaged file of vectors is never looked at."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.builders import MODEL, unit_vectors
from vizsla.core.types import Fingerprint, FunctionKey
from vizsla.index.vectors import VectorIndex


def filled(count: int, dimension: int = 32, *, seed: int = 0) -> VectorIndex:
    index = VectorIndex(dimension)
    index.add(np.arange(1, count + 1), unit_vectors(count, dimension, seed=seed))
    return index


def test_the_nearest_are_those_of_all_cosines() -> None:
    vectors, query = unit_vectors(3000, 64), unit_vectors(1, 64, seed=9)[0]
    index = VectorIndex(64)
    index.add(np.arange(3000) * 3 + 1, vectors * 7.5)  # the length of a vector does not matter
    cosines = vectors @ query
    keys, found = index.nearest(query * 0.01, 50)
    assert found == pytest.approx(np.sort(cosines)[::-1][:50], abs=0.006)
    assert (np.diff(found) <= 0).all()
    best = set((np.argsort(-cosines)[:50] * 3 + 1).tolist())
    assert len(best & set(keys.tolist())) >= 47
    assert index.cosines(query, keys) == pytest.approx(found, abs=1e-5)


def test_only_allowed_keys_answer() -> None:
    index, query = filled(500), unit_vectors(1, seed=5)[0]
    allowed = np.array([3, 77, 400, 9999])
    keys, cosines = index.nearest(query, 10, allowed)
    assert set(keys.tolist()) == {3, 77, 400}
    assert cosines == pytest.approx(index.cosines(query, keys), abs=1e-6)
    assert len(index.nearest(query, 10, np.empty(0, dtype=np.int64))[0]) == 0


def test_equal_vectors_are_ordered_by_key() -> None:
    index = VectorIndex(8)
    index.add(np.array([9, 2, 5]), np.repeat(unit_vectors(1, 8), 3, axis=0))
    assert index.nearest(unit_vectors(1, 8)[0], 3)[0].tolist() == [2, 5, 9]


def test_vectors_without_direction_are_refused() -> None:
    vectors = unit_vectors(6, 8)
    vectors[1, 3], vectors[2, 0], vectors[3] = np.nan, np.inf, 0.0
    index = VectorIndex(8)
    assert index.add(np.arange(6), vectors).tolist() == [1, 2, 3]
    keys, cosines = index.nearest(vectors[0], 6)
    assert sorted(keys.tolist()) == [0, 4, 5] and np.isfinite(cosines).all()
    for query in (vectors[1], vectors[2], vectors[3]):
        with pytest.raises(ValueError, match="zero or not finite"):
            index.nearest(query, 1)


def test_shapes_that_do_not_fit_are_refused() -> None:
    index = filled(3)
    with pytest.raises(ValueError, match="shape"):
        index.add(np.array([7]), unit_vectors(1, 16))
    with pytest.raises(ValueError, match="shape"):
        index.nearest(unit_vectors(1, 16)[0], 1)
    with pytest.raises(ValueError, match="twice"):
        index.add(np.array([7, 7]), unit_vectors(2))
    with pytest.raises(ValueError, match="positive"):
        VectorIndex(0)


def test_an_empty_index_answers_nothing() -> None:
    index = VectorIndex(32)
    keys, cosines = index.nearest(unit_vectors(1)[0], 5)
    assert (len(keys), len(cosines), len(index)) == (0, 0, 0)
    assert index.vector_of(FunctionKey(1)) is None
    assert np.isnan(index.cosines(unit_vectors(1)[0], [FunctionKey(1)])).all()


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["add", "remove", "save"]), st.sets(st.integers(1, 60), min_size=1, max_size=25)),
        max_size=12,
    )
)
def test_adding_and_removing_in_any_order_equals_a_dictionary(
    steps: list[tuple[str, set[int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    index, expected = VectorIndex(8), dict[int, np.ndarray]()
    for number, (step, chosen) in enumerate(steps):
        keys = np.array(list(chosen))
        if step == "add":
            vectors = unit_vectors(len(keys), 8, seed=number)
            index.add(keys, vectors)
            expected.update(zip(keys.tolist(), vectors, strict=True))
        elif step == "remove":
            index.remove(keys)
            for key in chosen:
                expected.pop(key, None)
        else:
            directory = tmp_path_factory.mktemp("v")
            index.save(directory, number, MODEL)
            loaded = VectorIndex.load(directory, MODEL, dimension=8)
            assert loaded.index is not None and loaded.generation == number
            index = loaded.index
    assert index.keys().tolist() == sorted(expected) and len(index) == len(expected)
    for key, vector in expected.items():
        assert key in index
        found = index.vector_of(FunctionKey(key))
        assert found is not None and float(found @ vector) > 0.999
    if expected:
        query = unit_vectors(1, 8, seed=99)[0]
        keys, cosines = index.nearest(query, 100)
        assert sorted(keys.tolist()) == sorted(expected)
        assert cosines == pytest.approx([expected[key] @ query for key in keys.tolist()], abs=0.02)


def test_vectors_of_another_model_store_or_size_are_not_loaded(tmp_path: Path) -> None:
    index = filled(20)
    index.save(tmp_path, 4, MODEL, identity="store-1")
    for arguments, why in (
        ({"fingerprint": Fingerprint("other"), "dimension": 32, "identity": "store-1"}, "another fingerprint"),
        ({"fingerprint": MODEL, "dimension": 16, "identity": "store-1"}, "another dimension"),
        ({"fingerprint": MODEL, "dimension": 32, "identity": "store-2"}, "another identity"),
    ):
        loaded = VectorIndex.load(tmp_path, **arguments)  # type: ignore[arg-type]
        assert loaded.index is None and why in loaded.problem
    loaded = VectorIndex.load(tmp_path, MODEL, dimension=32, identity="store-1")
    assert loaded.generation == 4 and loaded.index is not None and len(loaded.index) == 20
    nothing = VectorIndex.load(tmp_path / "nowhere", MODEL, dimension=32)
    assert nothing.index is None and nothing.problem == "no vectors are saved"


@pytest.mark.parametrize("name", ["vectors.bin", "vectors.json"])
def test_no_flipped_bit_and_no_truncation_gets_through(tmp_path: Path, name: str) -> None:
    index = filled(300)
    index.save(tmp_path, 1, MODEL)
    path = tmp_path / name
    whole = path.read_bytes()
    step = 97 if name == "vectors.bin" else 1
    for place in range(0, len(whole), step):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        loaded = VectorIndex.load(tmp_path, MODEL, dimension=32)
        # The generation is not covered by a hash: it only says whether to compare keys.
        assert loaded.index is None or (name == "vectors.json" and b"generation" in whole[max(0, place - 15) : place])
    for size in range(0, len(whole), step):
        path.write_bytes(whole[:size])
        assert VectorIndex.load(tmp_path, MODEL, dimension=32).index is None
    path.write_bytes(whole)
    assert VectorIndex.load(tmp_path, MODEL, dimension=32).index is not None


def test_searching_while_others_add_and_remove_is_safe() -> None:
    index, failures = filled(2000), list[BaseException]()
    query = unit_vectors(1, seed=3)[0]
    stop = threading.Event()

    def search() -> None:
        try:
            while not stop.is_set():
                keys, cosines = index.nearest(query, 20)
                assert len(keys) == 20 and np.isfinite(cosines).all()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(30):
        index.add(np.arange(3000 + 50 * number, 3050 + 50 * number), unit_vectors(50, seed=number))
        index.remove(np.arange(1 + 30 * number, 31 + 30 * number))
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == [] and len(index) == 2000 + 1500 - 900
