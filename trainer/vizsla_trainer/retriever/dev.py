"""How good a retriever is on dev, measured often: its rank of the right code among a few hundred."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vizsla_trainer.records import View
from vizsla_trainer.training.encoding import Encoder
from vizsla_trainer.training.examples import Corpus, Example, forbidden_codes


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieverDev:
    """Held-out examples and the codes among which their own is sought.

    Attributes:
        examples: whose queries are asked.
        corpus: that they point into.
        pool: places of the candidates.
    """

    examples: tuple[Example, ...]
    corpus: Corpus
    pool: tuple[int, ...]

    def mrr(self, encoder: Encoder) -> float:
        """Mean reciprocal rank of the right code; a tie counts against it. NaN without examples."""
        views: tuple[View, ...] = ("bare", "full")
        ranks = [rank for view in views for rank in self._ranks(encoder, view)]
        return float(np.mean([1 / rank for rank in ranks])) if ranks else float("nan")

    def _ranks(self, encoder: Encoder, view: View) -> list[int]:
        examples = [example for example in self.examples if example.view == view]
        if not examples:
            return []
        queries = encoder.encode([example.query for example in examples], is_query=True)
        own = encoder.encode([example.text for example in examples], is_query=False)
        pool = encoder.encode([self.corpus.text(place, view) for place in self.pool], is_query=False)
        scores = queries @ pool.T
        found = []
        for i, forbidden in enumerate(forbidden_codes(examples, self.corpus)):
            others = [j for j, place in enumerate(self.pool) if place not in forbidden]
            # Written so that a score that is no number is no good rank either.
            found.append(1 + len(others) - int((scores[i, others] < queries[i] @ own[i]).sum()))
        return found


def make_dev(
    examples: Sequence[Example], corpus: Corpus, *, most_queries: int = 200, pool: int = 500, seed: int = 1
) -> RetrieverDev:
    """Draw a part of dev that is measured in seconds: the examples' codes, filled up with others of the corpus.

    Args:
        examples: held out.
        corpus: that they point into.
        most_queries: examples that are taken.
        pool: candidates, if the corpus has so many.
        seed: of the draw.
    """
    chance = random.Random(f"dev/{seed}")
    chosen = list(examples)
    if len(chosen) > most_queries:
        chosen = chance.sample(chosen, most_queries)
    own = {example.code for example in chosen}
    others = [place for place in range(len(corpus)) if place not in own]
    filled = chance.sample(others, max(0, min(len(others), pool - len(own))))
    return RetrieverDev(examples=tuple(chosen), corpus=corpus, pool=tuple(sorted(own | set(filled))))
