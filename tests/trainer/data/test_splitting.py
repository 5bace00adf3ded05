"""Nothing of what is held out is in training: no file, no near-duplicate, no query, no younger commit."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.builders import a_code
from vizsla_trainer.data.splitting import LeakError, Split, assert_no_leak, split
from vizsla_trainer.recipe import SplitRecipe
from vizsla_trainer.records import Code, Pair, Source, make_pair

RECIPE = SplitRecipe(dev_share=0.1, test_share=0.2)


def text(number: int) -> str:
    rng = random.Random(number)
    return " ".join(f"w{rng.randrange(5_000)}" for _ in range(30))


def made(
    files: int, per_file: int, *, source: Source = "docstring", copies: int = 0, seed: int = 0
) -> tuple[list[Pair], list[Code]]:
    """Pairs of so many files; ``copies`` of them have the code of another, a word apart."""
    rng = random.Random(seed)
    codes = [a_code(text(1_000 * file + n), f"{file}.py") for file in range(files) for n in range(per_file)]
    for _ in range(copies):
        at = rng.randrange(len(codes))
        codes[at] = a_code(rng.choice(codes).text + " more", codes[at].path)
    codes = list({one.id: one for one in codes}.values())
    pairs = [
        make_pair(one, f"query {place}", source, time=float(place) if source == "commit" else None)
        for place, one in enumerate(codes)
    ]
    return pairs, codes


def files_of(pairs: list[Pair]) -> set[tuple[str, str]]:
    return {(pair.workspace, pair.path) for pair in pairs}


@settings(max_examples=40, deadline=None)
@given(
    files=st.integers(1, 25),
    per_file=st.integers(1, 6),
    copies=st.integers(0, 12),
    source=st.sampled_from(["docstring", "commit"]),
    seed=st.integers(0, 1_000),
)
def test_no_file_and_no_copy_is_on_both_sides(
    files: int, per_file: int, copies: int, source: Source, seed: int
) -> None:
    pairs, codes = made(files, per_file, source=source, copies=copies, seed=seed)
    found = split(pairs, codes, RECIPE, seed)
    assert_no_leak(found, codes, RECIPE)
    parts = (found.train, found.dev, found.test)
    assert sum(map(len, parts)) + sum(found.dropped.values()) == len(pairs)
    texts = {one.id: one.text.removesuffix(" more") for one in codes}
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not files_of(parts[one]) & files_of(parts[other])
        assert not {texts[pair.code] for pair in parts[one]} & {texts[pair.code] for pair in parts[other]}
    if source == "commit" and found.train:
        assert all(
            pair.time is not None and pair.time > max(older.time or 0 for older in found.train)
            for pair in (*found.dev, *found.test)
        )
    assert not {pair.code for pair in found.train} & found.closed
    assert {pair.code for pair in (*found.dev, *found.test)} <= found.closed


def test_parts_are_as_large_as_the_recipe_says() -> None:
    pairs, codes = made(100, 5)
    found = split(pairs, codes, SplitRecipe(dev_share=0.1, test_share=0.15), 1)
    assert 70 <= len(found.test) <= 75
    assert 45 <= len(found.dev) <= 50
    capped = split(pairs, codes, SplitRecipe(dev_share=0.1, test_share=0.15, most_test=20, most_dev=10), 1)
    assert 15 <= len(capped.test) <= 20
    assert 5 <= len(capped.dev) <= 10


def test_the_same_seed_gives_the_same_and_another_seed_another() -> None:
    pairs, codes = made(60, 3)
    assert split(pairs, codes, RECIPE, 1) == split(pairs, codes, RECIPE, 1)
    assert split(pairs, codes, RECIPE, 1) != split(pairs, codes, RECIPE, 2)


def test_what_was_learned_from_is_not_held_out_when_files_are_added() -> None:
    pairs, codes = made(300, 5)
    more, more_codes = made(306, 5)
    before, after = split(pairs, codes, RECIPE, 1), split(more, more_codes, RECIPE, 1)
    learned = {pair.id for pair in before.train}
    # Parts grow with what there is, so a few groups at their borders change sides; of all pairs 60 % did.
    assert sum(pair.id in learned for pair in after.test) <= 0.05 * len(after.test)
    assert sum(pair.id in learned for pair in after.dev) <= 0.1 * len(after.dev)


def test_the_newest_commits_are_tested() -> None:
    old, codes = made(80, 2, source="commit")
    docs = [make_pair(one, f"words {place}", "docstring") for place, one in enumerate(codes)]
    found = split([*old, *docs], codes, RECIPE, 1)
    tested = [pair.time or 0.0 for pair in found.test if pair.source == "commit"]
    learnt = [pair.time or 0.0 for pair in found.train if pair.source == "commit"]
    assert len(tested) > 10 and len(learnt) > 80
    assert min(tested) > max(learnt)


def test_functions_of_one_commit_stay_together() -> None:
    codes = [a_code(text(number), f"{number}.py") for number in range(60)]
    pairs = [
        make_pair(one, f"commit {place // 3}", "commit", time=float(place // 3)) for place, one in enumerate(codes)
    ]
    found = split(pairs, codes, RECIPE, 3)
    parts = [{pair.query for pair in part} for part in (found.train, found.dev, found.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]


def test_boilerplate_in_every_file_does_not_hinder_holding_out() -> None:
    """All files hold one and the same function, so that by likeness they are a single group."""
    pairs, codes = made(40, 3)
    same = [a_code("the same words in each of all the files", f"{file}.py") for file in range(40)]
    pairs += [make_pair(one, f"boilerplate {place}", "docstring") for place, one in enumerate(same)]
    found = split(pairs, codes + same, RECIPE, 1)
    assert len(found.test) >= 20 and len(found.dev) >= 10 and len(found.train) >= 60
    assert_no_leak(found, codes + same, RECIPE)
    assert sum("boilerplate" in pair.query for pair in found.train) == 0


def test_files_of_one_name_in_two_workspaces_are_two() -> None:
    codes = [a_code(text(number), "a.py", f"w{number}") for number in range(40)]
    pairs = [make_pair(one, f"query {place}", "docstring") for place, one in enumerate(codes)]
    found = split(pairs, codes, RECIPE, 1)
    assert len(found.test) == 8 and len(found.dev) == 4


def test_few_pairs_are_split_without_complaint() -> None:
    for count in range(4):
        pairs, codes = made(count, 1) if count else ([], [])
        found = split(pairs, codes, RECIPE, 1)
        assert len(found.train) + len(found.dev) + len(found.test) == count


@pytest.mark.parametrize("kind", ["file", "copy", "query", "time", "closed"])
def test_every_leak_is_seen(kind: str) -> None:
    one, other = a_code(text(1), "a.py"), a_code(text(2), "b.py")
    kinds: dict[str, tuple[list[Code], Pair]] = {
        "file": ([], make_pair(a_code(text(3), "b.py"), "third", "docstring")),
        "copy": ([], make_pair(a_code(text(2) + " more", "c.py"), "third", "docstring")),
        "query": ([], make_pair(a_code(text(4), "d.py"), "Second.", "docstring")),
        "time": ([], make_pair(a_code(text(5), "e.py"), "third", "commit", time=9.0)),
        "closed": ([], make_pair(one, "first", "docstring")),
    }
    leaked = kinds[kind][1]
    codes = [
        one,
        other,
        a_code(text(3), "b.py"),
        a_code(text(2) + " more", "c.py"),
        a_code(text(4), "d.py"),
        a_code(text(5), "e.py"),
    ]
    clean = Split(
        train=[make_pair(one, "first", "docstring")],
        dev=[],
        test=[make_pair(other, "second", "commit", time=5.0)],
        closed=frozenset({other.id}),
    )
    assert_no_leak(clean, codes, RECIPE)
    closed = frozenset({other.id, one.id}) if kind == "closed" else clean.closed
    with pytest.raises(LeakError):
        assert_no_leak(dataclasses.replace(clean, train=[leaked], closed=closed), codes, RECIPE)
