"""Ranks of right answers to the usual numbers. It does not know where ranks come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ranks = npt.NDArray[np.int64]
"""Place of each query's right code, the best is 1. (queries,)"""

Scores = npt.NDArray[np.float32]

DEPTHS = (1, 5, 10, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """How well some queries were answered. All but ``queries`` are means from 0 to 1."""

    queries: int
    mrr: float
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    recall_at_50: float
    ndcg_at_10: float


def summarise(ranks: Ranks) -> Metrics:
    """All metrics of some ranks; zeros when there are none."""
    if not len(ranks):
        return Metrics(queries=0, mrr=0, recall_at_1=0, recall_at_5=0, recall_at_10=0, recall_at_50=0, ndcg_at_10=0)
    return Metrics(
        queries=len(ranks),
        mrr=float(reciprocal(ranks).mean()),
        **{f"recall_at_{depth}": float((ranks <= depth).mean()) for depth in DEPTHS},
        ndcg_at_10=float(np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0.0).mean()),
    )


def reciprocal(ranks: Ranks) -> npt.NDArray[np.float64]:
    """1 / rank of each query; their mean is MRR."""
    if len(ranks) and ranks.min() < 1:
        raise ValueError(f"ranks count from 1, got {ranks.min()}")
    return 1.0 / ranks


def by_group(ranks: Ranks, groups: Sequence[str]) -> dict[str, Metrics]:
    """The metrics of each group of queries, the largest group first."""
    return {group: summarise(ranks[members]) for group, members in grouped(groups)}


def grouped(groups: Sequence[str]) -> Iterable[tuple[str, npt.NDArray[np.int64]]]:
    """The indices of each group, the largest group first, equal ones by name."""
    names, inverse, counts = np.unique(
        np.asarray(groups, dtype=object).astype(str), return_inverse=True, return_counts=True
    )
    for number in np.lexsort((names, -counts)):
        yield str(names[number]), np.flatnonzero(inverse == number)


def rank_of(right: float, others: Scores) -> int:
    """The place of a score among others, ties lost and what is no number lost too: a dead model wins nothing."""
    if not np.isfinite(right):
        return len(others) + 1
    return 1 + int(np.count_nonzero(~(others < right)))
