"""What the two models of a system come to alone: a retriever's candidates and a reranker's opinion of them."""

from __future__ import annotations

from collections.abc import Sequence

from vizsla_trainer.evaluation.calibration import Calibration, calibrate
from vizsla_trainer.evaluation.contest import NONE
from vizsla_trainer.evaluation.metrics import Ranks, reciprocal
from vizsla_trainer.evaluation.reranking import Scores, Setting, alone, reranked, sweep
from vizsla_trainer.evaluation.results import SweepPoint, System
from vizsla_trainer.evaluation.rivals import Rivals


def best_alone(rivals: Rivals, names: tuple[str, str], points: list[SweepPoint]) -> System:
    """A system with the setting that is best on dev; what was tried is added to ``points``."""
    retriever, reranker = names
    ranking, members = rivals.ranking(retriever), rivals.read_dev
    dense, order = _calibrated(rivals, retriever, members, ranking.cosines[members]), rivals.order(retriever)
    if reranker == NONE:
        mrr = float(reciprocal(ranking.ranks[members]).mean())
        return System(
            retriever=retriever, reranker=NONE, setting=None, dense=dense, cross=None, dev_mrr=mrr, order=order
        )
    scores = _scores(rivals, names, members, max(rivals.recipe.depths))
    cross = _calibrated(rivals, retriever, members, scores)
    tried = sweep(
        ranking,
        members,
        scores,
        depths=rivals.recipe.depths,
        weights=rivals.recipe.weights,
        dense=dense,
        cross=cross,
        own=[rivals.own[i] for i in members],
    )
    points.extend(
        SweepPoint(retriever=retriever, reranker=reranker, depth=one.depth, weight=one.weight, mrr=mrr)
        for one, mrr in tried
    )
    setting, mrr = tried[0]
    return System(
        retriever=retriever,
        reranker=reranker,
        setting=setting,
        dense=dense,
        cross=cross,
        dev_mrr=mrr,
        order=order,
    )


def ranks_alone(rivals: Rivals, system: System, members: Sequence[int]) -> Ranks:
    """Where a system puts the right codes of these members."""
    ranking = rivals.ranking(system.retriever)
    if system.setting is None or system.cross is None:
        return ranking.ranks[list(members)]
    scores = _scores(rivals, (system.retriever, system.reranker), members, system.setting.depth)
    return reranked(
        ranking,
        members,
        scores,
        system.setting,
        dense=system.dense,
        cross=system.cross,
        own=[rivals.own[i] for i in members],
    )


def ranks_by_reranker(rivals: Rivals, system: System, members: Sequence[int]) -> Ranks:
    """The same by the reranker's opinion only."""
    depth = (system.setting or Setting(depth=1, weight=1.0)).depth
    scores = _scores(rivals, (system.retriever, system.reranker), members, depth)
    own = [rivals.own[i] for i in members]
    return alone(rivals.ranking(system.retriever), members, scores, depth=depth, own=own)


def _scores(rivals: Rivals, names: tuple[str, str], members: Sequence[int], depth: int) -> Scores:
    retriever, reranker = names
    return rivals.scores(reranker).of(
        rivals.ranking(retriever), members, depth=depth, report=rivals.report, cancelled=rivals.cancelled
    )


def _calibrated(rivals: Rivals, retriever: str, members: Sequence[int], scores: Scores) -> Calibration:
    right = rivals.right(retriever, members)
    return calibrate(scores.reshape(-1), right[:, : scores.shape[1]].reshape(-1))
