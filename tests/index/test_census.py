"""A store counted for status: the truth after every change, and no work without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from index.builders import change, record
from vizsla.index.records import FileChange, FileState
from vizsla.index.store import Store


@pytest.fixture(params=["on disk", "in memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """With one connection for reading and writing, and with two."""
    return Store.open(tmp_path / "index") if request.param == "on disk" else Store.in_memory()


def test_every_change_shows_in_the_next_census(store: Store) -> None:
    first = store.census()
    assert (first.indexed, first.functions, first.pending, dict(first.by_language)) == (0, 0, 0, {})
    store.replace_files([change("a.py", ("f", "1"), ("g", "2")), change("b.py", ("h", "3"))])
    skipped = record("c.bin", state=FileState.SKIPPED, reason="not text")
    store.replace_files([FileChange(record=skipped, entries=[])])
    second = store.census(first)
    assert (second.indexed, second.functions, second.pending) == (2, 3, 3)
    assert dict(second.by_language) == {"python": 3}
    assert dict(second.left_out) == {"c.bin": (FileState.SKIPPED, "not text")}
    store.settle(store.pending_hashes())
    third = store.census(second)
    assert (third.functions, third.pending) == (3, 0)
    store.remove_files(["a.py", "c.bin"])
    fourth = store.census(third)
    assert (fourth.indexed, fourth.functions, dict(fourth.left_out)) == (1, 1, {})
    assert fourth == store.census()


def test_nothing_is_counted_again_when_nothing_changed(store: Store) -> None:
    store.replace_files([change("a.py", ("f", "1"))])
    counted = store.census()
    assert store.census(counted) is counted
    store.set_meta("anything", "new")
    assert store.census(counted) is not counted


def test_the_census_of_another_store_is_of_no_use(tmp_path: Path) -> None:
    make: list[Callable[[], Store]] = [Store.in_memory, lambda: Store.open(tmp_path / "index")]
    one, other = [build() for build in make]
    one.replace_files([change("a.py", ("f", "1"))])
    assert other.census(one.census()).functions == 0
