"""Measures of ranked lists: how early the right answers come."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field


def reciprocal_rank(ranking: Sequence[str], right: Collection[str]) -> float:
    """One over the place of the first right answer, from 1; 0 without any."""
    return next((1.0 / place for place, item in enumerate(ranking, start=1) if item in right), 0.0)


def ndcg(ranking: Sequence[str], right: Collection[str], depth: int = 10) -> float:
    """Normalised discounted cumulative gain of the first ``depth``, right or wrong alone."""
    gain = sum(1.0 / math.log2(place + 1) for place, item in enumerate(ranking[:depth], start=1) if item in right)
    best = sum(1.0 / math.log2(place + 1) for place in range(1, min(len(right), depth) + 1))
    return gain / best if best else 0.0


def recall(ranking: Sequence[str], right: Collection[str], depth: int = 20) -> float:
    """Share of the right answers among the first ``depth``."""
    return len(set(ranking[:depth]) & set(right)) / len(right) if right else 0.0


@dataclass(slots=True)
class Tally:
    """Measures of many questions, kept by group."""

    rows: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)

    def add(self, group: str, ranking: Sequence[str], right: Collection[str]) -> None:
        """Count one question; ``ranking`` holds no item twice."""
        row = (reciprocal_rank(ranking, right), ndcg(ranking, right), recall(ranking, right))
        self.rows.setdefault(group, []).append(row)

    def means(self, *, over_groups: bool) -> dict[str, float]:
        """Means over all questions, or over the means of the groups."""
        every = [row for rows in self.rows.values() for row in rows]
        parts = list(self.rows.values()) if over_groups else [every]
        columns = [
            sum(sum(row[i] for row in rows) / len(rows) for rows in parts) / len(parts) if every else 0.0
            for i in range(3)
        ]
        return {"mrr": columns[0], "ndcg10": columns[1], "recall20": columns[2], "queries": len(every)}

    def by_group(self) -> dict[str, dict[str, float]]:
        """The means of each group."""
        return {group: Tally({group: rows}).means(over_groups=False) for group, rows in sorted(self.rows.items())}
