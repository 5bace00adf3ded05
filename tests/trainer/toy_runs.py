"""A finished run of the toy workspace that tests copy, and what they ask of runs that ended badly."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from trainer.toy import toy_settings
from vizsla.core.settings import Settings
from vizsla_trainer.progress import never, unheard
from vizsla_trainer.recipe import Recipe
from vizsla_trainer.run_folder import RunFolder
from vizsla_trainer.stages.offering import offer_models
from vizsla_trainer.stages.opening import new_run
from vizsla_trainer.stages.pipeline import Outcome
from vizsla_trainer.stages.stage import Context


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


def context_of(toy: Toy, folder: Path, cache: Path) -> Context:
    return new_run(
        RunFolder(folder),
        [toy.workspace],
        toy.recipe,
        toy.with_cache(cache),
        device="cpu",
        report=unheard,
        cancelled=never,
    )


def check_refused(outcome: Outcome, context: Context, cache: Path) -> None:
    """Nothing was offered, nothing is in use, and the report says why."""
    assert outcome.decision is not None
    assert not outcome.decision.is_offered
    assert offer_models(context, outcome.decision, cache, uses=True).now.retriever == "default"
    assert not list((cache / "models").glob("*-retriever-*"))
    assert outcome.report is not None
    assert "The models in use stay" in outcome.report.read_text()
