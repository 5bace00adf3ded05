"""Training of the reranker that reads apart: each question's tokens learn to find themselves in its code alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vizsla_trainer.recipe import RerankerRecipe
from vizsla_trainer.reranker.dev import RerankerDev
from vizsla_trainer.reranker.loss import late_info_nce
from vizsla_trainer.reranker.matching import TokenScorer, TokenVectors, longest
from vizsla_trainer.training.course import open_base, run_course
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


def train_late_interaction(
    base_folder: Path,
    examples: Sequence[Example],
    corpus: Corpus,
    dev: RerankerDev,
    recipe: RerankerRecipe,
    run: TrainingRun,
    *,
    augment: Augment | None = None,
) -> TrainResult:
    """Train late interaction; it ends with the weights that were best on dev, be it those it began with.

    In each batch a query's right code stands against the right codes of the others and ``recipe.hard_negatives`` of
    each query's sampled wrong ones.

    Args:
        base_folder: what to begin with: a bi-encoder, or a model of late interaction.
        examples: with their negatives; one without any stands against the other codes of its batch.
        corpus: that they and their negatives point into.
        dev: what is measured while training.
        recipe: how.
        run: where, by which seed, who is told.
        augment: disturbs the texts anew in each step, right codes and negatives alike.

    Raises:
        ModelError: the base cannot be loaded.
        TrainingError: no two examples can stand against each other, or the disk is full.
        StoppedError: it was cancelled; called again, it goes on.

    Source: Santhanam, Khattab, Saad-Falcon, Potts, Zaharia, "ColBERTv2: Effective and efficient retrieval via
    lightweight late interaction", NAACL 2022, for hard negatives beside those of the batch.
    """
    base, machine = open_base(base_folder, "late-interaction", recipe, run)
    plan = planned_contrasts(examples, corpus, recipe, most_steps=recipe.most_steps, seed=run.seed)
    scorer = TokenScorer(base, machine, query_tokens=recipe.query_tokens, code_tokens=recipe.code_tokens)
    lessons = Lessons(plan=plan, examples=examples, corpus=corpus, seed=run.seed, augment=augment)
    task = _Matching(scorer, machine, lessons, dev, recipe)
    max_tokens = min(max(recipe.query_tokens, recipe.code_tokens), base.max_tokens)
    watched = (dev, base.pooling)
    return run_course(base, scorer.network, task, lessons, machine, recipe, run, max_tokens=max_tokens, watched=watched)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """A step as tokens: queries, their codes, hard negatives."""

    read: list[Encoding]
    contrast: Contrast


class _Matching:
    """The task of ``run_steps``."""

    def __init__(
        self, scorer: TokenScorer, machine: Machine, lessons: Lessons, dev: RerankerDev, recipe: RerankerRecipe
    ) -> None:
        self._scorer = scorer
        self._machine = machine
        self._lessons = lessons
        self._dev = dev
        self._recipe = recipe

    def prepare(self, step: int) -> _Batch:
        contrast = drawn_contrast(self._lessons, step, hard_negatives=self._recipe.hard_negatives)
        return _Batch(read=self._scorer.tokens(contrast.queries, contrast.codes), contrast=contrast)

    def backward(self, batch: _Batch) -> StepLoss:
        import torch

        # Cut here and not ahead, as the machine's chunks shrink where memory does not suffice.
        chunks = self._scorer.chunks(batch.read)
        length = longest(chunks)
        queries = len(batch.contrast.queries)
        allowed = torch.from_numpy(batch.contrast.allowed).to(self._machine.device)
        inner = self._scorer.inner(batch.read, length=length)

        def loss_of(vectors: torch.Tensor) -> torch.Tensor:
            return late_info_nce(
                TokenVectors(vectors=vectors[:queries], inner=inner[:queries]),
                TokenVectors(vectors=vectors[queries:], inner=inner[queries:]),
                scale=self._recipe.scale,
                allowed=allowed,
                reverse=self._recipe.reverse,
                means=self._recipe.means,
            )

        loss = accumulate(
            chunks, partial(self._scorer.forward, length=length), loss_of, kept_tokens=self._machine.kept_tokens
        )
        return StepLoss(loss=loss, chance=batch.contrast.chance, tokens=sum(chunk.tokens for chunk in chunks))

    def evaluate(self) -> float:
        return self._dev.mrr(self._scorer)
