"""From what a user asked for to a run: which folder, which models it begins with, and which it must beat."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import platform
import re
import time
from collections.abc import Sequence
from pathlib import Path

from vizsla.core.errors import WorkspaceError
from vizsla.core.settings import Settings
from vizsla.models.in_use import DEFAULT
from vizsla.models.library import DEFAULT_RERANKER, DEFAULT_RETRIEVER, resolve
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.progress import Cancelled, Report
from vizsla_trainer.recipe import Recipe
from vizsla_trainer.recipe_files import recipe_from
from vizsla_trainer.run_folder import RunFacts, RunFolder
from vizsla_trainer.stages.stage import Context
from vizsla_trainer.training.machine import Machine

FEEDBACK_NAME = "feedback.jsonl"
"""In the cache directory, written by the server alone, and only when the user wants it."""

_NEGATIVES, _NEGATIVES_ON_GPU = 7, 31
"""For each query of a reranker: what two CPU cores get through in an hour, and what the paper filled a GPU with."""

_LIBRARIES = ("vizsla", "torch", "transformers", "sentence-transformers", "onnxruntime", "numpy")


def default_folder(settings: Settings, workspaces: Sequence[Path]) -> Path:
    """Where a run of these workspaces lies when nobody says otherwise: the same place each time."""
    paths = "\0".join(sorted(str(path) for path in workspaces))
    number = hashlib.sha256(paths.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return settings.cache.directory / "training" / f"{name_of(workspaces)}-{number}"


def name_of(workspaces: Sequence[Path]) -> str:
    """What models of these workspaces are called: letters, digits and dashes."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", workspaces[0].name if workspaces else "").strip("-").lower()[:40]
    return f"{name or 'workspace'}{'-and-others' if len(workspaces) > 1 else ''}"


def check_workspaces(paths: Sequence[Path]) -> list[Path]:
    """The workspaces as absolute paths, each once.

    Raises:
        WorkspaceError: one is no folder, or lies in another.
    """
    found: list[Path] = []
    for path in paths:
        try:
            real = path.expanduser().resolve(strict=True)
        except OSError as error:
            raise WorkspaceError(f"{path} cannot be read ({error.strerror}); give the folder of a workspace") from None
        if not real.is_dir():
            raise WorkspaceError(f"{path} is not a folder; give the folder of a workspace")
        for other in found:
            if real != other and (real.is_relative_to(other) or other.is_relative_to(real)):
                raise WorkspaceError(f"{real} and {other} hold one another; name one of them")
        if real not in found:
            found.append(real)
    return found


def new_run(
    folder: RunFolder,
    workspaces: Sequence[Path],
    recipe: Recipe,
    settings: Settings,
    *,
    device: str | None,
    report: Report,
    cancelled: Cancelled,
) -> Context:
    """A run of these workspaces in this folder; what an earlier run made there is used where nothing changed.

    Raises:
        ModelError: a model that is in use, or that training begins with, cannot be read.
    """
    chosen = Machine(device=device, threads=recipe.threads).device
    recipe = _fitted(recipe, is_gpu=chosen.type != "cpu")
    facts = RunFacts(
        name=name_of(workspaces),
        workspaces=tuple(map(str, workspaces)),
        recipe=dataclasses.asdict(recipe),
        versions=_versions(),
        device=str(chosen),
        started=time.time(),
        before=_in_use(settings),
        base=_bases(recipe, settings.cache.directory),
    )
    folder.begin(facts)
    return Context(
        folder=folder,
        recipe=recipe,
        facts=facts,
        device=device,
        report=report,
        cancelled=cancelled,
        feedback_log=settings.cache.directory / FEEDBACK_NAME,
    )


def resumed_run(
    folder: RunFolder, settings: Settings, *, device: str | None, report: Report, cancelled: Cancelled
) -> Context:
    """The run of this folder just as it was: the same recipe, workspaces and models, nothing mined again.

    Raises:
        TrainingError: no run began here.
    """
    if not folder.exists:
        raise TrainingError(f"no run began in {folder.path}; leave --resume out, or name the run's folder with --out")
    facts = folder.facts()
    return Context(
        folder=folder,
        recipe=recipe_from(facts.recipe, place=str(folder / "run.json")),
        facts=facts,
        device=device,
        report=report,
        cancelled=cancelled,
        feedback_log=settings.cache.directory / FEEDBACK_NAME,
        mines_again=False,
    )


def _fitted(recipe: Recipe, *, is_gpu: bool) -> Recipe:
    """The recipe with what it leaves to the device."""
    count = recipe.negatives.count or (_NEGATIVES_ON_GPU if is_gpu else _NEGATIVES)
    return dataclasses.replace(recipe, negatives=dataclasses.replace(recipe.negatives, count=count))


def _in_use(settings: Settings) -> dict[str, str]:
    cache, wanted = settings.cache.directory, settings.models
    found = {
        "retriever": resolve(wanted.retriever, "retriever", cache),
        "reranker": resolve(wanted.reranker, "reranker", cache),
    }
    return {role: str(folder.absolute()) for role, folder in found.items() if folder is not None}


def _bases(recipe: Recipe, cache: Path) -> dict[str, str]:
    """The models of the package rather than those in use: personal models are not trained on top of each other."""
    retriever = DEFAULT_RETRIEVER if recipe.retriever.base == DEFAULT else _base(recipe.retriever.base, cache)
    if recipe.reranker.base != DEFAULT:
        reranker = _base(recipe.reranker.base, cache)
    else:
        reranker = DEFAULT_RERANKER if DEFAULT_RERANKER.is_dir() else retriever
    return {"retriever": str(retriever.absolute()), "reranker": str(reranker.absolute())}


def _base(name: str, cache: Path) -> Path:
    """A folder of any kind of model, or an added model; whether training can begin with it is seen when it does."""
    for folder in (cache / "models" / name, Path(name).expanduser()):
        if folder.is_dir():
            return folder
    raise TrainingError(f"there is no model {name!r} to begin with; name an added model, a folder, or 'default'")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
