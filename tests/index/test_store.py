"""The store keeps files and functions as they are, and knows what a change did."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.builders import change, content_hashes, entry, names, record
from vizsla.core.errors import CacheError
from vizsla.core.path_globs import PathGlobs
from vizsla.core.types import ContentHash, Kind
from vizsla.index.records import FileChange, FileState, KeyFilter
from vizsla.index.store import FILE_NAME, Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "workspace")
    yield opened
    opened.close()


def test_moving_a_function_within_its_file_keeps_its_key(store: Store) -> None:
    (first,) = store.replace_files([change("a.py", ("f", "return 1"), ("g", "return 2"))])
    (second,) = store.replace_files([change("a.py", ("h", "return 3"), ("g", "return 2"))])
    f, g = (key for key, _ in first.added)
    assert second.moved == []  # g stands where it stood
    assert second.removed == [f]
    (third,) = store.replace_files([change("a.py", ("g", "return 2"), ("h", "return 3"))])
    assert third.added == [] and third.removed == []
    assert set(third.moved) == {g, second.added[0][0]}
    assert names(store.functions_of("a.py")) == ["g", "h"]


def test_equal_functions_of_one_file_keep_their_keys_in_order(store: Store) -> None:
    twins = [("f", "pass"), ("f", "pass"), ("f", "pass")]
    (first,) = store.replace_files([change("a.py", *twins)])
    (second,) = store.replace_files([change("a.py", *twins[:2])])
    assert second.removed == [first.added[2][0]]
    assert [f.key for f in store.functions_of("a.py")] == [key for key, _ in first.added[:2]]


def test_a_renamed_file_keeps_the_keys_of_its_functions(store: Store) -> None:
    (delta,) = store.replace_files([change("old/name.py", ("f", "pass"))])
    before = store.generation
    assert store.rename_files({"old/name.py": "new/title.py"}) == []
    (function,) = store.functions_of("new/title.py")
    assert function.key == delta.added[0][0]
    assert store.generation > before
    assert store.search_words(["title"], 5)[0].key == function.key
    assert store.search_words(["old"], 5) == []
    assert store.pending_count == 1


def test_files_can_trade_their_names(store: Store) -> None:
    store.replace_files([change("a.py", ("f", "pass")), change("b.py", ("g", "pass"))])
    assert store.rename_files({"a.py": "b.py", "b.py": "a.py"}) == []
    assert names(store.functions_of("a.py")) == ["g"]
    assert names(store.functions_of("b.py")) == ["f"]


def test_a_file_renamed_over_another_replaces_it(store: Store) -> None:
    deltas = store.replace_files([change("a.py", ("f", "pass")), change("b.py", ("g", "pass"))])
    assert store.rename_files({"a.py": "b.py"}) == [deltas[1].added[0][0]]
    assert set(store.files()) == {"b.py"}
    assert names(store.functions_of("b.py")) == ["f"]


def test_a_removed_file_takes_its_functions_and_waiting_texts_along(store: Store) -> None:
    (delta,) = store.replace_files([change("a.py", ("f", "pass"))])
    assert store.pending_count == 1
    assert store.remove_files(["a.py", "never.py"]) == [delta.added[0][0]]
    assert (store.files(), store.function_count, store.pending_count) == ({}, 0, 0)


def test_keys_are_never_used_again(tmp_path: Path) -> None:
    seen: set[int] = set()
    for _ in range(3):
        store = Store.open(tmp_path / "workspace")
        (delta,) = store.replace_files([change("a.py", ("f", "pass"))])
        assert not seen & {key for key, _ in delta.added}
        seen |= {key for key, _ in delta.added}
        store.remove_files(["a.py"])
        store.close()


def test_a_text_that_stands_twice_waits_once_and_stays_while_one_function_has_it(store: Store) -> None:
    store.replace_files([change("a.py", ("f", "pass")), change("b.py", ("f", "pass"))])
    ((content_hash, text),) = store.pending(10)
    assert text.endswith("def f():\n    pass")
    assert len(store.keys_of([content_hash])[content_hash]) == 2
    store.remove_files(["a.py"])
    assert store.pending_count == 1
    store.settle([content_hash])
    assert store.pending(10) == []


def test_a_copy_of_a_settled_function_does_not_wait(store: Store) -> None:
    store.replace_files([change("a.py", ("f", "pass"))])
    store.settle([content_hash for content_hash, _ in store.pending(10)])
    store.replace_files([change("b.py", ("f", "pass"))])
    assert store.pending_count == 0


def test_space_of_texts_that_have_their_vectors_is_given_back_bit_by_bit(store: Store, tmp_path: Path) -> None:
    reader = sqlite3.connect(tmp_path / "workspace" / FILE_NAME)

    def pages() -> int:
        return int(reader.execute("PRAGMA page_count").fetchone()[0])

    noise = random.Random(1)
    store.require_vectors([(one, noise.randbytes(5_000).hex()) for one in content_hashes(1_000)])
    full = pages()
    store.settle([content_hash for content_hash, _ in store.pending(1_000)])
    store.shrink(lambda: True)
    assert pages() == full, "nothing is done while something else is wanted"
    asked = iter([False, True])
    store.shrink(lambda: next(asked))
    assert 0.1 * full < pages() < full
    store.shrink(lambda: False)
    assert pages() < 0.1 * full
    assert store.quick_check() is None
    reader.close()


def test_wanted_texts_come_before_older_ones(store: Store) -> None:
    store.replace_files([change("a.py", *((f"f{number}", "pass") for number in range(5)))])
    waiting = [content_hash for content_hash, _ in store.pending(10)]
    unknown = ContentHash(b"?" * 16)
    first = [content_hash for content_hash, _ in store.pending(3, first=[waiting[4], unknown, waiting[2]])]
    assert first == [waiting[4], waiting[2], waiting[0]]


def test_texts_can_be_asked_for_again(store: Store) -> None:
    (wanted,) = content_hashes(1)
    store.require_vectors([(wanted, "text \udcff")])
    assert store.pending(1) == [(wanted, "text \udcff")]


def test_the_innermost_function_is_found_at_a_position(store: Store) -> None:
    outer, inner = entry("outer", "x" * 400), entry("outer.inner", "y")
    nested = FileChange(record=record("a.py"), entries=[outer, inner])
    store.replace_files([nested, change("b.py", ("f", "pass"), ("g", "pass"))])
    found = store.function_at("a.py", 0, 3)
    assert found is not None and found.name == "inner" and found.container == "outer"
    assert store.function_at("b.py", 2, 0) is None
    at_end = store.function_at("b.py", 4, 8)
    assert at_end is not None and at_end.name == "g"
    assert store.function_at("missing.py", 0, 0) is None


def test_filters_let_the_right_functions_through(store: Store) -> None:
    store.replace_files(
        [
            change("src/app/a.py", ("f", "pass")),
            FileChange(record=record("src/b.go"), entries=[entry("G", language="go", kind=Kind.METHOD)]),
            change("tests/test_a.py", ("t", "pass")),
        ]
    )

    def passing(wanted: KeyFilter) -> list[str]:
        keys = store.keys_matching(wanted)
        assert (keys[1:] > keys[:-1]).all()
        return sorted(f.path for f in store.functions([*keys.tolist()]).values())

    assert len(passing(KeyFilter())) == 3 and not KeyFilter().restricts
    assert passing(KeyFilter(languages=["go"])) == ["src/b.go"]
    assert passing(KeyFilter(kinds=[Kind.FUNCTION])) == ["src/app/a.py", "tests/test_a.py"]
    assert passing(KeyFilter(within=PathGlobs(["*.py"]), without=PathGlobs(["tests/"]))) == ["src/app/a.py"]
    assert passing(KeyFilter(folder="src")) == ["src/app/a.py", "src/b.go"]
    assert passing(KeyFilter(folder="sr")) == []
    assert passing(KeyFilter(not_folders=["src/app", "tests/"])) == ["src/b.go"]
    assert passing(KeyFilter(folder="src/", not_folders=["src/app"], within=PathGlobs(["*"]))) == ["src/b.go"]
    assert len(passing(KeyFilter(not_folders=["sr"]))) == 3
    assert passing(KeyFilter(paths=["src/b.go", "gone.py"])) == ["src/b.go"]
    assert passing(KeyFilter(paths=[])) == [] and KeyFilter(paths=[]).restricts


def test_paths_and_texts_that_are_not_utf8_are_kept(store: Store) -> None:
    path = os.fsdecode(b"caf\xe9/\xff.py")
    store.replace_files([FileChange(record=record(path), entries=[entry("f", "'\udcff\0'", doc="a\udcff")])])
    assert set(store.files()) == {path}
    (function,) = store.functions_of(path)
    assert function.doc == "a?"
    ((_, text),) = store.pending(1)
    assert "\udcff" in text


def test_a_skipped_file_is_kept_with_its_reason(store: Store) -> None:
    store.replace_files([FileChange(record=record("big.py", state=FileState.SKIPPED, reason="too big"), entries=[])])
    assert {record.state for record in store.files().values()} == {FileState.SKIPPED}
    found = store.file("big.py")
    assert found is not None and found.reason == "too big" and found.inode == 2**64 - 1


def test_a_batch_that_fails_changes_nothing(store: Store) -> None:
    store.replace_files([change("a.py", ("f", "pass"))])
    before = (store.generation, store.files(), store.pending(10), store.search_words(["f"], 9))
    broken = FileChange(record=record("b.py"), entries=[entry("g"), None])  # type: ignore[list-item]
    with pytest.raises(AttributeError):
        store.replace_files([change("a.py", ("h", "pass")), broken])
    assert before == (store.generation, store.files(), store.pending(10), store.search_words(["f"], 9))


def test_a_reader_sees_what_the_writer_commits_and_may_not_write(store: Store, tmp_path: Path) -> None:
    reader = Store.open(tmp_path / "workspace", writable=False)
    assert reader.search_words(["f"], 5) == []
    store.replace_files([change("a.py", ("f", "pass"))])
    assert len(reader.search_words(["f"], 5)) == 1 and reader.generation == store.generation
    store.replace_files([change("a.py", ("g", "pass"))])
    assert reader.search_words(["f"], 5) == []
    with pytest.raises(RuntimeError, match="reading"):
        reader.remove_files(["a.py"])
    reader.close()


def test_a_store_in_memory_does_all_that_a_file_does() -> None:
    store = Store.in_memory()
    store.replace_files([change("a.py", ("parse_header", "pass"))])
    assert len(store.search_words(["header"], 5)) == 1
    store.tidy()
    assert store.function_count == 1 and store.quick_check() is None
    store.close()


def test_metadata_is_remembered(store: Store, tmp_path: Path) -> None:
    assert store.meta("model") is None
    store.set_meta("model", "x")
    store.set_meta("generation", "not ours")
    other = Store.open(tmp_path / "workspace", writable=False)
    assert (other.meta("model"), other.generation) == ("x", store.generation)
    other.close()


def test_opening_for_reading_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="is not there"):
        Store.open(tmp_path / "workspace", writable=False)
    assert not (tmp_path / "workspace" / FILE_NAME).exists()


def test_a_deleted_directory_is_noticed_and_made_again(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "workspace")
    store.replace_files([change("a.py", ("f", "pass"))])
    assert store.is_current
    shutil.rmtree(tmp_path / "workspace")
    current = [store.is_current]
    store.close()
    again = Store.open(tmp_path / "workspace")
    assert current == [False] and again.is_current and again.function_count == 0
    again.close()
