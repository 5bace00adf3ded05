"""Training of the retriever: a bi-encoder that learns to tell each query's code from those of its batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vizsla_trainer.recipe import RetrieverRecipe
from vizsla_trainer.retriever.dev import RetrieverDev
from vizsla_trainer.retriever.loss import info_nce
from vizsla_trainer.training.course import open_base, run_course
from vizsla_trainer.training.encoding import NetworkEncoder
from vizsla_trainer.training.examples import Corpus, Example
from vizsla_trainer.training.gradients import accumulate
from vizsla_trainer.training.in_batch import Contrast, drawn_contrast, planned_contrasts
from vizsla_trainer.training.lessons import Augment, Lessons
from vizsla_trainer.training.loop import StepLoss
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun, TrainResult

if TYPE_CHECKING:
    import torch
    from tokenizers import Encoding


def train_retriever(
    base_folder: Path,
    examples: Sequence[Example],
    corpus: Corpus,
    dev: RetrieverDev,
    recipe: RetrieverRecipe,
    run: TrainingRun,
    *,
    augment: Augment | None = None,
) -> TrainResult:
    """Train a bi-encoder; it ends with the weights that were best on dev, be it those it began with.

    Examples that have negatives make it a second round: ``recipe.hard_negatives`` of each stand in every batch, and
    it takes ``recipe.second_steps``.

    Args:
        base_folder: what to begin with, see ``load_base``.
        examples: to learn from.
        corpus: that they and their negatives point into.
        dev: what is measured while training.
        recipe: how.
        run: where, by which seed, who is told.
        augment: disturbs the texts anew in each step; a code that stands against a query is disturbed likewise.

    Raises:
        ModelError: the base cannot be loaded.
        TrainingError: no two examples can stand against each other, or the disk is full.
        StoppedError: it was cancelled; called again, it goes on.
    """
    base, machine = open_base(base_folder, "bi-encoder", recipe, run)
    is_second = any(example.negatives for example in examples) and recipe.hard_negatives > 0
    most_steps = recipe.second_steps if is_second else recipe.most_steps
    plan = planned_contrasts(examples, corpus, recipe, most_steps=most_steps, seed=run.seed)
    encoder = NetworkEncoder(base, machine, query_tokens=recipe.query_tokens, code_tokens=recipe.code_tokens)
    lessons = Lessons(plan=plan, examples=examples, corpus=corpus, seed=run.seed, augment=augment)
    task = _Retrieving(encoder, machine, lessons, dev, recipe)
    watched = [example.pair for example in dev.examples], dev.pool
    max_tokens = min(recipe.code_tokens, base.max_tokens)
    return run_course(
        base, encoder.network, task, lessons, machine, recipe, run, max_tokens=max_tokens, watched=(watched,)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """A step as tokens: queries, their codes, hard negatives."""

    read: list[Encoding]
    contrast: Contrast


class _Retrieving:
    """The task of ``run_steps``."""

    def __init__(
        self, encoder: NetworkEncoder, machine: Machine, lessons: Lessons, dev: RetrieverDev, recipe: RetrieverRecipe
    ) -> None:
        self._encoder = encoder
        self._machine = machine
        self._lessons = lessons
        self._dev = dev
        self._recipe = recipe

    def prepare(self, step: int) -> _Batch:
        contrast = drawn_contrast(self._lessons, step, hard_negatives=self._recipe.hard_negatives)
        read = self._encoder.tokens(contrast.queries, is_query=True)
        read += self._encoder.tokens(contrast.codes, is_query=False)
        return _Batch(read=read, contrast=contrast)

    def backward(self, batch: _Batch) -> StepLoss:
        import torch

        queries = len(batch.contrast.queries)
        allowed = torch.from_numpy(batch.contrast.allowed).to(self._machine.device)
        # Cut here and not ahead, as the machine's chunks shrink where memory does not suffice.
        chunks = self._encoder.chunks(batch.read)

        def loss_of(vectors: torch.Tensor) -> torch.Tensor:
            return info_nce(vectors[:queries], vectors[queries:], scale=self._recipe.scale, allowed=allowed)

        loss = accumulate(chunks, self._encoder.forward, loss_of, kept_tokens=self._machine.kept_tokens)
        return StepLoss(loss=loss, chance=batch.contrast.chance, tokens=sum(chunk.tokens for chunk in chunks))

    def evaluate(self) -> float:
        return self._dev.mrr(self._encoder)
