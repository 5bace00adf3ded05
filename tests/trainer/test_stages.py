"""A run goes on where it was left, whatever ended it; and whatever goes wrong, no worse model is ever put to use."""

from __future__ import annotations

import dataclasses
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.tiny_models import make_tiny_model
from trainer.toy import make_workspace, toy_recipe, toy_run, toy_settings
from vizsla.core.settings import Settings
from vizsla.models.in_use import models_in_use
from vizsla.models.library import roll_back
from vizsla.models.manifest import read_manifest
from vizsla_trainer.errors import StoppedError, TrainingError
from vizsla_trainer.progress import Progress, Report, never, unheard
from vizsla_trainer.recipe import Recipe
from vizsla_trainer.records import read_pairs, write_pairs
from vizsla_trainer.run_folder import RunFolder, opened_run
from vizsla_trainer.stages.data import workspace_stamp
from vizsla_trainer.stages.offering import offer_models
from vizsla_trainer.stages.opening import check_workspaces, new_run, resumed_run
from vizsla_trainer.stages.pipeline import NAMES, Outcome, run_stages
from vizsla_trainer.stages.reporting import write_report
from vizsla_trainer.stages.stage import Context
from vizsla_trainer.stored import write_json
from vizsla_trainer.training.base import load_base, save_model


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Toy:
    """A finished run of the toy workspace; tests copy its folder."""

    workspace: Path
    base: Path
    folder: Path
    recipe: Recipe
    settings: Settings
    outcome: Outcome

    def copied(self, folder: Path) -> Path:
        return Path(shutil.copytree(self.folder, folder))

    def with_cache(self, cache: Path) -> Settings:
        return toy_settings(cache, self.base)


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    root = tmp_path_factory.mktemp("toy")
    base = make_tiny_model(root / "base", "bi-encoder")
    workspace = make_workspace(root / "shop")
    recipe, settings = toy_recipe(base), toy_settings(root / "cache", base)
    outcome, _ = toy_run(root / "run", workspace, recipe, settings)
    return Toy(workspace=workspace, base=base, folder=root / "run", recipe=recipe, settings=settings, outcome=outcome)


def test_a_workspace_becomes_a_better_model_that_is_put_to_use_once(toy: Toy, tmp_path: Path) -> None:
    assert toy.outcome.decision is not None
    assert toy.outcome.decision.is_offered, toy.outcome.decision.reasons
    assert toy.outcome.done == NAMES
    assert toy.outcome.report is not None
    assert "The trained models are better" in toy.outcome.report.read_text()
    assert toy.outcome.sources["docstring"].queries >= 15
    assert toy.outcome.sources["docstring"].change.low > 0
    context = _context(toy, toy.copied(tmp_path / "run"), tmp_path / "cache")
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
        _context(toy, folder, tmp_path / "cache"),
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
    plain = _context(toy, toy.copied(tmp_path / "run"), tmp_path / "cache")
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


def test_code_of_which_nothing_can_be_held_out_is_told_before_anything_is_trained(toy: Toy, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "many", 40)
    parts = [path.read_text() for path in sorted(workspace.iterdir())]
    (tmp_path / "one").mkdir()
    (tmp_path / "one/all.py").write_text("\n\n".join(parts))
    outcome, context = toy_run(tmp_path / "run", tmp_path / "one", toy.recipe, toy.with_cache(tmp_path / "cache"))
    _refused(outcome, context, tmp_path / "cache")
    assert outcome.decision is not None
    assert "whole files are held out" in outcome.decision.reasons[0]
    assert outcome.done == ("mine", "clean")


def test_a_disk_too_full_for_the_trained_model_is_named(toy: Toy, tmp_path: Path) -> None:
    base = load_base(toy.base, kind="bi-encoder", seed=1)
    with _full_disk(10_000), pytest.raises(TrainingError, match="make room"):
        save_model(base, tmp_path / "model", max_tokens=16)
    assert list(tmp_path.iterdir()) == []
    save_model(base, tmp_path / "model", max_tokens=16)


def test_a_stage_alone_says_which_one_it_needs(toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    context = _context(toy, tmp_path / "run", tmp_path / "cache")
    with pytest.raises(TrainingError, match=r"retriever needs what mine makes.*--stage mine"):
        run_stages(context, ["retriever"])


@pytest.mark.slow
def test_poisoned_labels_are_never_put_to_use(toy: Toy, tmp_path: Path) -> None:
    folder = toy.copied(tmp_path / "run")
    path = folder / "filter/train.jsonl.gz"
    pairs = list(read_pairs(path))
    codes = [pair.code for pair in pairs]
    random.Random(1).shuffle(codes)
    write_pairs(path, [dataclasses.replace(pair, code=code) for pair, code in zip(pairs, codes, strict=True)])
    run = RunFolder(folder)
    note = run.note("filter")
    assert note is not None
    run.finish("filter", note.key, ["filter"], 0.0)
    # What is poisoned is what is learned: the models in use are those that learned from the truth.
    good = toy.folder / "export/retriever"
    outcome, context = toy_run(folder, toy.workspace, toy.recipe, toy_settings(tmp_path / "cache", good))
    _refused(outcome, context, tmp_path / "cache")
    assert "retriever" in outcome.done


def test_numbers_that_run_away_are_never_put_to_use(toy: Toy, tmp_path: Path) -> None:
    recipe = toy_recipe(
        toy.base,
        retriever={"learning_rate": 1e12, "most_steps": 12, "evaluate_every": 50},
        reranker={"enabled": False},
    )
    good = toy.folder / "export/retriever"
    outcome, context = toy_run(
        toy.copied(tmp_path / "run"), toy.workspace, recipe, toy_settings(tmp_path / "cache", good)
    )
    _refused(outcome, context, tmp_path / "cache")
    assert outcome.report is not None
    assert "retriever, trouble" in outcome.report.read_text()


@pytest.mark.parametrize("functions", [0, 6])
def test_a_workspace_with_too_little_in_it_leaves_the_models_alone_and_says_why(
    toy: Toy, tmp_path: Path, functions: int
) -> None:
    workspace = make_workspace(tmp_path / "small", functions)
    workspace.mkdir(exist_ok=True)
    outcome, context = toy_run(tmp_path / "run", workspace, toy.recipe, toy.with_cache(tmp_path / "cache"))
    _refused(outcome, context, tmp_path / "cache")
    assert outcome.decision is not None
    assert "too few to learn from" in outcome.decision.reasons[0]


def test_a_report_tells_nothing_of_an_earlier_run(toy: Toy, tmp_path: Path) -> None:
    folder = toy.copied(tmp_path / "run")
    workspace = make_workspace(tmp_path / "small", 6)
    outcome, _ = toy_run(folder, workspace, toy.recipe, toy.with_cache(tmp_path / "cache"))
    assert outcome.report is not None
    assert "Before and after" not in outcome.report.read_text()
    assert "train, by source" not in outcome.report.read_text()


def test_files_that_could_not_be_read_are_named_in_the_report(toy: Toy, tmp_path: Path) -> None:
    folder = toy.copied(tmp_path / "run")
    write_json(folder / "mine/report.json", {"counts": {}, "lost": ["deep/nested.py"]})
    assert toy.outcome.decision is not None
    page = write_report(_context(toy, folder, tmp_path / "cache"), toy.outcome.decision)
    assert "1: deep/nested.py" in page.read_text()
    assert json.loads((folder / "report.json").read_text())["lost_files"] == ["deep/nested.py"]


def test_one_giant_function_leaves_the_models_alone(toy: Toy, tmp_path: Path) -> None:
    workspace = tmp_path / "giant"
    workspace.mkdir()
    lines = "".join(f"    name_{i} = find(file, {i})\n" for i in range(15_000))
    (workspace / "giant.py").write_text(f'def giant(file):\n    """Find the name of a user in the file."""\n{lines}')
    outcome, context = toy_run(tmp_path / "run", workspace, toy.recipe, toy.with_cache(tmp_path / "cache"))
    _refused(outcome, context, tmp_path / "cache")


@pytest.mark.slow
def test_a_full_disk_is_told_in_a_sentence_and_the_run_goes_on_when_there_is_room(toy: Toy, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    recipe = toy_recipe(toy.base, retriever={"most_steps": 4}, reranker={"enabled": False})
    settings = toy.with_cache(tmp_path / "cache")
    with _full_disk(60_000):
        try:
            outcome, _ = toy_run(folder, toy.workspace, recipe, settings)
            assert outcome.decision is not None
            told = outcome.decision.reasons[0]
            assert not outcome.decision.is_offered
        except TrainingError as error:
            told = str(error)
    assert "full" in told
    assert models_in_use(tmp_path / "cache").retriever == "default"
    outcome, _ = toy_run(folder, toy.workspace, recipe, settings)
    assert outcome.done[-1] == "gate"


def test_two_processes_do_not_train_in_one_folder(tmp_path: Path) -> None:
    with (
        opened_run(tmp_path / "run"),
        pytest.raises(TrainingError, match="another process"),
        opened_run(tmp_path / "run"),
    ):
        pass


def test_a_workspace_within_another_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    with pytest.raises(Exception, match="hold one another"):
        check_workspaces([tmp_path, tmp_path / "inner"])
    assert check_workspaces([tmp_path, tmp_path]) == [tmp_path.resolve()]
    with pytest.raises(Exception, match="cannot be read"):
        check_workspaces([tmp_path / "nowhere"])


class _EndedError(BaseException):
    """As if the process had been killed: no part of the program catches it."""


def _ending(stage: str) -> Report:
    """A listener that ends the run in the middle of a stage, or when it begins where it tells nothing else."""

    def report(progress: Progress) -> None:
        is_inside = progress.done > 0 and not progress.message
        if progress.stage == stage and (is_inside or stage in ("clean", "split", "filter", "export", "gate")):
            raise _EndedError

    return report


def _context(toy: Toy, folder: Path, cache: Path) -> Context:
    return new_run(
        RunFolder(folder),
        [toy.workspace],
        toy.recipe,
        toy.with_cache(cache),
        device="cpu",
        report=unheard,
        cancelled=never,
    )


def _refused(outcome: Outcome, context: Context, cache: Path) -> None:
    """Nothing was offered, nothing is in use, and the report says why."""
    assert outcome.decision is not None
    assert not outcome.decision.is_offered
    assert offer_models(context, outcome.decision, cache, uses=True).now.retriever == "default"
    assert not list((cache / "models").glob("*-retriever-*"))
    assert outcome.report is not None
    assert "The models in use stay" in outcome.report.read_text()


@contextmanager
def _full_disk(most_bytes: int) -> Iterator[None]:
    """No file can grow beyond so many bytes, as on a disk that is full."""
    before, heard = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
