"""Mining of a corpus loses nothing that it finished, and says what it lost."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import pytest

from trainer.corpora import RECIPE, functions, make_corpus, write_set
from vizsla_trainer.corpus.kept import read_mined, write_mined
from vizsla_trainer.corpus.mining import joined, mine_corpus
from vizsla_trainer.data.mining import Mined
from vizsla_trainer.errors import StoppedError
from vizsla_trainer.progress import Progress


def test_mining_that_was_stopped_goes_on_from_the_packages_that_it_finished(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus", {name: {"a.py": functions(name, 3)} for name in "abcd"})
    place = tmp_path / "packages"
    whole = mine_corpus(corpus, RECIPE)
    stops = iter([False, True])
    with pytest.raises(StoppedError, match="after 2 of 4 packages; what is mined is kept"):
        mine_corpus(corpus, RECIPE, keep_in=place, cancelled=lambda: next(stops))
    assert len(list(place.iterdir())) == 2
    for name in "ab":  # what is kept needs no source
        shutil.rmtree(corpus / "sources" / name)
    assert mine_corpus(corpus, RECIPE, keep_in=place) == whole
    assert len(list(place.iterdir())) == 4


def test_a_package_of_which_half_is_written_or_that_is_mined_otherwise_is_mined_anew(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus", {name: {"a.py": functions(name, 30)} for name in "ab"})
    place = tmp_path / "packages"
    whole = mine_corpus(corpus, RECIPE, keep_in=place)
    first, second = sorted(place.iterdir())
    first.write_bytes(first.read_bytes()[:-9])
    second.write_bytes(b"")
    assert mine_corpus(corpus, RECIPE, keep_in=place) == whole
    fewer = dataclasses.replace(RECIPE, most_codes_per_package=10)
    assert len(mine_corpus(corpus, fewer, keep_in=place).codes) == 20
    assert len(list(place.iterdir())) == 4
    measured = write_set(
        tmp_path / "set", codes=[{"cid": "1", "code": functions("a", 1), "language": "python", "path": "m.py"}]
    )
    make_corpus(corpus, {name: {"a.py": functions(name, 30)} for name in "ab"}, exclude=(str(measured),))
    assert mine_corpus(corpus, RECIPE, keep_in=place).counts["excluded codes"] >= 1


def test_processes_that_are_killed_take_no_package_with_them(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, {f"p{number}": {"a.py": functions(f"f{number}", 3)} for number in range(12)})
    dead: list[int] = []

    def report(progress: Progress) -> None:
        if progress.done == 1:
            for child in multiprocessing.active_children():
                assert child.pid is not None
                os.kill(child.pid, signal.SIGKILL)
                dead.append(child.pid)

    mined = mine_corpus(corpus, RECIPE, processes=2, report=report)
    assert dead
    assert mined == mine_corpus(corpus, RECIPE)


def test_files_of_packages_that_cannot_be_read_are_told_and_counted(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus", {"mean": {"a.py": functions("mean", 3)}})
    mine_corpus(corpus, RECIPE, keep_in=tmp_path / "packages")
    (path,) = (tmp_path / "packages").iterdir()
    found = read_mined(path)
    assert found is not None
    counts = {**found.counts, "lost/took too long": 1}
    write_mined(path, dataclasses.replace(found, lost=("mean/slow.py",), counts=counts))
    mined = mine_corpus(corpus, RECIPE, keep_in=tmp_path / "packages")
    both = joined(Mined(codes=[], pairs=[], counts={"lost/took too long": 2}, lost=("a.py", "b.py")), mined)
    assert both.lost == ("a.py", "b.py", "mean/slow.py")
    assert both.counts["lost/took too long"] == 3
