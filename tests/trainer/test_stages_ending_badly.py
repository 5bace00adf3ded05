"""Whatever goes wrong, no worse model is ever put to use, and a sentence says why."""

from __future__ import annotations

import dataclasses
import json
import random
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from models.tiny_models import make_tiny_model
from trainer.toy import make_workspace, toy_recipe, toy_run, toy_settings
from trainer.toy_runs import Toy, check_refused, context_of
from vizsla.models.in_use import models_in_use
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.records import read_pairs, write_pairs
from vizsla_trainer.run_folder import RunFolder, opened_run
from vizsla_trainer.stages.offering import offer_models
from vizsla_trainer.stages.opening import check_workspaces
from vizsla_trainer.stages.pipeline import STAGES, do_stage, run_stages
from vizsla_trainer.stages.reporting import write_report
from vizsla_trainer.stored import read_json, write_json
from vizsla_trainer.training.base import load_base, save_model


def test_code_of_which_nothing_can_be_held_out_is_told_before_anything_is_trained(toy: Toy, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "many", 40)
    parts = [path.read_text() for path in sorted(workspace.iterdir())]
    (tmp_path / "one").mkdir()
    (tmp_path / "one/all.py").write_text("\n\n".join(parts))
    outcome, context = toy_run(tmp_path / "run", tmp_path / "one", toy.recipe, toy.with_cache(tmp_path / "cache"))
    check_refused(outcome, context, tmp_path / "cache")
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
    context = context_of(toy, tmp_path / "run", tmp_path / "cache")
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
    check_refused(outcome, context, tmp_path / "cache")
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
    check_refused(outcome, context, tmp_path / "cache")
    assert outcome.report is not None
    assert "retriever, trouble" in outcome.report.read_text()


@pytest.mark.parametrize("functions", [0, 6])
def test_a_workspace_with_too_little_in_it_leaves_the_models_alone_and_says_why(
    toy: Toy, tmp_path: Path, functions: int
) -> None:
    workspace = make_workspace(tmp_path / "small", functions)
    workspace.mkdir(exist_ok=True)
    outcome, context = toy_run(tmp_path / "run", workspace, toy.recipe, toy.with_cache(tmp_path / "cache"))
    check_refused(outcome, context, tmp_path / "cache")
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
    counts = {"lost/is nested too deeply": 1, "excluded codes": 1_200, "excluded pairs": 7}
    write_json(folder / "mine/report.json", {"counts": counts, "lost": ["deep/nested.py"]})
    assert toy.outcome.decision is not None
    page = write_report(context_of(toy, folder, tmp_path / "cache"), toy.outcome.decision)
    assert "1: deep/nested.py (1 is nested too deeply)" in page.read_text()
    assert "1,200 functions with 7 questions left out" in page.read_text()
    assert json.loads((folder / "report.json").read_text())["lost_files"] == ["deep/nested.py"]


def test_a_reranker_that_learned_nothing_is_not_offered_and_the_retriever_is(toy: Toy, tmp_path: Path) -> None:
    folder = toy.copied(tmp_path / "run")
    run = RunFolder(folder)
    result = {**read_json(folder / "reranker/result.json", dict), "best_step": 0}
    write_json(folder / "reranker/result.json", result)
    shutil.rmtree(folder / "reranker/model")
    dead = load_base(make_tiny_model(tmp_path / "dead", "cross-encoder"), kind="cross-encoder", seed=1)
    for parameter in dead.network.parameters():
        parameter.data.zero_()
    save_model(dead, folder / "reranker/model", max_tokens=64)
    note = run.note("reranker")
    assert note is not None
    run.finish("reranker", note.key, ["reranker/model", "reranker/result.json"], 0.0)
    outcome, context = toy_run(folder, toy.workspace, toy.recipe, toy.with_cache(tmp_path / "cache"))
    assert outcome.done == ("export", "evaluate", "gate")
    assert outcome.decision is not None
    assert (outcome.decision.is_offered, outcome.decision.retriever, outcome.decision.reranker) == (True, True, False)
    assert outcome.decision.reasons[-1] == "the reranker learned nothing; only the retriever is offered"
    assert outcome.report is not None
    assert "learned nothing: no step measured better" in outcome.report.read_text()
    assert not (folder / "export/reranker").exists()
    offered = offer_models(context, outcome.decision, tmp_path / "cache", uses=True)
    assert [name.split("-")[1] for name in offered.added] == ["retriever"]


def test_memory_that_does_not_suffice_is_told_with_what_to_lower_and_the_run_goes_on(toy: Toy, tmp_path: Path) -> None:
    context = context_of(toy, toy.copied(tmp_path / "run"), tmp_path / "cache")

    def greedy(_: object) -> None:
        torch.empty(1 << 58, dtype=torch.uint8)

    train, export = (next(stage for stage in STAGES if stage.name == name) for name in ("reranker", "export"))
    with pytest.raises(TrainingError, match=r"to train the reranker; .* lower reranker.chunk_tokens or reranker.batch"):
        do_stage(dataclasses.replace(train, run=greedy, also=lambda _: "changed"), context)
    with pytest.raises(TrainingError, match=r"to convert the models; .* lower mine.most_codes"):
        do_stage(dataclasses.replace(export, run=greedy), context)
    assert context.folder.note("reranker") is None
    assert run_stages(context, ["reranker"]).done == ("reranker",)


def test_one_giant_function_leaves_the_models_alone(toy: Toy, tmp_path: Path) -> None:
    workspace = tmp_path / "giant"
    workspace.mkdir()
    lines = "".join(f"    name_{i} = find(file, {i})\n" for i in range(15_000))
    (workspace / "giant.py").write_text(f'def giant(file):\n    """Find the name of a user in the file."""\n{lines}')
    outcome, context = toy_run(tmp_path / "run", workspace, toy.recipe, toy.with_cache(tmp_path / "cache"))
    check_refused(outcome, context, tmp_path / "cache")


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


def test_a_workspace_within_another_ischeck_refused(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    with pytest.raises(Exception, match="hold one another"):
        check_workspaces([tmp_path, tmp_path / "inner"])
    assert check_workspaces([tmp_path, tmp_path]) == [tmp_path.resolve()]
    with pytest.raises(Exception, match="cannot be read"):
        check_workspaces([tmp_path / "nowhere"])


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
