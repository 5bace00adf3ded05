"""What every training does before its own part and after it: open the base; run, save the model, tell the result."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vizsla.models.manifest import ModelKind
from vizsla_trainer.recipe import RerankerRecipe, RetrieverRecipe
from vizsla_trainer.training.attention import use_plain_attention
from vizsla_trainer.training.base import Base, load_base, save_model
from vizsla_trainer.training.encoding import freeze_embeddings
from vizsla_trainer.training.identity import identity_of
from vizsla_trainer.training.lessons import Lessons
from vizsla_trainer.training.loop import Task, run_steps
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun, TrainResult

if TYPE_CHECKING:
    import torch

MODEL_NAME = "model"
"""The folder of the trained model within that of its training."""

BatchT = TypeVar("BatchT")


def open_base(
    folder: Path, kind: ModelKind, recipe: RetrieverRecipe | RerankerRecipe, run: TrainingRun
) -> tuple[Base, Machine]:
    """What a training begins with, its embeddings frozen where the recipe says so, and what it will run on.

    Raises:
        ModelError: the base cannot be loaded.
    """
    machine = Machine(
        device=run.device, precision=recipe.precision, threads=run.threads, chunk_tokens=recipe.chunk_tokens
    )
    base = load_base(folder, kind=kind, seed=run.seed)
    if machine.device.type == "cpu":
        use_plain_attention(base.network)
    if recipe.freezes_embeddings:
        freeze_embeddings(base.network)
    return base, machine


def run_course(
    base: Base,
    network: torch.nn.Module,
    task: Task[BatchT],
    lessons: Lessons,
    machine: Machine,
    recipe: RetrieverRecipe | RerankerRecipe,
    run: TrainingRun,
    *,
    max_tokens: int,
    watched: tuple[object, ...],
    skipped_examples: int = 0,
) -> TrainResult:
    """Train a network to the end, or go on with what was stopped, and save the model with the weights best on dev.

    Args:
        base: that the network was made of.
        network: that learns, on the machine.
        task: what is learned, of ``lessons``.
        lessons: with the plan of all steps.
        machine: what it runs on.
        recipe: how.
        run: where, by which seed, who is told.
        max_tokens: that the saved model reads.
        watched: what is measured on dev, and what else decides what comes of it, by its ``repr``.
        skipped_examples: that had nothing to stand against.

    Raises:
        TrainingError: the disk is full.
        StoppedError: it was cancelled; called again, it goes on.
    """
    began = time.perf_counter()
    steps = len(lessons.plan)
    is_plain = lessons.augment is None
    identity = identity_of(base, lessons.examples, lessons.corpus, machine, run, recipe, steps, is_plain, *watched)
    position, tokens = run_steps(network, task, recipe, run, steps=steps, identity=identity, machine=machine)
    save_model(base, run.out / MODEL_NAME, max_tokens=max_tokens)
    return position.result(
        run.out / MODEL_NAME,
        machine=machine,
        seconds=time.perf_counter() - began,
        tokens=tokens,
        skipped_examples=skipped_examples,
    )
