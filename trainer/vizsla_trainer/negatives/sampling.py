"""Which ranks become negatives: a window, a stretch drawn evenly or by softmax, or any code at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vizsla_trainer.negatives.ranking import Ranking
from vizsla_trainer.recipe import NegativesRecipe

_ROUNDING = 1e-5  # of a cosine in fp32: a cut at 1 cuts nothing
_SPARE_RANKS = 50  # for codes that the cuts take out of a ranking


def depth_for(recipe: NegativesRecipe, *, codes: int) -> int:
    """How many ranks of each query sampling needs of a corpus of so many codes."""
    if recipe.method == "random":
        return 1
    if recipe.method == "window":
        last = int(codes * recipe.skip_share) + recipe.window
        width = recipe.window
    else:
        last, width = recipe.last_rank, recipe.last_rank
    return min(codes, max(recipe.depth, last + (width if recipe.annealing else 0) + _SPARE_RANKS))


def sample_negatives(
    ranking: Ranking,
    forbidden: Sequence[frozenset[int]],
    recipe: NegativesRecipe,
    *,
    codes: int,
    seed: int,
    phases: int = 1,
) -> NDArray[np.int32]:
    """Draw negatives for each query: never a forbidden code, nor one so alike that it may well be right.

    Ranks are counted after removal, from 1. ``window`` draws evenly from ranks λN + 1 … λN + ``window``; with
    ``window`` = ``count`` these are the codes of the paper's released program. ``uniform`` draws evenly from ranks
    ρ1 … ρ2, ``softmax`` in proportion to ``e^(cosine / τ')``, both without putting back. Where a corpus is too small
    for that many, the lowest ranks there are are taken, down to none. ``random`` draws from all codes.

    Args:
        ranking: of the retriever, as deep as ``depth_for`` says.
        forbidden: for each query places of codes that may be right.
        recipe: method and numbers. With annealing the window or stretch is twice as wide in the first phase and
            has its own width in the last; τ' likewise.
        codes: of the corpus.
        seed: of the draws; each phase has its own.
        phases: of the training, drawn anew for each.

    Returns:
        Places in the corpus, (phases, queries, count), each code once in a row, -1 where there were no more.

    Source: Dong et al., "Improving code search with hard negative sampling based on fine-tuning", APSEC 2024.
    """
    sampled = np.full((phases, len(ranking.codes), recipe.count), -1, dtype=np.int32)
    for query, never in enumerate(forbidden):
        if recipe.method == "random":
            for phase in range(phases):
                drawn = _any(never, recipe.count, codes, np.random.default_rng([seed, phase, query]))
                sampled[phase, query, : len(drawn)] = drawn
            continue
        kept, scores = _kept(ranking, query, never, recipe)
        for phase in range(phases):
            # 1 in the first phase, 0 in the last and wherever nothing is annealed.
            ease = 1 - phase / (phases - 1) if recipe.annealing and phases > 1 else 0.0
            stretch = _stretch(len(kept), recipe, codes=codes, ease=ease)
            chance = np.random.default_rng([seed, phase, query])
            drawn = _drawn(kept[stretch], scores[stretch], recipe, ease=ease, chance=chance)
            sampled[phase, query, : len(drawn)] = drawn
    return sampled


def _kept(
    ranking: Ranking, query: int, never: frozenset[int], recipe: NegativesRecipe
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Codes of a query that are surely wrong, best first, and their cosines."""
    codes, scores = ranking.codes[query], ranking.scores[query]
    cut = max(recipe.least_cut, recipe.similarity_cut * float(ranking.positive_scores[query])) + _ROUNDING
    is_kept = (codes >= 0) & (scores <= cut) & (ranking.alike[query] <= recipe.duplicate_cut + _ROUNDING)
    is_kept &= ~np.isin(codes, np.fromiter(never, dtype=np.int32, count=len(never)))
    return codes[is_kept], scores[is_kept]


def _stretch(kept: int, recipe: NegativesRecipe, *, codes: int, ease: float) -> slice:
    """The ranks to draw from, as places from 0 in what was kept; moved up where there are too few."""
    if recipe.method == "window":
        first, width = int(codes * recipe.skip_share), recipe.window
    else:
        first, width = recipe.first_rank - 1, recipe.last_rank - recipe.first_rank + 1
    width = max(recipe.count, round(width * (1 + ease)))
    first = min(first, max(0, kept - recipe.count))
    return slice(first, first + width)


def _drawn(
    codes: NDArray[np.int32],
    scores: NDArray[np.float32],
    recipe: NegativesRecipe,
    *,
    ease: float,
    chance: np.random.Generator,
) -> NDArray[np.int32]:
    if len(codes) <= recipe.count:
        return codes
    if recipe.method == "softmax":
        # The highest of log-weights with Gumbel noise are a draw in proportion to the weights, without putting back.
        noisy = scores / (recipe.temperature * (1 + ease)) + chance.gumbel(size=len(scores))
        return codes[np.argsort(-noisy, kind="stable")[: recipe.count]]
    return codes[np.sort(chance.choice(len(codes), size=recipe.count, replace=False))]


def _any(never: frozenset[int], count: int, codes: int, chance: np.random.Generator) -> NDArray[np.int32]:
    """Any codes but the forbidden ones."""
    drawn: list[int] = []
    if codes > 4 * (count + len(never)):  # nearly every draw is a new one
        while len(drawn) < count:
            code = int(chance.integers(codes))
            if code not in never and code not in drawn:
                drawn.append(code)
        return np.array(drawn, dtype=np.int32)
    allowed = np.setdiff1d(np.arange(codes, dtype=np.int32), np.fromiter(never, dtype=np.int32, count=len(never)))
    return chance.permutation(allowed)[:count]
