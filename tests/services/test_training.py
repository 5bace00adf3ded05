"""A training as a child of a server: one at a time, halted while somebody searches, told of in one sentence."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.roots_at import eventually
from vizsla.services.asking import Asking
from vizsla.services.training import Training, TrainingEnd, TrainingError

TOY = (str(Path(__file__).with_name("toy_training.py")),)


class Desk:
    """A training over a toy command, and what was heard of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.questions = Asking()
        self.ends: queue.SimpleQueue[TrainingEnd] = queue.SimpleQueue()
        self.training = Training(self.questions, told=lambda: None, ended=self.ends.put, command=TOY)

    def start(self, recipe: str) -> None:
        self.training.start([self.folder], self.folder / "cache", recipe)

    def end(self) -> TrainingEnd:
        return self.ends.get(timeout=60)

    @property
    def steps(self) -> str:
        path = self.folder / "steps"
        return path.read_text() if path.exists() else ""

    @property
    def activity(self) -> str | None:
        return self.training.state.activity if self.training.state is not None else None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.training.close()
    assert eventually(lambda: made.training.state is None)


def test_models_that_the_client_names_are_kept_by_what_deletes_earlier_ones(desk: Desk) -> None:
    desk.training.start([desk.folder], desk.folder / "cache", "arguments", kept=("mine", "default"))
    assert desk.end().sentence.endswith("--recipe arguments --json --keep mine --keep default")


def test_its_progress_is_told_and_a_second_one_refused(desk: Desk) -> None:
    desk.start("count")
    assert eventually(lambda: desk.training.state is not None and desk.training.state.done > 3)
    assert desk.training.state is not None
    assert desk.training.state.stage == "mine"
    with pytest.raises(TrainingError, match="runs already"):
        desk.start("count")
    desk.training.stop()
    assert "stopped" in desk.end().sentence
    desk.start("refuse")
    desk.end()


def test_it_is_halted_while_somebody_searches_and_goes_on_after(desk: Desk) -> None:
    desk.start("count")
    assert eventually(lambda: bool(desk.steps))
    with desk.questions.with_("models"):
        assert eventually(lambda: desk.activity == "paused")
        before = desk.steps
        assert not eventually(lambda: desk.steps != before, seconds=0.5)
    assert eventually(lambda: desk.activity == "running")
    assert eventually(lambda: desk.steps != before)


def test_a_halted_one_can_be_stopped(desk: Desk) -> None:
    desk.start("count")
    assert eventually(lambda: bool(desk.steps))
    with desk.questions.with_("models"):
        assert eventually(lambda: desk.activity == "paused")
        desk.training.stop()
        assert "stopped" in desk.end().sentence


@pytest.mark.parametrize(
    ("recipe", "is_offered", "words"),
    [
        ("offer", True, "better models: MRR went up (report: r.html)"),
        ("refuse", False, "the models in use stay: MRR went up"),
        ("fail", False, "has failed: there is nothing to learn from"),
    ],
)
def test_its_end_is_one_sentence(desk: Desk, recipe: str, is_offered: bool, words: str) -> None:
    desk.start(recipe)
    end = desk.end()
    assert end.is_offered == is_offered
    assert words in end.sentence
    assert end.report == ("r.html" if "up" in words else "")
    assert desk.training.last == end


def test_one_that_was_stopped_before_it_ran_ends_all_the_same(desk: Desk) -> None:
    desk.start("count")
    desk.training.stop()
    assert not desk.end().is_offered


def test_without_a_folder_there_is_nothing_to_train_on(desk: Desk) -> None:
    with pytest.raises(TrainingError, match="no folder is open"):
        desk.training.start([], desk.folder)
