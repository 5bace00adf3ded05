"""Rerank: the cross-encoder's opinion joined to the fused one, never instead of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vizsla.core.text import humps
from vizsla.index.records import StoredFunction
from vizsla.retrieval.fusion import Ranked, logit_of, sigmoid, with_score

WEIGHT = 0.5
"""Of the cross-encoder's logit against the fused logit, until one is trained here."""


def rerank_text(function: StoredFunction, source: str) -> str:
    """The text of a function that the cross-encoder reads beside the question.

    Args:
        function: as the store knows it.
        source: its text as the file is now.
    """
    parts = [" ".join(humps(function.qualified_name))]
    if function.doc and function.doc.split("\n", 1)[0] not in source:
        parts.append(function.doc)
    return "\n".join([*parts, source])


def reorder(ranked: Sequence[Ranked], scores: npt.NDArray[np.float32], *, weight: float = WEIGHT) -> list[Ranked]:
    """Join what the cross-encoder said to the fused scores.

    Args:
        ranked: what it was given, best first.
        scores: its logits in the order of ``ranked``; NaN for what it did not read.
        weight: how much it counts against the fused logit.

    Returns:
        All of ``ranked``, best first; what was not read keeps its score.
    """
    if len(scores) != len(ranked):
        raise ValueError(f"need a score for each of {len(ranked)} candidates, got {len(scores)}")
    joined = []
    mean = float(np.nanmean(scores)) if np.isfinite(scores).any() else 0.0
    for one, score in zip(ranked, scores.tolist(), strict=True):
        if math.isfinite(score):
            one = with_score(one, sigmoid(logit_of(one.score) + weight * (score - mean)), score)
        joined.append(one)
    return sorted(joined, key=lambda one: (-one.score, one.candidate.function.key))
