"""Search by words gives what the formula says, whatever happened to the index before."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from index.builders import change, entry, record
from vizsla.core import text
from vizsla.core.types import IndexEntry
from vizsla.index import fulltext, postings, segments
from vizsla.index.records import FileChange
from vizsla.index.stems import Stemmer
from vizsla.index.store import Store

VOCABULARY = ["alpha", "beta", "gamma", "delta", "omega", "parsing", "parsed", "return", "value", "x1"]


def random_files(count: int, *, seed: int) -> list[FileChange]:
    chance = random.Random(seed)
    changes = []
    for number in range(count):
        functions = [
            (
                "_".join(chance.choices(VOCABULARY, k=chance.randint(1, 3))),
                " ".join(chance.choices(VOCABULARY, weights=range(1, 11), k=chance.randint(1, 60))),
            )
            for _ in range(chance.randint(1, 6))
        ]
        changes.append(change(f"{chance.choice(VOCABULARY)}/{number}.py", *functions))
    return changes


def scores_by_hand(files: Sequence[FileChange], words: Sequence[str]) -> dict[tuple[str, int], float]:
    """The formula of the module, function by function, by path and place in the file."""
    stems = Stemmer().stems
    fields = {
        (file.record.path, place): [
            Counter(stems(field.split())[word] for word in field.split())
            for field in (made.words.name, made.words.signature, made.words.doc, made.words.body)
        ]
        for file in files
        for place, made in enumerate(file.entries)
    }
    lengths = {
        key: sum(w * sum(c.values()) for w, c in zip(fulltext.WEIGHTS, f, strict=True)) for key, f in fields.items()
    }
    average = sum(lengths.values()) / len(lengths)
    scores = dict.fromkeys(fields, 0.0)
    for term in dict.fromkeys(stems(words)[word] for word in words):
        weighted = {}
        for key, counts in fields.items():
            rounded = [
                values[int(np.searchsorted(steps, found[term], side="right"))]
                for found, (steps, values) in zip(counts, postings._STEPS, strict=True)
            ]
            weighted[key] = sum(w * f for w, f in zip(fulltext.WEIGHTS, rounded, strict=True))
        having = sum(1 for value in weighted.values() if value)
        rarity = math.log1p((len(fields) - having + 0.5) / (having + 0.5))
        for key, value in weighted.items():
            octave = min(max(round((math.log2(lengths[key] / average) + 4) * 8), 0), 63) / 8 - 4
            norm = fulltext.SATURATION * (1 - fulltext.LENGTH_SHARE + fulltext.LENGTH_SHARE * 2**octave)
            scores[key] += rarity * value / (value + norm) if value else 0.0
        paths = {file.record.path: Counter(stems(text.words(file.record.path)).values())[term] for file in files}
        having = sum(1 for count in paths.values() if count)
        rarity = math.log1p((len(paths) - having + 0.5) / (having + 0.5))
        for key in fields:
            count = paths[key[0]]
            scores[key] += fulltext.PATH_WEIGHT * rarity * count / (count + fulltext.PATH_SATURATION)
    return {key: score for key, score in scores.items() if score}


def scores_of(store: Store, words: Sequence[str]) -> dict[tuple[str, int], float]:
    matches = store.search_words(words, 10_000)
    assert [-match.score for match in matches] == sorted(-match.score for match in matches)
    places = {f.key: (path, n) for path in store.files() for n, f in enumerate(store.functions_of(path))}
    return {places[match.key]: match.score for match in matches}


def test_scores_are_those_of_the_formula() -> None:
    files = random_files(60, seed=1)
    store = Store.in_memory()
    for start in range(0, len(files), 7):
        store.replace_files(files[start : start + 7])
    for words in (["alpha"], ["parses", "return", "x1"], ["omega", "omega", "nowhere"], VOCABULARY):
        assert scores_of(store, words) == pytest.approx(scores_by_hand(files, words), rel=1e-4)


def test_removed_functions_count_for_nothing() -> None:
    files = random_files(40, seed=2)
    store = Store.in_memory()
    store.replace_files(files[:25])
    store.replace_files(files[25:])
    store.remove_files([file.record.path for file in files[::4]])
    left = [file for number, file in enumerate(files) if number % 4]
    for tidied in (False, True):
        if tidied:
            store.tidy()
        assert scores_of(store, VOCABULARY) == pytest.approx(scores_by_hand(left, VOCABULARY), rel=1e-4)
        expected = sum("omega" in made.words.body.split() for file in left for made in file.entries)
        assert store.corpus(["omega"]).frequencies == {"omega": expected}


def test_the_same_scores_come_from_one_segment_and_from_many(monkeypatch: pytest.MonkeyPatch) -> None:
    files = random_files(50, seed=3)
    whole, parts = Store.in_memory(), Store.in_memory()
    whole.replace_files(files)
    for file in files:
        parts.replace_files([file])
    assert scores_of(whole, VOCABULARY) == scores_of(parts, VOCABULARY)
    monkeypatch.setattr(segments, "MAX_DOCUMENTS", 20)
    parts.tidy()
    assert scores_of(whole, VOCABULARY) == scores_of(parts, VOCABULARY)


def test_few_segments_are_left_after_many_changes(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    for number in range(150):
        store.replace_files([change(f"{number % 40}.py", ("f", f"return {number}"))])
    with store._read() as connection:
        (count,) = connection.execute("SELECT count(*) FROM segments").fetchone()
        (blocks,) = connection.execute("SELECT count(*) FROM blocks").fetchone()
    assert count <= 12 and blocks <= 40
    store.close()


def test_what_is_remembered_of_segments_goes_with_them() -> None:
    store = Store.in_memory()
    for number in range(60):
        store.replace_files([change("a.py", ("f", f"return {number} alpha"))])
        store.search_words(["alpha"], 1)
    assert len(store._fulltext._read) <= 12
    store.close()


def test_only_allowed_functions_answer_and_ties_go_to_the_smaller_key() -> None:
    store = Store.in_memory()
    deltas = store.replace_files([change(f"{name}.py", ("same", "pass")) for name in "abcdef"])
    keys = [key for delta in deltas for key, _ in delta.added]
    assert [match.key for match in store.search_words(["same"], 3)] == keys[:3]
    allowed = np.array([keys[1], keys[4], 10**6], dtype=np.int64)
    assert [match.key for match in store.search_words(["same"], 3, allowed)] == [keys[1], keys[4]]
    assert store.search_words(["same"], 3, np.empty(0, dtype=np.int64)) == []


def test_odd_questions_have_no_answer_and_do_no_harm() -> None:
    store = Store.in_memory()
    assert store.search_words(["f"], 5) == []
    store.replace_files([change("a.py", ("f", "pass"))])
    for words in ([], [""], ['"', "OR", "NEAR(", "*"], ["\0"], ["\udcff"], ["nothing" * 1000]):
        assert store.search_words(words, 5) == []
    assert store.search_words(["f"], 0) == []


def test_a_name_counts_more_than_a_body() -> None:
    store = Store.in_memory()
    filler = "one two three four five six seven"
    store.replace_files([change("a.py", ("other", f"token {filler}"), ("token", f"thing {filler}"))])
    best = store.search_words(["tokens"], 2)
    assert store.functions([best[0].key])[best[0].key].name == "token"
    assert best[0].score > best[1].score


def test_a_function_of_ten_thousand_words_is_counted() -> None:
    store = Store.in_memory()
    body = " ".join(f"w{number}" for number in range(10_000)) + " x" * 70_000
    made: list[IndexEntry] = [entry("huge", body), entry("tiny", "w17", line=5)]
    store.replace_files([FileChange(record=record("a.py"), entries=made)])
    assert len(store.search_words(["w17"], 5)) == 2
    assert store.corpus(["w9999", "x"]).frequencies == {"w9999": 1, "x": 1}


def test_the_corpus_of_parts_adds_up_to_that_of_the_whole() -> None:
    files = [change("load/a.py", ("load_cart", "x + y"), ("save", "x")), change("b.py", ("load", "load + load"))]
    whole, parts = Store.in_memory(), [Store.in_memory(), Store.in_memory()]
    whole.replace_files(files)
    for store, file in zip(parts, files, strict=True):
        store.replace_files([file])
    words = ["load", "cart", "x", "nothing"]
    assert parts[0].corpus(words) + parts[1].corpus(words) == whole.corpus(words)


def test_hidden_functions_are_as_good_as_gone() -> None:
    files = [change("load/a.py", ("load_cart", "x + y"), ("save", "x")), change("b.py", ("load", "load + load"))]
    store, other = Store.in_memory(), Store.in_memory()
    store.replace_files(files)
    other.replace_files(files)
    (gone, _), _ = store.contents_of("load/a.py")
    other.replace_files([FileChange(record=files[0].record, entries=files[0].entries[1:])])
    hidden = np.array([gone], dtype=np.int64)
    assert store.corpus(["load", "x"], hidden=hidden) == other.corpus(["load", "x"])
    assert store.search_words(["load", "x"], 9, hidden=hidden) == other.search_words(["load", "x"], 9)


def test_keys_of_a_store_in_memory_begin_where_they_are_told_to() -> None:
    store = Store.in_memory(1 << 48)
    (delta,) = store.replace_files([change("a.py", ("load", "x"), ("save", "y"))])
    assert [key for key, _ in delta.added] == [1 << 48, (1 << 48) + 1]
    assert [found.key for found in store.search_words(["save"], 9)] == [(1 << 48) + 1]
