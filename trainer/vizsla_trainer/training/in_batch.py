"""Batches whose codes are each other's negatives: which examples meet, who stands against whom, and the loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vizsla_trainer.errors import TrainingError
from vizsla_trainer.recipe import RerankerRecipe, RetrieverRecipe
from vizsla_trainer.training.batching import planned_steps
from vizsla_trainer.training.examples import Corpus, Example, kin_of
from vizsla_trainer.training.lessons import Lessons

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """The texts of a step.

    Attributes:
        queries: the questions.
        codes: the right ones in the order of the queries, then hard negatives.
        allowed: which codes stand against a query, (queries, codes); what is said of its own does not count.
    """

    queries: list[str]
    codes: list[str]
    allowed: NDArray[np.bool_]

    @property
    def chance(self) -> float:
        """The loss of a model that knows nothing."""
        return math.log(max(2, len(self.codes)))


def planned_contrasts(
    examples: Sequence[Example],
    corpus: Corpus,
    recipe: RetrieverRecipe | RerankerRecipe,
    *,
    most_steps: int,
    seed: int,
) -> list[tuple[int, ...]]:
    """Which examples each step reads; see ``planned_steps``.

    Args:
        examples: what there is.
        corpus: that they point into.
        recipe: says how many meet, how often each is read, and whether other languages do.
        most_steps: bound on the steps.
        seed: the same one makes the same plan.

    Raises:
        TrainingError: no two examples can stand against each other.
    """
    plan = planned_steps(
        examples,
        batch=recipe.batch,
        epochs=recipe.epochs,
        most_steps=most_steps,
        seed=seed,
        kin=[kin_of(corpus.codes[example.code]) for example in examples] if recipe.within_language else None,
    )
    if not plan:
        raise TrainingError(
            f"{len(examples)} pairs are too few to learn from: no two of them can stand against each other; "
            "give more or larger workspaces"
        )
    return plan


def drawn_contrast(lessons: Lessons, step: int, *, hard_negatives: int) -> Contrast:
    """The texts of a step, each disturbed by the step's own chance.

    Args:
        lessons: examples in the order of their steps.
        step: from 0.
        hard_negatives: of each query, drawn from those that were sampled against it; any query may meet them.
    """
    examples, chance = lessons.of(step)
    queries: list[str] = []
    codes: list[str] = []
    negatives: list[str] = []
    against: list[int] = []
    for example in examples:
        query, text = lessons.right(example, chance)
        queries.append(query)
        codes.append(text)
        sampled = lessons.negatives(example, step)
        for place in chance.sample(sampled, min(len(sampled), hard_negatives)):
            against.append(place)
            negatives.append(lessons.rival(place, example, chance))
    keys = lessons.corpus.keys
    allowed = np.ones((len(queries), len(codes) + len(negatives)), dtype=np.bool_)
    for i, example in enumerate(examples):
        for j, place in enumerate(against, start=len(codes)):
            allowed[i, j] = place != example.code and example.keys.isdisjoint(keys[place])
    return Contrast(queries=queries, codes=[*codes, *negatives], allowed=allowed)


def contrastive(scores: torch.Tensor, allowed: torch.Tensor | None = None) -> torch.Tensor:
    """Each query is to find its own code among all codes of the batch.

    ``-log(e^(s_ii) / Σ_j e^(s_ij))`` over the codes j that are allowed, mean over the queries i.

    Args:
        scores: scaled, (queries, codes); the first codes are the right ones, in the order of the queries.
        allowed: (queries, codes), which codes stand against a query; its own is never asked for. None: all.

    Source: van den Oord, Li, Vinyals, "Representation learning with contrastive predictive coding", 2018.
    """
    import torch

    target = torch.arange(len(scores), device=scores.device)
    if allowed is not None:
        is_own = torch.nn.functional.one_hot(target, num_classes=scores.shape[1]).bool()
        scores = scores.masked_fill(~(allowed | is_own), float("-inf"))
    return torch.nn.functional.cross_entropy(scores, target)
