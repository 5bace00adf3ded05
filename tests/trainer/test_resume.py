"""A training that was killed, stopped or out of luck goes on, and ends where it would have ended."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from trainer import interrupted
from vizsla_trainer.errors import StoppedError, TrainingError
from vizsla_trainer.progress import Progress
from vizsla_trainer.recipe import RetrieverRecipe
from vizsla_trainer.training.checkpoints import CHECKPOINT_NAME, Position
from vizsla_trainer.training.loop import StepLoss, run_steps
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("kind", ["retriever", "reranker"])
def test_a_training_that_was_killed_ends_with_the_weights_of_one_that_was_not(kind: str, tmp_path: Path) -> None:
    interrupted.main(kind, tmp_path / "whole", 0)
    killed = subprocess.run(
        [sys.executable, str(TESTS / "trainer" / "interrupted.py"), kind, str(tmp_path / "killed"), "11"],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "killed" / "out" / "model").exists()
    steps = interrupted.main(kind, tmp_path / "killed", 0)
    assert steps == list(range(9, 21)), "it went on from its state of step 8"
    weights = [(tmp_path / name / "out" / "model" / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]
    logs = [(tmp_path / name / "out" / "metrics.jsonl").read_text().splitlines() for name in ("whole", "killed")]
    losses = [[(json.loads(line)["step"], json.loads(line)["loss"]) for line in log] for log in logs]
    assert losses[0] == losses[1]
    assert [step for step, _ in losses[1]] == list(range(1, 21))


class Line:
    """A straight line through points: the smallest thing that learns. Chosen steps give numbers that are none."""

    def __init__(self, *, bad: frozenset[int] = frozenset(), dev: dict[int, float] | None = None) -> None:
        torch.manual_seed(0)
        self.network = torch.nn.Linear(3, 1)
        self.steps: list[int] = []
        self._bad = bad
        self._dev = dev
        self._measured = 0

    def prepare(self, step: int) -> tuple[int, torch.Tensor]:
        points = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
        return step, points * math.nan if step in self._bad else points

    def backward(self, batch: tuple[int, torch.Tensor]) -> StepLoss:
        step, points = batch
        self.steps.append(step)
        loss = ((self.network(points)[:, 0] - points.sum(dim=1)) ** 2).mean()
        torch.autograd.backward(loss)
        return StepLoss(loss=float(loss.detach()), chance=10.0, tokens=8)

    def evaluate(self) -> float:
        if self._dev is not None:
            self._measured += 1
            return self._dev[self._measured - 1]
        error = float((self.network.weight.detach() - 1).abs().max())
        return 1 / (1 + error)


RECIPE = RetrieverRecipe(learning_rate=0.05, weight_decay=0.0, evaluate_every=5, checkpoint_every=5, most_bad_steps=3)
MACHINE = Machine(device="cpu", precision="fp32", threads=1)


def learn(line: Line, run: TrainingRun, *, steps: int = 20, identity: str = "line") -> Position:
    return run_steps(line.network, line, RECIPE, run, steps=steps, identity=identity, machine=MACHINE)[0]


def weights(line: Line) -> list[float]:
    return [float(x) for p in line.network.parameters() for x in p.detach().ravel()]


def test_bad_steps_are_counted_and_change_nothing(tmp_path: Path) -> None:
    line = Line(bad=frozenset({3, 4, 11}))
    position = learn(line, TrainingRun(out=tmp_path))
    assert [i for i, loss in enumerate(position.losses) if loss is None] == [3, 4, 11]
    assert position.step == 20
    assert position.stopped == ""
    assert all(math.isfinite(x) for x in weights(line))


class Greedy(Line):
    """Takes an exabyte for every token of a chunk that it is allowed beyond 1,000."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def backward(self, batch: tuple[int, torch.Tensor]) -> StepLoss:
        done = super().backward(batch)
        torch.empty(max(0, self._machine.chunk_tokens - 1_000) << 50, dtype=torch.uint8)
        return done


def test_where_memory_does_not_suffice_chunks_shrink_and_the_same_is_learned(tmp_path: Path) -> None:
    machine = Machine(device="cpu", precision="fp32", threads=1, chunk_tokens=4_096)
    greedy, line = Greedy(machine), Line()
    run_steps(
        greedy.network, greedy, RECIPE, TrainingRun(out=tmp_path / "a"), steps=5, identity="line", machine=machine
    )
    learn(line, TrainingRun(out=tmp_path / "b"), steps=5)
    assert machine.chunk_tokens < 1_024
    assert weights(greedy) == weights(line)


def test_too_many_bad_steps_in_a_row_end_it_with_the_best_weights(tmp_path: Path) -> None:
    line = Line(bad=frozenset(range(7, 20)))
    position = learn(line, TrainingRun(out=tmp_path))
    assert position.step == 10
    assert position.best_step == 5
    assert "no number" in position.stopped
    five = Line()
    learn(five, TrainingRun(out=tmp_path / "five", cancelled=lambda: False), steps=20)
    assert all(math.isfinite(x) for x in weights(line))
    again = Line(bad=frozenset(range(7, 20)))
    assert learn(again, TrainingRun(out=tmp_path)).stopped == position.stopped, "what ended stays ended"
    assert again.steps == []
    assert weights(again) == weights(line)


def test_the_weights_of_the_best_measurement_are_kept(tmp_path: Path) -> None:
    line = Line(dev={0: 0.1, 1: 0.3, 2: 0.9, 3: 0.5, 4: 0.2})
    kept: list[list[float]] = []

    def report(progress: Progress) -> None:
        kept.append(weights(line))

    position = learn(line, TrainingRun(out=tmp_path, report=report))
    assert (position.best_step, position.best_dev, position.start_dev) == (10, 0.9, 0.1)
    assert weights(line) == kept[9] != kept[19]
    assert [path.name for path in tmp_path.glob("best-*")] == ["best-10.safetensors"]


def test_weights_that_never_got_better_are_those_it_began_with(tmp_path: Path) -> None:
    line = Line(dev={0: 0.5, 1: 0.4, 2: 0.4, 3: 0.4, 4: 0.4})
    first = weights(line)
    assert learn(line, TrainingRun(out=tmp_path)).best_step == 0
    assert weights(line) == first


def test_a_training_stopped_by_its_user_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = Line()
    learn(whole, TrainingRun(out=tmp_path / "whole"))
    stopped = Line()
    with pytest.raises(StoppedError, match="after 8 of 20"):
        learn(stopped, TrainingRun(out=tmp_path / "stopped", cancelled=lambda: len(stopped.steps) >= 8))
    going_on = Line()
    learn(going_on, TrainingRun(out=tmp_path / "stopped"))
    assert going_on.steps == list(range(8, 20))
    assert weights(going_on) == weights(whole)


@pytest.mark.parametrize("harm", ["cut", "noise", "no best"])
def test_a_damaged_state_is_none(harm: str, tmp_path: Path) -> None:
    whole = Line()
    learn(whole, TrainingRun(out=tmp_path))
    path = tmp_path / CHECKPOINT_NAME
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif harm == "noise":
        path.write_bytes(b"\xff" * 500)
    else:
        for best in tmp_path.glob("best-*"):
            best.unlink()
    again = Line()
    learn(again, TrainingRun(out=tmp_path))
    assert again.steps == list(range(20))
    assert weights(again) == weights(whole)


def test_the_state_of_another_training_is_not_taken_up(tmp_path: Path) -> None:
    learn(Line(), TrainingRun(out=tmp_path), identity="one")
    other = Line()
    learn(other, TrainingRun(out=tmp_path), identity="other")
    assert other.steps == list(range(20))


def test_a_disk_that_takes_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / CHECKPOINT_NAME).mkdir()  # nothing can take its place
    with pytest.raises(TrainingError, match="make room"):
        learn(Line(), TrainingRun(out=tmp_path / "out"))
