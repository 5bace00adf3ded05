"""``vizsla train``: from workspaces to models in use."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vizsla.core.errors import ModelError
from vizsla.core.options import load_settings
from vizsla.models.device import problem_of_torch_with, problem_with
from vizsla.models.sources import needs_extra
from vizsla_trainer.cli.corpus import BesideCorpus
from vizsla_trainer.cli.stopping import stoppable
from vizsla_trainer.cli.telling import telling
from vizsla_trainer.errors import StoppedError
from vizsla_trainer.recipe_files import BUILT_IN

if TYPE_CHECKING:
    from vizsla.core.settings import Settings
    from vizsla_trainer.stages.pipeline import Outcome
    from vizsla_trainer.stages.stage import Context

OFFERED, REFUSED, INTERRUPTED = 0, 1, 130

_NICE = 10

StageName = StrEnum(
    "StageName",
    [
        "mine",
        "clean",
        "split",
        "filter",
        "retriever",
        "negatives",
        "retriever2",
        "negatives2",
        "reranker",
        "export",
        "evaluate",
        "gate",
    ],
)

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command("train", cls=BesideCorpus)
def train(
    workspaces: Annotated[
        list[Path] | None, typer.Argument(metavar="[WORKSPACE...]", help="Folders with code; '.' when none is given.")
    ] = None,
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="R", help=f"A TOML file, or one of: {', '.join(BUILT_IN)}.")
    ] = "default",
    stage: Annotated[
        list[StageName] | None, typer.Option("--stage", help="Do this stage only; may be given several times.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last run as it was: same recipe, nothing mined again.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The run's folder; one in the cache when not given.")
    ] = None,
    use: Annotated[
        bool, typer.Option("--use/--no-use", help="Whether better models answer from now on, or are only added.")
    ] = True,
    device: Annotated[
        str | None, typer.Option("--device", metavar="D", help="cpu, cuda or mps; the best there is when not given.")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="NAME", help="A model of an earlier run not to delete.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print progress and outcome as JSON lines.")] = False,
) -> int:
    """Train models on your own code, and use them if held-out questions prove that they are better.

    What an earlier run of the same workspaces made is used where nothing changed. Ctrl-C keeps what was done.
    'vizsla train corpus' fetches what the models of the package are trained on.
    """
    check_installed("to train models")
    check_device(device)
    settings, refused = load_settings(None)
    for sentence in refused:
        print(f"vizsla: {sentence}", file=sys.stderr)
    from vizsla_trainer.recipe_files import load_recipe
    from vizsla_trainer.run_folder import opened_run
    from vizsla_trainer.stages.opening import check_workspaces, default_folder, new_run, resumed_run
    from vizsla_trainer.stages.pipeline import run_stages

    asked = check_workspaces(workspaces or [Path()])
    wanted = load_recipe(recipe)
    be_nice()
    with (
        telling(as_json=as_json) as report,
        stoppable() as cancelled,
        opened_run(out or default_folder(settings, asked)) as folder,
    ):
        if resume:
            context = resumed_run(folder, settings, device=device, report=report, cancelled=cancelled)
        else:
            context = new_run(folder, asked, wanted, settings, device=device, report=report, cancelled=cancelled)
        try:
            outcome = run_stages(context, [str(name) for name in stage or ()])
            if cancelled():
                raise StoppedError("stopped before any model was offered; run it again to go on")
        except StoppedError as stopped:
            print(f"vizsla: {stopped}", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        return _finish(outcome, context, settings, uses=use, keep=keep or (), as_json=as_json)


def check_installed(what: str) -> None:
    """Raise a sentence where libraries of the ``train`` extra are missing."""
    for library in ("torch", "transformers", "sentence_transformers", "onnx", "safetensors", "matplotlib"):
        if importlib.util.find_spec(library) is None:
            raise ModelError(needs_extra(what))


def check_device(device: str | None) -> None:
    """Raise a sentence where a device has no meaning, or is not there: training takes no other behind one's back."""
    if device in (None, "cpu"):
        return
    if device not in ("cuda", "mps"):
        raise ModelError(f"--device must be cpu, cuda or mps, got {device!r}")
    problem = problem_of_torch_with("cuda") if device == "cuda" else problem_with("mps")
    if problem is not None:
        raise ModelError(f"--device {device}: {problem}; leave it out to train on the best device there is")


def be_nice() -> None:
    """Leave the processor to whoever searches, once per process."""
    os.nice(max(0, _NICE - os.nice(0)))


def _finish(
    outcome: Outcome, context: Context, settings: Settings, *, uses: bool, keep: Sequence[str], as_json: bool
) -> int:
    """Offer what passed the gate and say what came of it. Returns the exit status."""
    from vizsla_trainer.stages.offering import offer_models

    if outcome.decision is None:
        _say(as_json, {"event": "done", "stages": outcome.done}, f"Done: {', '.join(outcome.done) or 'nothing to do'}.")
        return OFFERED
    offered = offer_models(context, outcome.decision, settings.cache.directory, uses=uses, kept=keep)
    told = {
        "event": "done",
        "is_offered": outcome.decision.is_offered,
        "reasons": outcome.decision.reasons,
        "retriever": offered.now.retriever,
        "reranker": offered.now.reranker,
        "by_source": {source: dataclasses.asdict(change) for source, change in outcome.sources.items()},
        "report": str(outcome.report),
    }
    reasons = ". ".join(f"{reason[:1].upper()}{reason[1:]}" for reason in outcome.decision.reasons)
    if not outcome.decision.is_offered:
        words = f"The models in use stay. {reasons}."
    elif not offered.is_new:
        words = f"{reasons}. These models were offered before; 'vizsla models list' says what is in use."
    elif uses:
        words = f"{reasons}. In use now: retriever {offered.now.retriever}, reranker {offered.now.reranker}."
        named = [role for role in ("retriever", "reranker") if getattr(settings.models, role) != "default"]
        if named:
            words += f" But the settings name others: {' and '.join(f'models.{role}' for role in named)}."
    else:
        words = f"{reasons}. Added: {', '.join(offered.added)}. To use: vizsla models use {' '.join(offered.added)}"
    sources = [f"  {source}: {change}" for source, change in outcome.sources.items()]
    _say(
        as_json,
        told,
        "\n".join([words, *(["MRR by source:", *sources] if sources else []), f"Report: {outcome.report}"]),
    )
    return OFFERED if outcome.decision.is_offered else REFUSED


def _say(as_json: bool, told: dict[str, object], words: str) -> None:
    print(json.dumps(told) if as_json else words, flush=True)
