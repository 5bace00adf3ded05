"""Rerank: the reranker's opinion joined to the fused one, never instead of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vizsla.core.text import unit_text
from vizsla.index.records import StoredFunction
from vizsla.models.calibration import Line, Reading
from vizsla.retrieval.fusion import Ranked, logit_of, sigmoid, with_score

PLAIN = Reading(log_odds=Line(), weight=0.5, depth=20)
"""How a reranker is used of which nothing is known."""

_FEWEST = 2
_PLANNED = 0.9  # of the budget: estimates err, and a text that is done too late was read in vain


def rerank_text(function: StoredFunction, source: str) -> str:
    """The text of a function that the reranker reads beside the question.

    Args:
        function: as the store knows it.
        source: its text as the file is now.
    """
    return unit_text(
        qualified_name=function.qualified_name,
        container=function.container,
        kind=function.kind,
        doc=function.doc,
        source=source,
    )


def choose_depth(ranked: Sequence[Ranked], most: int, reading: Reading = PLAIN) -> int:
    """How many of the first are worth reading: those that the reranker could still lift to the top.

    Args:
        ranked: best first.
        most: never more than so many.
        reading: how the reranker is used.

    Returns:
        A number of leading candidates, at most ``most``; 0 when there is nothing to choose between, or when the
        reranker does not count.
    """
    if len(ranked) < 2 or not reading.weight:
        return 0
    lowest = logit_of(ranked[0].score) - reading.reach * reading.weight
    near = sum(1 for one in ranked[:most] if logit_of(one.score) > lowest)
    return min(max(near, 2), most, len(ranked))


def affordable(seconds: npt.NDArray[np.float64], budget_seconds: float) -> int:
    """How many of the first texts are to be read, so that the last one is done within the budget.

    Args:
        seconds: what each is expected to take, best first. (texts,)
        budget_seconds: for all.

    Returns:
        A number of leading texts. With any time at all two, as one alone says nothing of the order, and as nothing
        would be learned of a machine that is taken for too slow: who asks must hold the deadline himself.
    """
    if budget_seconds <= 0:
        return 0
    fitting = int(np.searchsorted(np.cumsum(seconds), budget_seconds * _PLANNED, side="right"))
    return min(max(fitting, _FEWEST), len(seconds))


def reorder(ranked: Sequence[Ranked], scores: npt.NDArray[np.float32], reading: Reading = PLAIN) -> list[Ranked]:
    """Join what the reranker said to the fused scores.

    Args:
        ranked: what was found, best first.
        scores: its logits of the first of ``ranked``; NaN for what it did not read. (at most as many as ``ranked``,)
        reading: how it is used.

    Returns:
        All of ``ranked``, best first, equal scores in their order; what was not read keeps its score, and may come
        before what is little thought of.
    """
    if len(scores) > len(ranked):
        raise ValueError(f"need at most a score for each of {len(ranked)} candidates, got {len(scores)}")
    joined = []
    mean = reading.log_odds(float(np.nanmean(scores))) if np.isfinite(scores).any() else 0.0
    for one, score in zip(ranked, scores.tolist(), strict=False):
        if math.isfinite(score):
            lift = reading.weight * (reading.log_odds(score) - mean)
            one = with_score(one, sigmoid(logit_of(one.score) + lift), score)
        joined.append(one)
    return sorted((*joined, *ranked[len(scores) :]), key=lambda one: -one.score)
