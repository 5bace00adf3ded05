"""What the gate let through becomes the models in use, once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from vizsla.core.options import load_settings
from vizsla.models.in_use import ModelsInUse, models_in_use
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.export.folders import added_names, offer, remove_earlier
from vizsla_trainer.export.gate import Decision
from vizsla_trainer.run_folder import key_of
from vizsla_trainer.stages.judging import trained
from vizsla_trainer.stages.stage import Context
from vizsla_trainer.stored import read_json, write_json

_OFFERED_NAME = "offered.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What came of an offer.

    Attributes:
        now: the models in use.
        added: names of the models offered.
        is_new: False where this very offer was made before: a user who went back since is not overruled.
    """

    now: ModelsInUse
    added: tuple[str, ...]
    is_new: bool


def offer_models(
    context: Context, decision: Decision, cache_directory: Path, *, uses: bool, kept: Collection[str] = ()
) -> Offered:
    """Add the models of a run that passed the gate and, where wanted, put them to use.

    Args:
        context: of the run.
        decision: of its gate.
        cache_directory: whose models answer.
        uses: False adds the models without using them.
        kept: models that somebody else counts on, beside those that the user's own settings name.

    Raises:
        ModelError: a model could not be added or used; the old ones answer.
    """
    if not decision.is_offered:
        return Offered(now=models_in_use(cache_directory), added=(), is_new=False)
    models = trained(context)
    name = context.facts.name
    added = added_names(models, decision, name)
    marker = context.folder / _OFFERED_NAME
    key = key_of(added, uses)
    try:
        before = read_json(marker, dict)
    except TrainingError:
        before = {}
    if before.get("key") == key:
        return Offered(now=models_in_use(cache_directory), added=added, is_new=False)
    now = offer(models, decision, cache_directory=cache_directory, name=name, uses=uses)
    offers = [*before.get("offers", [before["models"]] if "models" in before else []), list(added)]
    write_json(marker, {"key": key, "models": added, "offers": offers})  # first, as deleting may be broken off
    named = load_settings()[0].models
    offers = remove_earlier(cache_directory, offers, named=(named.retriever, named.reranker, *kept))
    write_json(marker, {"key": key, "models": added, "offers": offers})
    return Offered(now=now, added=added, is_new=True)
