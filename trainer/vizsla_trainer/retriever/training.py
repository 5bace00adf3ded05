"""Training of the retriever: a bi-encoder that learns to tell each query's code from those of its batch."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vizsla_trainer.errors import TrainingError
from vizsla_trainer.recipe import RetrieverRecipe
from vizsla_trainer.retriever.dev import RetrieverDev
from vizsla_trainer.retriever.loss import info_nce
from vizsla_trainer.training.base import load_base, save_model
from vizsla_trainer.training.batching import Chunk, planned_steps
from vizsla_trainer.training.encoding import NetworkEncoder, freeze_embeddings
from vizsla_trainer.training.examples import Corpus, Example
from vizsla_trainer.training.gradients import accumulate
from vizsla_trainer.training.identity import identity_of
from vizsla_trainer.training.loop import StepLoss, run_steps
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun, TrainResult

MODEL_NAME = "model"
"""The folder of the trained model within that of its training."""

Augment = Callable[[str, str, random.Random], tuple[str, str]]
"""A query and a code to disturbed ones, by the given chance alone."""


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
    began = time.perf_counter()
    machine = Machine(
        device=run.device, precision=recipe.precision, threads=run.threads, chunk_tokens=recipe.chunk_tokens
    )
    base = load_base(base_folder, kind="bi-encoder", seed=run.seed)
    is_second = any(example.negatives for example in examples) and recipe.hard_negatives > 0
    plan = planned_steps(
        examples,
        batch=recipe.batch,
        epochs=recipe.epochs,
        most_steps=recipe.second_steps if is_second else recipe.most_steps,
        seed=run.seed,
    )
    if not plan:
        raise TrainingError(
            f"{len(examples)} pairs are too few for a retriever: no two of them can stand against each other; "
            "give more or larger workspaces"
        )
    if recipe.freezes_embeddings:
        freeze_embeddings(base.network)
    encoder = NetworkEncoder(base, machine, query_tokens=recipe.query_tokens, code_tokens=recipe.code_tokens)
    task = _Retrieving(encoder, machine, plan, examples, corpus, dev, recipe, run.seed, augment)
    watched = [example.pair for example in dev.examples], dev.pool
    identity = identity_of(base, examples, corpus, machine, run, recipe, len(plan), augment is None, watched)
    position, tokens = run_steps(
        encoder.network, task, recipe, run, steps=len(plan), identity=identity, machine=machine
    )
    save_model(base, run.out / MODEL_NAME, max_tokens=min(recipe.code_tokens, base.max_tokens))
    return position.result(
        run.out / MODEL_NAME, machine=machine, seconds=time.perf_counter() - began, tokens=tokens, skipped_examples=0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """Texts of a step: queries, their codes, hard negatives."""

    chunks: list[Chunk]
    queries: int
    allowed: NDArray[np.bool_]  # (queries, codes)


class _Retrieving:
    """The task of ``run_steps``."""

    def __init__(
        self,
        encoder: NetworkEncoder,
        machine: Machine,
        plan: Sequence[tuple[int, ...]],
        examples: Sequence[Example],
        corpus: Corpus,
        dev: RetrieverDev,
        recipe: RetrieverRecipe,
        seed: int,
        augment: Augment | None,
    ) -> None:
        self._encoder = encoder
        self._machine = machine
        self._plan = plan
        self._examples = examples
        self._corpus = corpus
        self._dev = dev
        self._recipe = recipe
        self._seed = seed
        self._augment = augment

    def prepare(self, step: int) -> _Batch:
        examples = [self._examples[place] for place in self._plan[step]]
        chance = random.Random(f"{self._seed}/{step}")
        queries, codes, negatives = [], [], []
        against: list[int] = []
        for example in examples:
            query, text = self._disturbed(example.query, example.text, chance)
            queries.append(query)
            codes.append(text)
            for place in self._hard(example, step, chance):
                against.append(place)
                negatives.append(self._disturbed("", self._corpus.text(place, example.view), chance)[1])
        allowed = np.ones((len(queries), len(codes) + len(negatives)), dtype=np.bool_)
        for i, example in enumerate(examples):
            for j, place in enumerate(against, start=len(codes)):
                allowed[i, j] = place != example.code and example.keys.isdisjoint(self._corpus.keys[place])
        read = self._encoder.tokens(queries, is_query=True)
        read += self._encoder.tokens([*codes, *negatives], is_query=False)
        return _Batch(chunks=self._encoder.chunks(read), queries=len(queries), allowed=allowed)

    def backward(self, batch: _Batch) -> StepLoss:
        import torch

        allowed = torch.from_numpy(batch.allowed).to(self._machine.device)

        def loss_of(vectors: torch.Tensor) -> torch.Tensor:
            return info_nce(
                vectors[: batch.queries], vectors[batch.queries :], scale=self._recipe.scale, allowed=allowed
            )

        loss = accumulate(batch.chunks, self._encoder.forward, loss_of, kept_tokens=self._machine.kept_tokens)
        tokens = sum(chunk.tokens for chunk in batch.chunks)
        return StepLoss(loss=loss, chance=math.log(max(2, batch.allowed.shape[1])), tokens=tokens)

    def evaluate(self) -> float:
        return self._dev.mrr(self._encoder)

    def _hard(self, example: Example, step: int, chance: random.Random) -> list[int]:
        if not example.negatives:
            return []
        row = example.negatives[step * len(example.negatives) // len(self._plan)]
        return chance.sample(row, min(len(row), self._recipe.hard_negatives))

    def _disturbed(self, query: str, text: str, chance: random.Random) -> tuple[str, str]:
        return self._augment(query, text, chance) if self._augment else (query, text)
