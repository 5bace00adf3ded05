"""Ranks of now beside those of the file: what differs, whether that is too much, and how to say it."""

from __future__ import annotations

from collections.abc import Sequence

from ranking.asking import DEPTH, Case

UPDATE = ".venv/bin/python tests/ranking/update.py"

# The int8 kernels of other processors round differently, which turns a near tie around here and there. A change of
# parser, full text, model or fusion moves more: it changes many questions, some of them by far, or the mean. Of 125
# ranks, noise in the cosines (Gaussian) changed 2 with a deviation of .003, which passes, and 11 with .006, which
# does not. Not tried on a processor without VNNI, where the integer product may saturate.
MOST_CHANGED = 0.05
NEAR_THE_TOP, MOST_NEAR_THE_TOP, MOST_BELOW = 10, 1, 2
MOST_MEAN = 0.01


def mean_reciprocal_rank(ranks: Sequence[int]) -> float:
    """Mean of one over the rank; 0 for one that was not found."""
    return sum(1 / rank for rank in ranks if rank) / len(ranks) if ranks else 0.0


def by_category(cases: Sequence[Case], ranks: Sequence[int]) -> dict[str, float]:
    """The mean of each category, and of all questions as "all"."""
    means = {
        category: mean_reciprocal_rank(
            [rank for case, rank in zip(cases, ranks, strict=True) if case.category == category]
        )
        for category in dict.fromkeys(case.category for case in cases)
    }
    return {**means, "all": mean_reciprocal_rank(ranks)}


def refusal(before: Sequence[Case], now: Sequence[Case]) -> str:
    """Why the file does not describe these ranks; "" when it does.

    Args:
        before: the file.
        now: the same questions in the same order.
    """
    pairs = [(old, new) for old, new in zip(before, now, strict=True) if old.rank != new.rank]
    reasons = []
    if len(pairs) > MOST_CHANGED * len(before):
        reasons.append(f"{len(pairs)} of {len(before)} ranks differ, more than {MOST_CHANGED:.0%}")
    far = sum(1 for old, new in pairs if _is_far(old.rank, new.rank))
    if far:
        reasons.append(f"{far} differ by more than rounding explains")
    means = [by_category(cases, [case.rank for case in cases]) for cases in (before, now)]
    if abs(means[1]["all"] - means[0]["all"]) > MOST_MEAN:
        reasons.append(f"MRR went from {means[0]['all']:.3f} to {means[1]['all']:.3f}")
    if not reasons:
        return ""
    return "\n".join(
        [
            f"the ranking is not that of ranks.csv: {'; '.join(reasons)}",
            *difference(before, now),
            *(f"MRR {category}: {mean:.3f} -> {means[1][category]:.3f}" for category, mean in means[0].items()),
            f"if this is wanted: {UPDATE}, commit ranks.csv with the change, and say why it is better",
        ]
    )


def difference(before: Sequence[Case], now: Sequence[Case]) -> list[str]:
    """One line for each rank that changed, the worst loss first."""
    pairs = [(old, new) for old, new in zip(before, now, strict=True) if old.rank != new.rank]
    pairs.sort(key=lambda pair: _place(pair[0].rank) - _place(pair[1].rank))
    return [
        f"{old.rank or '-'} -> {new.rank or '-'}: {old.category} {old.question!r}, {old.path} {old.function}"
        for old, new in pairs
    ]


def _is_far(old: int, new: int) -> bool:
    old, new = _place(old), _place(new)
    return abs(old - new) > (MOST_NEAR_THE_TOP if min(old, new) <= NEAR_THE_TOP else MOST_BELOW)


def _place(rank: int) -> int:
    return rank or DEPTH + 1
