"""A run goes on where it was left, whatever ended it."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.toy import toy_recipe, toy_run
from trainer.toy_runs import Toy, context_of
from vizsla.models.library import roll_back
from vizsla.models.manifest import read_manifest
from vizsla_trainer.errors import StoppedError, TrainingError
from vizsla_trainer.progress import Progress, Report, never, unheard
from vizsla_trainer.run_folder import RunFolder, opened_run
from vizsla_trainer.stages.data import workspace_stamp
from vizsla_trainer.stages.offering import offer_models
from vizsla_trainer.stages.opening import resumed_run
from vizsla_trainer.stages.pipeline import NAMES, run_stages


def test_a_workspace_becomes_a_better_model_that_is_put_to_use_once(toy: Toy, tmp_path: Path) -> None:
    assert toy.outcome.decision is not None
    assert toy.outcome.decision.is_offered, toy.outcome.decision.reasons
    assert toy.outcome.done == NAMES
    assert toy.outcome.report is not None
    assert "The trained models are better" in toy.outcome.report.read_text()
    assert toy.outcome.sources["docstring"].queries >= 15
    assert toy.outcome.sources["docstring"].change.low > 0
    context = context_of(toy, toy.copied(tmp_path / "run"), tmp_path / "cache")
    offered = offer_models(context, toy.outcome.decision, tmp_path / "cache", uses=True)
    assert offered.is_new
    assert offered.now.retriever.startswith("shop-retriever-")
    roll_back(tmp_path / "cache")
    again = offer_models(context, toy.outcome.decision, tmp_path / "cache", uses=True)
    assert not again.is_new
    assert again.now.retriever == "default"


def test_what_did_not_change_is_not_done_again(toy: Toy, tmp_path: Path) -> None:
    outcome, _ = toy_run(toy.copied(tmp_path / "run"), toy.workspace, toy.recipe, toy.settings)
    assert outcome.done == ()
    assert outcome.decision == toy.outcome.decision


def test_a_changed_part_of_the_recipe_changes_its_stage_and_what_follows(toy: Toy, tmp_path: Path) -> None:
    recipe = toy_recipe(toy.base, gate={"least_queries": 1_000})
    outcome, _ = toy_run(toy.copied(tmp_path / "run"), toy.workspace, recipe, toy.settings)
    assert outcome.done == ("gate",)
    assert outcome.decision is not None
    assert not outcome.decision.is_offered


def test_a_damaged_file_is_made_again(toy: Toy, tmp_path: Path) -> None:
    folder = toy.copied(tmp_path / "run")
    (folder / "evaluation/comparison.json").write_text("{")
    outcome, _ = toy_run(folder, toy.workspace, toy.recipe, toy.settings)
    assert outcome.done[0] == "evaluate"
    assert outcome.decision == toy.outcome.decision


@pytest.mark.slow
def test_ended_in_any_stage_a_run_goes_on_to_the_same_models(toy: Toy, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    ended = []
    for name in NAMES:
        with pytest.raises(_EndedError):
            toy_run(folder, toy.workspace, toy.recipe, toy.settings, report=_ending(name))
        ended.append(name)
    outcome, _ = toy_run(folder, toy.workspace, toy.recipe, toy.settings)
    assert ended == list(NAMES)
    assert outcome.decision is not None
    assert outcome.decision.is_offered
    for role in ("retriever", "reranker"):
        made, expected = (read_manifest(place / "export" / role) for place in (folder, toy.folder))
        assert made.fingerprint == expected.fingerprint


@pytest.mark.slow
def test_stopping_keeps_what_was_done_and_resuming_mines_nothing_again(toy: Toy, tmp_path: Path) -> None:
    folder, workspace = tmp_path / "run", Path(shutil.copytree(toy.workspace, tmp_path / "shop"))
    wish: list[bool] = []

    def report(progress: Progress) -> None:
        if progress.stage == "retriever" and progress.done >= 3:
            wish.append(True)

    with pytest.raises(StoppedError):
        toy_run(folder, workspace, toy.recipe, toy.settings, report=report, cancelled=lambda: bool(wish))
    (workspace / "module_0.py").write_text("def other():\n    return 1\n")
    seen: list[Progress] = []
    context = resumed_run(RunFolder(folder), toy.settings, device="cpu", report=seen.append, cancelled=lambda: False)
    run_stages(context, ["mine", "clean", "split", "filter", "retriever"])
    assert "mine" not in {progress.stage for progress in seen if progress.message != "done before"}
    steps = [progress.done for progress in seen if progress.stage == "retriever" and progress.numbers]
    assert steps[0] > 3


def test_a_wish_to_stop_is_heard_between_stages(toy: Toy, tmp_path: Path) -> None:
    recipe = toy_recipe(toy.base, gate={"least_queries": 1_000})
    with pytest.raises(StoppedError, match="stopped before it could judge"):
        toy_run(toy.copied(tmp_path / "run"), toy.workspace, recipe, toy.settings, cancelled=lambda: True)


def test_a_training_that_could_not_be_noted_is_not_done_twice(toy: Toy, tmp_path: Path) -> None:
    folder = toy.copied(tmp_path / "run")
    note = folder / "done/retriever.json"
    steps: list[int] = []

    def report(progress: Progress) -> None:
        if progress.stage == "retriever" and progress.numbers:
            steps.append(progress.done)
            note.mkdir(exist_ok=True)  # a file cannot take its place: as if it ended just then

    context = dataclasses.replace(
        context_of(toy, folder, tmp_path / "cache"),
        recipe=toy_recipe(toy.base, retriever={"most_steps": 4}),
        report=report,
    )
    with pytest.raises(TrainingError, match="cannot be used"):
        run_stages(context, ["retriever"])
    note.rmdir()
    assert run_stages(context, ["retriever"]).done == ("retriever",)
    assert steps == [1, 2, 3, 4]
    assert not list((folder / "retriever").glob("*.safetensors"))
    assert (folder / "retriever/model/model.safetensors").is_file()


def test_hits_opened_since_are_mined_only_where_the_recipe_wants_them(toy: Toy, tmp_path: Path) -> None:
    plain = context_of(toy, toy.copied(tmp_path / "run"), tmp_path / "cache")
    wanted = dataclasses.replace(plain, recipe=toy_recipe(toy.base, mine={"sources": ["docstring", "feedback"]}))
    before = [workspace_stamp(context) for context in (plain, wanted)]
    plain.feedback_log.parent.mkdir(exist_ok=True)
    plain.feedback_log.write_text("{}\n")
    after = [workspace_stamp(context) for context in (plain, wanted)]
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_what_a_killed_process_had_begun_to_write_is_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "retriever").mkdir(parents=True)
    (folder / ".mine").write_text("kept")
    program = (
        "import os, signal, sys, tempfile\nfrom pathlib import Path\nfrom vizsla_trainer.records import published\n"
        "folder = Path(sys.argv[1])\ntempfile.mkdtemp(prefix='.model.', dir=folder / 'retriever')\n"
        "with published(folder / 'retriever/checkpoint.safetensors') as temporary:\n"
        "    temporary.write_bytes(bytes(1_000))\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(folder)], check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    assert len(list((folder / "retriever").iterdir())) == 2
    with opened_run(folder):
        assert list((folder / "retriever").iterdir()) == []
    assert (folder / ".mine").read_text() == "kept"


class _EndedError(BaseException):
    """As if the process had been killed: no part of the program catches it."""


def _ending(stage: str) -> Report:
    """A listener that ends the run in the middle of a stage, or when it begins where it tells nothing else."""

    def report(progress: Progress) -> None:
        is_inside = progress.done > 0 and not progress.message
        if progress.stage == stage and (is_inside or stage in ("clean", "split", "filter", "export", "gate")):
            raise _EndedError

    return report


def test_what_a_recipe_leaves_to_the_device_is_settled_when_a_run_begins(toy: Toy, tmp_path: Path) -> None:
    left = dataclasses.replace(toy.recipe, negatives=dataclasses.replace(toy.recipe.negatives, count=0))
    context = context_of(dataclasses.replace(toy, recipe=left), toy.copied(tmp_path / "run"), tmp_path / "cache")
    assert context.recipe.negatives.count == 7
    resumed = resumed_run(context.folder, toy.settings, device="cpu", report=unheard, cancelled=never)
    assert resumed.recipe.negatives.count == 7
