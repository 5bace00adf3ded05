"""What a server answers: fused candidates, of which a reranker reads the first, by the server's own functions.

With all the time that reading takes; what a machine reads within its budget is measured elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vizsla.core.settings import SearchSettings
from vizsla.models.calibration import Line, Reading
from vizsla.retrieval.fusion import Ranked
from vizsla.retrieval.rerank import choose_depth, reorder
from vizsla_trainer.evaluation.asking import Asked
from vizsla_trainer.evaluation.calibration import Calibration
from vizsla_trainer.evaluation.metrics import Ranks, reciprocal
from vizsla_trainer.evaluation.reranking import Scores, Setting

MOST_CANDIDATES = SearchSettings().candidates
"""Of each of the server's retrievers; it never reads more."""

UNREAD = Setting(depth=1, weight=0.0)
"""A reranker that is in use, but not to be asked."""

_SURE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """What a server has for one question before its reranker reads.

    Attributes:
        head: the first of it, best first: all that reading may change.
        codes: place of each of these among all codes of the run.
        is_right: whether each is the answer; None for what may answer as well and does not count.
        rank: of the answer while nothing is read.
    """

    head: tuple[Ranked, ...]
    codes: tuple[int, ...]
    is_right: tuple[bool | None, ...]
    rank: int


def fused(asked: Asked, cosine: Line, places: Mapping[str, int], *, depth: int, last: int) -> Fused:
    """Fuse what was found for a question.

    Args:
        asked: the question with what was found.
        cosine: from the cosines of the retriever to those that fusion was fitted to.
        places: of every code, by its id.
        depth: so many of the first are kept.
        last: the rank of an answer that was not found.
    """
    ranked = asked.fused(cosine)
    head = ranked[:depth]
    return Fused(
        head=tuple(head),
        codes=tuple(places[asked.code_of[one.candidate.function.key]] for one in head),
        is_right=tuple(asked.is_right(one) for one in head),
        rank=asked.place(ranked) or last,
    )


def lost(rank: int) -> Fused:
    """What a broken model has for any question."""
    return Fused(head=(), codes=(), is_right=(), rank=rank)


def reading_of(cross: Calibration, setting: Setting, reach: float | None = None) -> Reading | None:
    """How a server is to use a reranker; None where its scores say nothing, so that there is no telling.

    Args:
        cross: makes its scores log-odds.
        setting: how many it reads, and how its log-odds count.
        reach: see ``reach_of``; None where nobody looked.
    """
    if not setting.weight:
        return Reading(log_odds=Line(), weight=0.0, depth=setting.depth)
    try:
        line = Line(slope=cross.slope, intercept=cross.intercept)
        if reach is None:
            return Reading(log_odds=line, weight=setting.weight, depth=setting.depth)
        return Reading(log_odds=line, weight=setting.weight, depth=setting.depth, reach=reach)
    except ValueError:
        return None


def reach_of(scores: Sequence[Scores], cross: Calibration) -> float | None:
    """How far apart a reranker's best and worst opinion of one question's candidates are, in log-odds; None if not.

    So far behind another, times the weight, a candidate need not be read: of a hundred questions one may lose by it.

    Args:
        scores: of each question's candidates.
        cross: makes them log-odds.
    """
    spans = [float(np.ptp(finite)) for one in scores if len(finite := one[np.isfinite(one)]) > 1]
    reach = cross.slope * float(np.quantile(spans, _SURE)) if spans else 0.0
    return reach if reach > 0 else None


def read_codes(one: Fused, reading: Reading) -> tuple[int, ...]:
    """What of it the reranker reads, best first."""
    return one.codes[: choose_depth(one.head, reading.depth, reading)]


def rank_after(one: Fused, scores: Scores, reading: Reading) -> int:
    """Where the answer stands after reading.

    Args:
        one: what was there before.
        scores: the reranker's for the first of it, at least for those that it reads. (at least ``read_codes``,)
        reading: how it is used.
    """
    depth = choose_depth(one.head, reading.depth, reading)
    if not depth or True not in one.is_right:
        return one.rank
    verdicts = {id(ranked.candidate): verdict for ranked, verdict in zip(one.head, one.is_right, strict=True)}
    place = 1
    for ranked in reorder(one.head, scores[:depth], reading):
        verdict = verdicts[id(ranked.candidate)]
        if verdict:
            break
        place += verdict is False
    return place


def unread_ranks(found: Sequence[Fused]) -> Ranks:
    """Where the answers stand while nothing is read. (questions,)"""
    return np.array([one.rank for one in found], dtype=np.int64)


def read_ranks(found: Sequence[Fused], scores: Sequence[Scores], reading: Reading) -> Ranks:
    """Where they stand after reading; arguments as of ``rank_after``. (questions,)"""
    return np.array(
        [rank_after(one, said, reading) for one, said in zip(found, scores, strict=True)],
        dtype=np.int64,
    )


def sweep_served(
    found: Sequence[Fused],
    scores: Sequence[Scores],
    *,
    depths: Sequence[int],
    weights: Sequence[float],
    cross: Calibration,
    reach: float | None = None,
) -> list[tuple[Setting, float]]:
    """MRR of every depth with every weight, the best first; among equals the cheaper and then the more careful.

    Args:
        found: for each question; at least one.
        scores: the reranker's for all that ``found`` has.
        depths: how many it may read.
        weights: of its log-odds against the fused ones.
        cross: makes its scores log-odds; where these say nothing, nothing is tried.
        reach: see ``reach_of``.
    """
    tried = []
    for depth in sorted({min(depth, MOST_CANDIDATES) for depth in depths}):
        for weight in weights:
            setting = Setting(depth=depth, weight=weight)
            reading = reading_of(cross, setting, reach)
            if reading is not None:
                tried.append((setting, float(reciprocal(read_ranks(found, scores, reading)).mean())))
    return sorted(tried, key=lambda one: (-round(one[1], 6), one[0].depth, one[0].weight))
