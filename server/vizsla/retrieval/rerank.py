"""Rerank: the cross-encoder's opinion joined to the fused one, never instead of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vizsla.core.text import unit_text
from vizsla.index.records import StoredFunction
from vizsla.retrieval.fusion import Ranked, logit_of, sigmoid, with_score

WEIGHT = 0.5
"""Of the cross-encoder's logit against the fused logit, until one is trained here."""

REACH = 6.0
"""How far, in logits, the cross-encoder is trusted to lift a candidate."""


def rerank_text(function: StoredFunction, source: str) -> str:
    """The text of a function that the cross-encoder reads beside the question.

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


def choose_depth(ranked: Sequence[Ranked], most: int, *, reach: float = REACH) -> int:
    """How many of the first are worth reading: those that the cross-encoder could still lift to the top.

    Args:
        ranked: best first.
        most: never more than so many.
        reach: logits below the best from where nothing comes back.

    Returns:
        A number of leading candidates, at most ``most``; 0 when there is nothing to choose between.
    """
    if len(ranked) < 2:
        return 0
    best = logit_of(ranked[0].score)
    near = sum(1 for one in ranked[:most] if logit_of(one.score) > best - reach)
    return min(max(near, 2), most, len(ranked))


def reorder(ranked: Sequence[Ranked], scores: npt.NDArray[np.float32], *, weight: float = WEIGHT) -> list[Ranked]:
    """Join what the cross-encoder said to the fused scores.

    Args:
        ranked: what it was given, best first.
        scores: its logits in the order of ``ranked``; NaN for what it did not read.
        weight: how much it counts against the fused logit.

    Returns:
        All of ``ranked``, best first, equal scores in their order; what was not read keeps its score.
    """
    if len(scores) != len(ranked):
        raise ValueError(f"need a score for each of {len(ranked)} candidates, got {len(scores)}")
    joined = []
    mean = float(np.nanmean(scores)) if np.isfinite(scores).any() else 0.0
    for one, score in zip(ranked, scores.tolist(), strict=True):
        if math.isfinite(score):
            one = with_score(one, sigmoid(logit_of(one.score) + weight * (score - mean)), score)
        joined.append(one)
    return sorted(joined, key=lambda one: -one.score)
