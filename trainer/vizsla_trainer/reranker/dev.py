"""How good a reranker is on dev, measured often: the retriever's first hits in a new order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vizsla_trainer.training.examples import Corpus, Example, forbidden_codes


class Scorer(Protocol):
    """Whatever scores texts for queries."""

    def score(self, queries: Sequence[str], lists: Sequence[Sequence[str]]) -> list[NDArray[np.float32]]:
        """Scores of each query's texts, in their order, higher for a better match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerDev:
    """Queries, each with the texts to put in order; the right one is the first of them."""

    queries: tuple[str, ...]
    lists: tuple[tuple[str, ...], ...]

    def mrr(self, scorer: Scorer) -> float:
        """Mean reciprocal rank of the right text by its score alone; a tie counts against it. NaN without queries."""
        scores = scorer.score(self.queries, self.lists)
        # Written so that a score that is no number is no good rank either.
        ranks = [1 + int((~(own[1:] < own[0])).sum()) for own in scores]
        return float(np.mean([1 / rank for rank in ranks])) if ranks else float("nan")


def make_dev(
    examples: Sequence[Example],
    corpus: Corpus,
    candidates: Sequence[Sequence[int]],
    *,
    depth: int = 10,
    most_queries: int = 150,
    seed: int = 1,
) -> RerankerDev:
    """Lists of the right code and the retriever's first others; queries without others are left out.

    Args:
        examples: held out.
        corpus: that they and the candidates point into.
        candidates: of each example, best first; -1 and codes that may be right too are passed over.
        depth: texts of a list.
        most_queries: examples that are taken.
        seed: of the draw.
    """
    chosen = list(range(len(examples)))
    if len(chosen) > most_queries:
        chosen = sorted(random.Random(f"dev/{seed}").sample(chosen, most_queries))
    forbidden = forbidden_codes([examples[i] for i in chosen], corpus)
    queries, lists = [], []
    for i, never in zip(chosen, forbidden, strict=True):
        others = [place for place in map(int, candidates[i]) if place >= 0 and place not in never][: depth - 1]
        if others:
            queries.append(examples[i].query)
            lists.append((examples[i].text, *(corpus.rival(place, examples[i]) for place in others)))
    return RerankerDev(queries=tuple(queries), lists=tuple(lists))
