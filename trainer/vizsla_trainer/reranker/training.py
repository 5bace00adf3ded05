"""Training of the reranker that reads together: a cross-encoder learns to tell a query's code from ranked others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vizsla.models.batching import Tokenised
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.recipe import RerankerRecipe
from vizsla_trainer.reranker.dev import RerankerDev
from vizsla_trainer.reranker.loss import listwise
from vizsla_trainer.reranker.scoring import NetworkScorer
from vizsla_trainer.training.batching import Chunk, planned_steps
from vizsla_trainer.training.course import open_base, run_course
from vizsla_trainer.training.examples import Corpus, Example
from vizsla_trainer.training.gradients import accumulate
from vizsla_trainer.training.lessons import Augment, Lessons
from vizsla_trainer.training.loop import StepLoss
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun, TrainResult

if TYPE_CHECKING:
    import torch

_UNPADDED = 0.8  # of the tokens of a chunk; the rest is padding


def train_reranker(
    base_folder: Path,
    examples: Sequence[Example],
    corpus: Corpus,
    dev: RerankerDev,
    recipe: RerankerRecipe,
    run: TrainingRun,
    *,
    augment: Augment | None = None,
) -> TrainResult:
    """Train a cross-encoder; it ends with the weights that were best on dev, be it those it began with.

    Args:
        base_folder: what to begin with: a bi-encoder, which gets a head, or a cross-encoder.
        examples: with their negatives; one without any is left out.
        corpus: that the negatives point into.
        dev: what is measured while training.
        recipe: how.
        run: where, by which seed, who is told.
        augment: disturbs the texts anew in each step, right codes and negatives alike.

    Raises:
        ModelError: the base cannot be loaded.
        TrainingError: no example has a negative, or the disk is full.
        StoppedError: it was cancelled; called again, it goes on.
    """
    base, machine = open_base(base_folder, "cross-encoder", recipe, run)
    usable = [example for example in examples if any(example.negatives)]
    if not usable:
        raise TrainingError(
            f"none of {len(examples)} pairs has a code that is surely wrong, so a reranker has nothing to learn; "
            "give more or larger workspaces"
        )
    plan = planned_steps(
        usable, batch=recipe.batch, epochs=recipe.epochs, most_steps=recipe.most_steps, seed=run.seed, alone=True
    )
    max_tokens = min(recipe.query_tokens + recipe.code_tokens, base.max_tokens)
    scorer = NetworkScorer(base, machine, max_tokens=max_tokens)
    lessons = Lessons(plan=plan, examples=usable, corpus=corpus, seed=run.seed, augment=augment)
    task = _Reranking(scorer, machine, lessons, dev, recipe)
    return run_course(
        base,
        scorer.network,
        task,
        lessons,
        machine,
        recipe,
        run,
        max_tokens=max_tokens,
        watched=(dev, base.pooling),
        skipped_examples=len(examples) - len(usable),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Some queries of a step whose pairs go forward and back together."""

    pairs: list[Tokenised]  # the right one of each query first
    sizes: list[int]  # pairs of each query


class _Reranking:
    """The task of ``run_steps``."""

    def __init__(
        self, scorer: NetworkScorer, machine: Machine, lessons: Lessons, dev: RerankerDev, recipe: RerankerRecipe
    ) -> None:
        self._scorer = scorer
        self._machine = machine
        self._lessons = lessons
        self._dev = dev
        self._recipe = recipe

    def prepare(self, step: int) -> list[_Part]:
        parts: list[_Part] = []
        room = 0
        examples, chance = self._lessons.of(step)
        for example in examples:
            query, text = self._lessons.right(example, chance)
            rivals = [self._lessons.rival(n, example, chance) for n in self._lessons.negatives(example, step)]
            pairs = self._scorer.tokens(query, [text, *rivals])
            size = sum(len(pair.ids) for pair in pairs)
            if not parts or size > room:
                parts.append(_Part(pairs=[], sizes=[]))
                room = int(self._machine.kept_tokens * _UNPADDED)
            room -= size
            parts[-1].pairs.extend(pairs)
            parts[-1].sizes.append(len(pairs))
        return parts

    def backward(self, batch: list[_Part]) -> StepLoss:
        queries = sum(len(part.sizes) for part in batch)
        loss, tokens = 0.0, 0
        for part in batch:
            chunks = self._scorer.chunks(part.pairs)
            loss += accumulate(
                chunks,
                self._scorer.forward,
                self._loss_of(part.sizes, queries),
                kept_tokens=self._machine.kept_tokens,
            )
            tokens += _tokens(chunks)
        chance = sum(math.log(size) for part in batch for size in part.sizes) / queries
        return StepLoss(loss=loss, chance=chance, tokens=tokens)

    def evaluate(self) -> float:
        return self._dev.mrr(self._scorer)

    def _loss_of(self, sizes: Sequence[int], queries: int) -> Callable[[torch.Tensor], torch.Tensor]:
        def loss_of(logits: torch.Tensor) -> torch.Tensor:
            import torch

            rows = torch.nn.utils.rnn.pad_sequence(list(torch.split(logits, list(sizes))), batch_first=True)
            counts = torch.tensor(list(sizes), device=logits.device)
            is_there = torch.arange(rows.shape[1], device=logits.device) < counts[:, None]
            return listwise(rows, is_there, scale=self._recipe.scale) / queries

        return loss_of


def _tokens(chunks: Sequence[Chunk]) -> int:
    return sum(chunk.tokens for chunk in chunks)
