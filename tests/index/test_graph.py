"""Above a size a graph answers: nearly as well, after any change, and never from a damaged file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.builders import MODEL, unit_vectors
from vizsla.core.types import FunctionKey
from vizsla.index.vectors import VectorIndex

QUERIES = unit_vectors(30, 16, seed=77)


def linked(count: int = 1500, *, exact_below: int = 200) -> VectorIndex:
    index = VectorIndex(16, exact_below=exact_below)
    index.add(np.arange(1, count + 1), unit_vectors(count, 16))
    index.prepare()
    assert is_linked(index) == (count >= exact_below)
    return index


def is_linked(index: VectorIndex) -> bool:
    return index.is_linked


def agreement(first: VectorIndex, second: VectorIndex) -> float:
    """The share of the ten nearest that both find."""
    common = 0
    for query in QUERIES:
        keys, cosines = first.nearest(query, 10)
        assert (np.diff(cosines) <= 0).all() and len(set(keys.tolist())) == 10
        common += len(set(keys.tolist()) & set(second.nearest(query, 10)[0].tolist()))
    return common / (10 * len(QUERIES))


def test_a_graph_finds_what_comparing_all_finds() -> None:
    assert agreement(linked(), linked(exact_below=10**6)) > 0.98


def test_a_graph_follows_every_change_at_once() -> None:
    index, exact = linked(), linked(exact_below=10**6)
    for changed in (index, exact):
        changed.remove(np.arange(1, 400))
        changed.add(np.arange(5000, 5100), unit_vectors(100, 16, seed=5))
        changed.add(np.arange(500, 600), unit_vectors(100, 16, seed=6))  # other vectors of keys that are there
        changed.remove([FunctionKey(5001), FunctionKey(501)])
    assert agreement(index, exact) > 0.98
    index.prepare()
    assert agreement(index, exact) > 0.98
    assert index.keys().tolist() == exact.keys().tolist()
    gone = index.nearest(unit_vectors(400, 16)[3], 1300)[0]
    assert not set(gone.tolist()) & {4, 501, 5001}


def test_linking_can_be_interrupted_and_answers_stay_right() -> None:
    index, exact = VectorIndex(16, exact_below=200), linked(exact_below=10**6)
    index.add(np.arange(1, 1501), unit_vectors(1500, 16))
    answers = iter([False, False, True])
    index.prepare(lambda: next(answers))
    assert not is_linked(index) and agreement(index, exact) > 0.98
    index.prepare()
    assert is_linked(index)


def test_allowed_keys_are_compared_one_by_one() -> None:
    index, exact = linked(), linked(exact_below=10**6)
    for allowed in (np.arange(10, 60), np.arange(1, 1400)):
        found, expected = (made.nearest(QUERIES[0], 20, allowed) for made in (index, exact))
        assert found[0].tolist() == expected[0].tolist()


def test_a_graph_is_saved_and_loaded_with_its_vectors(tmp_path: Path) -> None:
    index = linked()
    index.add(np.arange(9000, 9010), unit_vectors(10, 16, seed=8))
    index.save(tmp_path, 3, MODEL)
    loaded = VectorIndex.load(tmp_path, MODEL, dimension=16, exact_below=200).index
    assert loaded is not None and len(loaded) == 1510
    assert agreement(loaded, linked(exact_below=10**6)) > 0.9 and 9000 in loaded
    loaded.prepare()
    assert is_linked(loaded)
    loaded.remove(np.arange(1, 1450))  # too few for a graph again
    assert not is_linked(loaded) and len(loaded.nearest(QUERIES[0], 100)[0]) == 61
    loaded.save(tmp_path, 4, MODEL)
    assert not (tmp_path / "vectors.usearch").exists()


@pytest.mark.parametrize("damage", ["flip", "cut"])
def test_no_byte_of_a_damaged_graph_reaches_the_library(tmp_path: Path, damage: str) -> None:
    linked(400).save(tmp_path, 1, MODEL)
    path = tmp_path / "vectors.usearch"
    whole = path.read_bytes()
    for place in range(0, len(whole), 997):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged if damage == "flip" else whole[:place])
        loaded = VectorIndex.load(tmp_path, MODEL, dimension=16, exact_below=200).index
        assert loaded is not None and not is_linked(loaded)  # the rows are whole: all of them are compared
        assert len(loaded.nearest(QUERIES[0], 10)[0]) == 10
