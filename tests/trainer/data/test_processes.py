"""A process that dies of a file takes nothing with it but that file."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from trainer.deadly import POISON, halved, killed
from vizsla_trainer.data.mining import mine
from vizsla_trainer.data.processes import results_of
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.progress import Progress
from vizsla_trainer.recipe import MineRecipe


def test_what_kills_its_process_is_left_out_and_everything_else_is_done_in_order() -> None:
    numbers = list(range(70))
    expected = [None if number in POISON else number // 2 for number in numbers]
    assert list(results_of(halved, numbers, processes=2)) == expected


def test_processes_that_die_whatever_they_are_given_are_told_in_a_sentence() -> None:
    with pytest.raises(TrainingError, match="8 processes one after another were ended from outside, the last one at 3"):
        list(results_of(killed, range(4), processes=2))


def test_mining_finds_the_same_though_its_processes_are_killed(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.py").write_text(
            f'def compute_total(a):\n    """Computes sum number {number} of all."""\n    b = a + {number}\n    return b\n'
        )
    dead: list[int] = []

    def report(progress: Progress) -> None:
        if progress.done in (1,):  # while others are being read
            for child in multiprocessing.active_children():
                assert child.pid is not None
                os.kill(child.pid, signal.SIGKILL)
                dead.append(child.pid)

    found = mine([tmp_path], MineRecipe(), processes=2, report=report)
    assert dead
    assert found == mine([tmp_path], MineRecipe())
    assert len(found.codes) == 40
