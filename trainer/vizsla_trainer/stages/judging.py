"""The stages that judge: conversion, evaluation, the gate and what it lets through, the report."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

from vizsla.core.errors import ModelError
from vizsla.models.calibration import calibration_of
from vizsla.models.device import choose_device
from vizsla.models.manifest import MANIFEST_NAME, ROLES, Role, read_manifest
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.evaluation.comparing import EDITION, compare
from vizsla_trainer.evaluation.contest import AFTER, BEFORE, Contest
from vizsla_trainer.evaluation.results import Comparison
from vizsla_trainer.export.card import counts_of, model_card
from vizsla_trainer.export.folders import Trained, describe_model, export_model, facts_of
from vizsla_trainer.export.gate import decide
from vizsla_trainer.stages.stage import Context, is_wanted
from vizsla_trainer.stages.training import RESULT_NAME
from vizsla_trainer.stored import read_json, write_json
from vizsla_trainer.training.vectors import fingerprint_of

COMPARISON_NAME = "evaluation/comparison.json"
"""In the run's folder."""

LEARNED_NOTHING = "learned nothing: no step measured better than the weights it began with"

_ALONE = "the reranker learned nothing; only the retriever is offered"

_LARGE = 10_000_000  # bytes


def convert(context: Context) -> None:
    """Trained weights to folders that can be served; none for a reranker that gives every text the same score."""
    for place in ("converted", "export"):  # what an earlier run made is not this one's
        for role in ROLES:
            shutil.rmtree(context.folder / place / role, ignore_errors=True)
    for role, weights in _trained_weights(context).items():
        licence, origin = _origin(Path(context.facts.base[role]))
        try:
            with np.errstate(invalid="ignore"):  # scores that are all the same have no correlation with any
                export_model(
                    weights,
                    context.folder / "converted" / role,
                    role=role,
                    name=_name(context, role),
                    licence=licence,
                    base=origin,
                )
        except ModelError:
            if role != "reranker" or not _is_as_it_began(context):
                raise
            if not is_wanted("retriever", context.recipe):
                raise TrainingError(f"the reranker {LEARNED_NOTHING}; give more or larger workspaces") from None


def learned_nothing(context: Context) -> bool:
    """Whether a reranker was trained that tells nothing from anything, so that there is none to be offered."""
    is_over = context.folder.note("export") is not None and is_wanted("reranker", context.recipe)
    return is_over and not _is_made("reranker", context)


def contestants(context: Context) -> object:
    """What decides how models compare, beside those that were trained."""
    folders = {role: Path(folder) for role, folder in context.facts.before.items()}
    manifests = [read_manifest(folders[role], role=role) for role in ROLES if role in folders]
    fingerprints = {role: fingerprint_of(folder) for role, folder in folders.items()}
    return [EDITION, fingerprints, dataclasses.asdict(calibration_of(*manifests))]


def evaluate(context: Context) -> None:
    """What answers today against what could."""
    retrievers = {BEFORE: Path(context.facts.before["retriever"])}
    rerankers = {BEFORE: Path(folder)} if (folder := context.facts.before.get("reranker")) else {}
    sides: tuple[tuple[Role, dict[str, Path]], ...] = (("retriever", retrievers), ("reranker", rerankers))
    for role, side in sides:
        if _is_made(role, context):
            side[AFTER] = context.folder / "converted" / role
    found = compare(
        Contest(
            retrievers=retrievers,
            rerankers=rerankers,
            device=choose_device().kind,
            threads=context.recipe.threads,
            vectors=context.folder / "vectors",
        ),
        dev=context.pairs("dev"),
        test=context.pairs("test"),
        codes=context.corpus.codes,
        recipe=context.recipe.evaluate,
        seed=context.recipe.seed,
        report=context.report,
        cancelled=context.cancelled,
    )
    (context.folder / "evaluation").mkdir(exist_ok=True)
    write_json(context.folder / COMPARISON_NAME, found)


def gate(context: Context) -> None:
    """Whether the trained models are better; and their folders with everything that is known of them."""
    found = read_json(context.folder / COMPARISON_NAME, Comparison)
    decision = decide(found, context.recipe.gate)
    if decision.is_offered and learned_nothing(context):
        decision = dataclasses.replace(decision, reasons=(*decision.reasons, _ALONE))
    counts = counts_of(context.pairs("train"))
    judged = found.judged
    metrics = {
        "queries": judged.difference.queries,
        "mrr_before": judged.before.mrr.mean,
        "mrr_after": judged.after.mrr.mean,
        "improvement": dataclasses.asdict(judged.difference.mrr),
        "is_as_served": found.served is not None,
        "retriever_before": dataclasses.asdict(found.retriever_before.metrics),
        "retriever_after": dataclasses.asdict(found.retriever_after.metrics),
        "is_offered": decision.is_offered,
    }
    before = calibration_of(read_manifest(Path(context.facts.before["retriever"]), role="retriever")).cosine
    stays = context.facts.before.get("reranker")
    beside = read_manifest(Path(stays), role="reranker").fingerprint if stays else ""
    recipe = json.loads(json.dumps(context.facts.recipe))
    (context.folder / "export").mkdir(exist_ok=True)
    for role in ROLES:
        source, place = context.folder / "converted" / role, context.folder / "export" / role
        if not _is_made(role, context):
            continue
        licence, origin = _origin(Path(context.facts.base[role]))
        card = model_card(
            name=_name(context, role),
            kind=read_manifest(source).kind,
            base=origin,
            licence=licence,
            recipe=context.recipe.name,
            counts=counts,
            found=found,
        )
        with tempfile.TemporaryDirectory(prefix=".exporting-", dir=place.parent) as temporary:
            made = Path(shutil.copytree(source, Path(temporary) / role, copy_function=_copied))
            facts = facts_of(found, role, before=before, counts=counts, metrics=metrics, beside=beside)
            describe_model(made, card=card, facts={**facts, "recipe": recipe})
            if place.exists():
                shutil.rmtree(place)
            made.rename(place)
    write_json(context.folder / "gate.json", decision)


def trained(context: Context) -> Trained:
    """The folders that the gate left."""
    folders = {role: context.folder / "export" / role if _is_made(role, context) else None for role in ROLES}
    return Trained(retriever=folders["retriever"], reranker=folders["reranker"])


def _copied(source: str, destination: str) -> None:
    """Weights are shared where the file system can, and nobody writes into them; what is small is copied."""
    if Path(source).stat().st_size >= _LARGE:
        with contextlib.suppress(OSError):
            Path(destination).hardlink_to(source)
            return
    shutil.copyfile(source, destination)


def _trained_weights(context: Context) -> dict[Role, Path]:
    found: dict[Role, Path] = {}
    if is_wanted("retriever", context.recipe):
        found["retriever"] = context.retriever
    if is_wanted("reranker", context.recipe):
        found["reranker"] = context.folder / "reranker/model"
    return found


def _is_as_it_began(context: Context) -> bool:
    """Whether no step of the reranker measured better on dev than the weights it began with."""
    result = read_json(context.folder / "reranker" / RESULT_NAME, dict)
    start, best = result.get("start_dev"), result.get("best_dev")
    return result["best_step"] == 0 or (start is not None and best is not None and best <= start)


def _is_made(role: Role, context: Context) -> bool:
    """Whether there is a trained model that can be served."""
    return is_wanted(role, context.recipe) and (context.folder / "converted" / role / MANIFEST_NAME).is_file()


def _name(context: Context, role: str) -> str:
    return context.facts.name if role == "retriever" else f"{context.facts.name}-{role}"


def _origin(base: Path) -> tuple[str, str]:
    """Licence and name of the model that training began with."""
    if (base / MANIFEST_NAME).is_file():
        manifest = read_manifest(base)
        return manifest.licence, manifest.base or manifest.name
    return "", base.name
