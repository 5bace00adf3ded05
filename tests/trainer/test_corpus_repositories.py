"""Repositories of a corpus: cloned at the commit of the list, with the history that their functions answer."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest

from trainer.corpora import RECIPE, functions, make_corpus
from trainer.packages import GPL, MIT, SOURCE
from trainer.repositories import Repository
from vizsla_trainer.corpus.building import build_corpus, package_folders, pin
from vizsla_trainer.corpus.listing import ListError, Package, list_text, load_list
from vizsla_trainer.corpus.mining import mine_corpus

CIRCLES = Package(origin="git", name="code.invalid/ann/circles", licence="MIT", language="python")


@pytest.fixture
def circles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository that git of this test finds where the list says."""
    made = Repository(tmp_path / "circles")
    made.write("LICENSE", MIT)
    made.write("area.py", SOURCE)
    made.write("copied.py", GPL + SOURCE)
    made.write("tests/test_area.py", SOURCE)
    made.commit("Begin with areas")
    made.write("area.py", SOURCE.replace("scale = 3.14159", "scale = 3.14159265"))
    made.commit("Know pi to more places")
    (tmp_path / "gitconfig").write_text(f'[url "file://{made.folder}"]\n\tinsteadOf = https://{CIRCLES.name}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    return made


def head_of(folder: Path) -> str:
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_repository_is_taken_as_it_is_at_its_commit_and_its_history_answers(
    circles: Repository, tmp_path: Path
) -> None:
    pinned, failed = pin([CIRCLES], tmp_path / "pins")
    assert failed == {}
    [package] = pinned
    assert (package.is_pinned, package.version, package.language) == (True, head_of(circles.folder), "python")
    circles.write("area.py", "")
    circles.commit("Forget about areas")

    out = tmp_path / "corpus"
    record = build_corpus([package], out)
    [folder] = package_folders(out, record)
    kept = record.packages[package.slug].unpacked
    assert (kept.files, kept.licences, kept.left_out) == (1, {"LICENSE": "MIT"}, {"licence": 1, "test or example": 1})
    assert sorted(path.name for path in folder.iterdir()) == [".git", "area.py"]
    assert head_of(folder) == package.version
    assert not list((out / "downloads").iterdir())

    mined = mine_corpus(out, dataclasses.replace(RECIPE, commit_share=0.7))
    assert {(pair.source, pair.query) for pair in mined.pairs} >= {("commit", "Know pi to more places")}
    assert mined.counts["commits/used"] == 2
    assert {code.path for code in mined.codes} == {"area.py"}
    circles.folder.rename(tmp_path / "gone")
    assert build_corpus([package], out) == record


def test_a_package_without_a_history_gives_no_commits_though_it_lies_in_a_repository(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, {"mean": {"a.py": functions("mean", 3)}})
    outer = Repository(tmp_path)
    outer.commit("Compute the mean of many numbers")
    assert {pair.source for pair in mine_corpus(corpus, RECIPE).pairs} == {"docstring"}


def test_a_commit_or_a_repository_that_is_not_there_is_told_in_one_sentence(
    circles: Repository, tmp_path: Path
) -> None:
    gone = Package(origin="git", name=CIRCLES.name, version="0" * 40, licence="MIT")
    nowhere = Package(origin="git", name="code.invalid/ann/squares", version="0" * 40, licence="MIT")
    record = build_corpus([gone, nowhere], tmp_path / "corpus")
    assert record.packages == {}
    assert record.failed[gone.slug] == f"{CIRCLES.name} has no commit {'0' * 40} any more; pin it anew"
    assert "cannot be fetched (fatal: " in record.failed[nowhere.slug]
    assert not list((tmp_path / "corpus/sources").iterdir())


def test_what_is_pinned_is_the_commit_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "list.toml"
    package = Package(origin="git", name=CIRCLES.name, version="a" * 40, licence="MIT")
    place.write_text(list_text([package]))
    assert load_list(place) == [package]
    assert not Package(origin="git", name=CIRCLES.name, version="main", licence="MIT").is_pinned
    place.write_text(f'git = [{{ name = "{CIRCLES.name}", licence = "MIT", only = ["src"] }}]')
    with pytest.raises(ListError, match="is taken as the commit has it"):
        load_list(place)


def test_functions_that_commits_changed_have_a_turn_of_their_own(circles: Repository, tmp_path: Path) -> None:
    circles.write("mean.py", functions("mean", 30))
    circles.commit("chore: add means")
    [package], _ = pin([CIRCLES], tmp_path / "pins")
    build_corpus([package], tmp_path / "corpus")
    few = mine_corpus(tmp_path / "corpus", dataclasses.replace(RECIPE, most_codes=4))
    assert {code.path for code in few.codes} == {"area.py", "mean.py"}


def test_of_all_pairs_commits_are_no_more_than_their_share(circles: Repository, tmp_path: Path) -> None:
    circles.write("mean.py", functions("mean", 12))
    for number in range(12):
        text = functions("mean", 12).replace(f"+ {number * number}\n", f"+ {number * number} + 1\n")
        circles.write("mean.py", text)
        circles.commit(f"Add one more to the mean of number {number}")
    [package], _ = pin([CIRCLES], tmp_path / "pins")
    build_corpus([package], tmp_path / "corpus")
    for share, most in ((0.5, 13), (0.2, 3)):
        mined = mine_corpus(tmp_path / "corpus", dataclasses.replace(RECIPE, commit_share=share))
        assert 0 < mined.counts["commit"] <= most
        assert mined.counts["docstring"] == 13
