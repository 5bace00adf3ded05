"""What a cross-encoder makes of a retriever's candidates, by depth and by how much it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vizsla_trainer.errors import StoppedError
from vizsla_trainer.evaluation.calibration import Calibration
from vizsla_trainer.evaluation.metrics import Ranks, rank_of, reciprocal
from vizsla_trainer.evaluation.retrieval import Ranking, candidate_text
from vizsla_trainer.progress import Cancelled, Progress, Report, never, unheard
from vizsla_trainer.records import Code, Pair

Scores = npt.NDArray[np.float32]


class Scorer(Protocol):
    """What scores candidates of a question, such as ``vizsla.models.cross_encoder.CrossEncoder``."""

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Logits in the order of the texts. (texts,)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a reranker is used: how many candidates it reads, and how its log-odds count against the retriever's."""

    depth: int
    weight: float


class PairScores:
    """Scores of a cross-encoder, each pair of query and code scored once however many retrievers propose it."""

    def __init__(self, scorer: Scorer, pairs: Sequence[Pair], codes: Sequence[Code]) -> None:
        self._scorer = scorer
        self._pairs = pairs
        self._codes = codes
        self._known: list[dict[int, float]] = [{} for _ in pairs]

    def of(
        self,
        ranking: Ranking,
        members: Sequence[int],
        *,
        depth: int,
        report: Report = unheard,
        cancelled: Cancelled = never,
    ) -> Scores:
        """Scores of the first candidates, NaN where there is none. (members, depth)

        Args:
            ranking: of all the pairs.
            members: which pairs are asked about.
            depth: how many candidates of each.
            report: told after each query.
            cancelled: asked before each query.

        Raises:
            StoppedError: it was cancelled.
        """
        found = [[int(code) for code in ranking.candidates[i, :depth] if code >= 0] for i in members]
        scores = np.full((len(members), depth), np.nan, dtype=np.float32)
        for row, said in enumerate(self.of_codes(members, found, report=report, cancelled=cancelled)):
            scores[row, : len(said)] = said
        return scores

    def of_codes(
        self,
        members: Sequence[int],
        found: Sequence[Sequence[int]],
        *,
        report: Report = unheard,
        cancelled: Cancelled = never,
    ) -> list[Scores]:
        """Scores of some codes for each query, in their order.

        Args:
            members: which pairs are asked about.
            found: for each of them places among the codes.
            report: told after each query.
            cancelled: asked before each query.

        Raises:
            StoppedError: it was cancelled.
        """
        scores = []
        for row, (i, codes) in enumerate(zip(members, found, strict=True)):
            if cancelled():
                raise StoppedError("stopped while measuring; run it again to go on")
            pair, known = self._pairs[i], self._known[i]
            unread = [code for code in codes if code not in known]
            if unread:
                texts = [candidate_text(pair, self._codes[code]) for code in unread]
                known.update(zip(unread, self._scorer.score(pair.query, texts).tolist(), strict=True))
            scores.append(np.array([known[code] for code in codes], dtype=np.float32))
            report(Progress(stage="evaluate", done=row + 1, total=len(members), unit="queries"))
        return scores


def reranked(
    ranking: Ranking,
    members: Sequence[int],
    scores: Scores,
    setting: Setting | None,
    *,
    dense: Calibration,
    cross: Calibration,
    own: Sequence[int],
) -> Ranks:
    """Where the right codes stand after reranking.

    Args:
        ranking: the retriever's.
        members: which of its pairs; the rows of ``scores``.
        scores: the cross-encoder's. (members, at least depth)
        setting: how it is used; None leaves the retriever's order.
        dense: makes the retriever's cosines log-odds.
        cross: makes the cross-encoder's scores log-odds.
        own: index of each member's right code.
    """
    ranks = ranking.ranks[list(members)].copy()
    if setting is None:
        return ranks
    for row, (i, right) in enumerate(zip(members, own, strict=True)):
        place = np.flatnonzero(ranking.candidates[i, : setting.depth] == right)
        if not len(place):
            continue
        read = ranking.candidates[i, : setting.depth] >= 0
        joined = (
            dense.log_odds(ranking.cosines[i, : setting.depth])
            + setting.weight * cross.log_odds(scores[row, : setting.depth])
        )[read]
        others = np.delete(joined, place[0])
        ranks[row] = rank_of(float(joined[place[0]]), others)
    return ranks


def alone(ranking: Ranking, members: Sequence[int], scores: Scores, *, depth: int, own: Sequence[int]) -> Ranks:
    """Where the right codes stand when the cross-encoder's order of the first ``depth`` replaces the retriever's."""
    one = Calibration(slope=1.0, intercept=0.0)
    nothing = Calibration(slope=0.0, intercept=0.0)
    return reranked(ranking, members, scores, Setting(depth=depth, weight=1.0), dense=nothing, cross=one, own=own)


def sweep(
    ranking: Ranking,
    members: Sequence[int],
    scores: Scores,
    *,
    depths: Sequence[int],
    weights: Sequence[float],
    dense: Calibration,
    cross: Calibration,
    own: Sequence[int],
) -> list[tuple[Setting, float]]:
    """MRR of every depth with every weight, the best first; among equals the cheaper and then the more careful."""
    found = []
    for depth in depths:
        for weight in weights:
            setting = Setting(depth=depth, weight=weight)
            ranks = reranked(ranking, members, scores, setting, dense=dense, cross=cross, own=own)
            found.append((setting, float(reciprocal(ranks).mean()) if len(ranks) else 0.0))
    return sorted(found, key=lambda one: (-round(one[1], 6), one[0].depth, one[0].weight))
