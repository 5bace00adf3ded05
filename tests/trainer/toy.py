"""A toy workspace that a tiny model can learn, and runs of it."""

from __future__ import annotations

import random
from pathlib import Path

from vizsla.core.settings import CacheSettings, ModelSettings, Settings
from vizsla_trainer.progress import Cancelled, Report, never, unheard
from vizsla_trainer.recipe import Recipe
from vizsla_trainer.recipe_files import recipe_from
from vizsla_trainer.run_folder import RunFolder
from vizsla_trainer.stages.opening import new_run
from vizsla_trainer.stages.pipeline import Outcome, run_stages
from vizsla_trainer.stages.stage import Context

_VERBS = {"parse": "open", "read": "close", "write": "sign", "sort": "cache", "find": "answer"}
_NOUNS = {
    "file": "path",
    "json": "text",
    "list": "line",
    "tree": "node",
    "date": "graph",
    "time": "cookie",
    "user": "session",
    "name": "request",
}
"""How documentation calls a thing, and how code does: no word is in both, so that meaning must be learned."""


def make_workspace(root: Path, functions: int = 160) -> Path:
    """Python files of documented functions; what a function's documentation names, its code calls otherwise."""
    chance = random.Random(3)
    for start in range(0, functions, 4):
        path = root / f"module_{start // 4}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = []
        for number in range(start, min(start + 4, functions)):
            said, (a, b, c, d) = chance.choice(list(_VERBS)), chance.sample(list(_NOUNS), 4)
            verb, (e, f, g, h) = _VERBS[said], (_NOUNS[noun] for noun in (a, b, c, d))
            parts.append(
                f'def step_{number}({e}, {f}):\n    """{said.capitalize()} the {a} and {b} of a {c} in the {d}."""\n'
                f"    {g} = {verb}_{e}({f})\n    {h} = {g}.{verb}({e})\n    return {f} + {h}[{number}]\n"
            )
        path.write_text("\n\n".join(parts))
    return root


def toy_recipe(base: Path, **parts: dict[str, object]) -> Recipe:
    """Seconds of training from a tiny model; ``parts`` change it."""
    common: dict[str, object] = {
        "code_tokens": 48,
        "query_tokens": 16,
        "freezes_embeddings": False,
        "precision": "fp32",
    }
    raw: dict[str, dict[str, object]] = {
        "clean": {"consistency": False},
        "split": {"test_share": 0.25, "near_duplicate": 0.95},
        "augment": {"query_mask": 0, "code_mask": 0, "identifier_dropout": 0, "query_shortening": 0},
        "retriever": {
            **common,
            "base": str(base),
            "learning_rate": 3e-3,
            "epochs": 80,
            "most_steps": 120,
            "batch": 24,
            "evaluate_every": 40,
            "checkpoint_every": 20,
            "second_steps": 4,
        },
        "negatives": {"count": 3},
        "reranker": {
            **common,
            "learning_rate": 1e-3,
            "most_steps": 4,
            "evaluate_every": 4,
            "checkpoint_every": 2,
        },
        "evaluate": {"depths": [10], "weights": [0.5], "latency_queries": 2, "resamples": 500},
        "gate": {"least_queries": 15},
    }
    for name, part in parts.items():
        raw[name] = {**raw.get(name, {}), **part}
    return recipe_from({"name": "toy", "threads": 1, **raw})


def toy_settings(cache: Path, retriever: Path) -> Settings:
    """Settings under which the tiny model is the one in use."""
    return Settings(cache=CacheSettings(directory=cache), models=ModelSettings(retriever=str(retriever)))


def toy_run(
    folder: Path,
    workspace: Path,
    recipe: Recipe,
    settings: Settings,
    *,
    report: Report = unheard,
    cancelled: Cancelled = never,
) -> tuple[Outcome, Context]:
    """A run from its beginning or from where it was left."""
    folder.mkdir(parents=True, exist_ok=True)
    context = new_run(
        RunFolder(folder), [workspace], recipe, settings, device="cpu", report=report, cancelled=cancelled
    )
    return run_stages(context), context
