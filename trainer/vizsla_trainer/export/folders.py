"""Trained weights to model folders that are served, and folders to models in use."""

from __future__ import annotations

import dataclasses
import logging
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vizsla.core.errors import ModelError
from vizsla.models.calibration import Line
from vizsla.models.in_use import ModelsInUse, earlier_models, models_in_use
from vizsla.models.library import add_model, list_models, remove_model, use_models
from vizsla.models.manifest import CARD_NAME, Manifest, Role, hash_file, read_manifest, write_manifest
from vizsla_trainer.evaluation.calibration import aligned
from vizsla_trainer.evaluation.contest import AFTER, BEFORE
from vizsla_trainer.evaluation.results import Comparison
from vizsla_trainer.evaluation.served import reading_of
from vizsla_trainer.export.gate import Decision

logger = logging.getLogger(__name__)

_KEPT_RUNS = 3  # models of earlier runs of a workspace that stay added, for the way back


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Model folders that a run made; None for what it did not train."""

    retriever: Path | None
    reranker: Path | None


def export_model(weights: Path, destination: Path, *, role: Role, name: str, licence: str, base: str) -> Manifest:
    """Make the folder that is served: int8 ONNX, safetensors, tokenizer, manifest, readable for sentence-transformers.

    Args:
        weights: a folder as sentence-transformers reads it.
        destination: replaced as a whole when the new folder is complete.
        role: what the model is for.
        name: what to call it.
        licence: of the weights it began with.
        base: name of the model it began with.

    Raises:
        ModelError: the weights cannot be converted, or answer otherwise afterwards.
    """
    from vizsla.models.convert import convert_model

    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".exporting-", dir=destination.parent) as temporary:
        made = Path(temporary) / "model"
        manifest = convert_model(str(weights), made, role=role, name=name)
        _add_what_others_read(weights, made)
        names = sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file())
        files = {name: hash_file(made / name) for name in names if name != "manifest.json"}
        manifest = dataclasses.replace(manifest, files=files, licence=manifest.licence or licence, base=base)
        write_manifest(made, manifest)
        if destination.exists():
            shutil.rmtree(destination)
        made.rename(destination)
    return read_manifest(destination, role=role)


def describe_model(folder: Path, *, card: str, facts: Mapping[str, object]) -> Manifest:
    """Add the card and what is known of a model to its folder; its fingerprint stays as it is."""
    manifest = read_manifest(folder)
    (folder / CARD_NAME).write_text(card, encoding="utf-8")
    files = {**manifest.files, CARD_NAME: hash_file(folder / CARD_NAME)}
    manifest = dataclasses.replace(manifest, files=files, facts=facts)
    write_manifest(folder, manifest)
    return manifest


def offer(trained: Trained, decision: Decision, *, cache_directory: Path, name: str, uses: bool) -> ModelsInUse:
    """Add the models that passed the gate and, where wanted, put them to use; what fails leaves all as it was.

    Args:
        trained: the exported folders.
        decision: of the gate; nothing happens unless it offers.
        cache_directory: whose models answer.
        name: that theirs begin with; the first digits of their fingerprints follow.
        uses: False adds the models without using them.

    Returns:
        What is in use afterwards.

    Raises:
        ModelError: a model could not be added or used; the old ones answer.
    """
    if not decision.is_offered:
        return models_in_use(cache_directory)
    chosen: dict[str, str] = {}
    for role, folder, called in _offered(trained, decision, name):
        if not _is_added(cache_directory, called, folder):
            add_model(str(folder), cache_directory, role=role, name=called)
        chosen[role] = called
    return use_models(cache_directory, **chosen) if uses else models_in_use(cache_directory)


def added_names(trained: Trained, decision: Decision, name: str) -> tuple[str, ...]:
    """What the models that the decision offers are called."""
    return tuple(called for _, _, called in _offered(trained, decision, name))


def remove_earlier(
    cache_directory: Path, offers: Sequence[Sequence[str]], *, named: Collection[str] = ()
) -> list[list[str]]:
    """Delete the models that a run offered long ago, but for those that somebody counts on.

    Args:
        cache_directory: root of our cache.
        offers: names of the models of each of its offers, oldest first; of no other run, as other workspaces may
            have the same name, and users may give such names to models of their own.
        named: names that the settings have.

    Returns:
        The offers of which there still are models: the last few, and what is in use, was in use before, or is named.
    """
    kept = {*named, *(name for offer in offers[-_KEPT_RUNS:] for name in offer)}
    for used in (*earlier_models(cache_directory), models_in_use(cache_directory)):
        kept |= {used.retriever, used.reranker}
    there = {model.name for model in list_models(cache_directory)}
    for name in {name for offer in offers for name in offer} & there - kept:
        try:
            remove_model(name, cache_directory)
        except (ModelError, OSError) as error:
            logger.warning("the model %s of an earlier run cannot be deleted: %s", name, error)
            continue
        there.discard(name)
    return [left for offer in offers if (left := [name for name in offer if name in there])]


def _offered(trained: Trained, decision: Decision, name: str) -> Iterator[tuple[Role, Path, str]]:
    """Role, folder and name of each model that is offered."""
    parts: tuple[tuple[Role, Path | None, bool], ...] = (
        ("retriever", trained.retriever, decision.retriever),
        ("reranker", trained.reranker, decision.reranker),
    )
    for role, folder, is_wanted in parts:
        if folder is not None and is_wanted:
            yield role, folder, f"{name}-{role}-{read_manifest(folder, role=role).fingerprint[:8]}"


def _is_added(cache_directory: Path, name: str, folder: Path) -> bool:
    """Whether the very same model was added before: a model that answers is not replaced under a running server."""
    fingerprint = read_manifest(folder).fingerprint
    return any(
        model.name == name and model.manifest.fingerprint == fingerprint for model in list_models(cache_directory)
    )


def facts_of(
    found: Comparison,
    role: Role,
    *,
    before: Line,
    counts: Mapping[str, object],
    metrics: Mapping[str, object],
    beside: str = "",
) -> dict[str, object]:
    """What a manifest tells of training: how scores are to be read, data counts, measured numbers.

    Args:
        found: how the models were measured.
        role: of the model; one that did not win has scores of which nothing is told.
        before: from the cosines of the retriever that was in use to those that fusion was fitted to.
        counts: of the data.
        metrics: what else is told.
        beside: fingerprint of the reranker that was in use; "" for none.
    """
    return {"calibration": _calibration(found, role, before, beside), "data": dict(counts), "metrics": dict(metrics)}


def _calibration(found: Comparison, role: Role, before: Line, beside: str) -> dict[str, object]:
    """What ``vizsla.models.calibration`` reads, and the log-odds of cosines besides."""
    chosen = found.chosen
    told: dict[str, object] = {}
    if role == "retriever" and chosen.retriever == AFTER:
        told["retriever"] = dataclasses.asdict(chosen.dense)
        cosine = aligned(before, found.before.order, chosen.order)
        if cosine is not None:
            told["cosine"] = dataclasses.asdict(cosine)
    if chosen.cross is None or chosen.told is None:
        return told
    read = reading_of(chosen.cross, chosen.told, chosen.reach)
    if read is None:
        return told
    reach = {} if chosen.reach is None else {"reach": chosen.reach}
    setting = {**dataclasses.asdict(chosen.told), **reach}
    reading = {"reranker": dataclasses.asdict(read.log_odds), "setting": setting}
    if role == "reranker" and chosen.reranker == AFTER:
        told |= {"retriever": dataclasses.asdict(chosen.dense), **reading}
    is_alone = role == "retriever" and (chosen.retriever, chosen.reranker) == (AFTER, BEFORE)
    if is_alone and beside:
        told["beside"] = {beside: reading}  # the manifest of that reranker is another's, and stays as it is
    return told


def _add_what_others_read(weights: Path, made: Path) -> None:
    """The files by which sentence-transformers and transformers load the folder."""
    for path in weights.rglob("*.json"):
        place = made / path.relative_to(weights)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
