"""The models in use against the trained ones: settings chosen on dev, everything told measured on test."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizsla_trainer.errors import TrainingError
from vizsla_trainer.evaluation.calibration import Calibration, calibrate, contrast
from vizsla_trainer.evaluation.latency import measure_latency
from vizsla_trainer.evaluation.metrics import Ranks, reciprocal, summarise
from vizsla_trainer.evaluation.reranking import PairScores, Scores, Setting, alone, reranked, sweep
from vizsla_trainer.evaluation.results import (
    Comparison,
    Latency,
    SweepPoint,
    System,
    difference,
    measured,
    moved,
)
from vizsla_trainer.evaluation.retrieval import Ranking, rank_pairs
from vizsla_trainer.progress import Cancelled, Report, never, unheard
from vizsla_trainer.recipe import EvaluateRecipe
from vizsla_trainer.records import Code, Pair

BEFORE, AFTER, NONE = "before", "after", "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Which model folders are compared.

    Attributes:
        retrievers: "before" and, where one was trained, "after".
        rerankers: "before" where one is in use, "after" where one was trained.
        device: "cpu", "cuda" or "mps".
        threads: of a forward pass on a CPU.
    """

    retrievers: dict[str, Path]
    rerankers: dict[str, Path]
    device: str
    threads: int

    def __post_init__(self) -> None:
        if BEFORE not in self.retrievers:
            raise ValueError("need the retriever in use")

    @property
    def today(self) -> tuple[str, str]:
        """What answers now."""
        return BEFORE, BEFORE if BEFORE in self.rerankers else NONE

    @property
    def candidates(self) -> list[tuple[str, str]]:
        """What could answer instead, the least change first."""
        return [
            (retriever, reranker)
            for retriever in self.retrievers
            for reranker in (*self.rerankers, *(() if BEFORE in self.rerankers else (NONE,)))
            if (retriever, reranker) != self.today
        ]


def compare(
    contest: Contest,
    *,
    dev: Sequence[Pair],
    test: Sequence[Pair],
    codes: Sequence[Code],
    recipe: EvaluateRecipe,
    seed: int,
    report: Report = unheard,
    cancelled: Cancelled = never,
) -> Comparison:
    """Compare what answers today with what could.

    Raises:
        TrainingError: nothing is held out, or nothing was trained.
        StoppedError: it was cancelled.
    """
    if not test or not dev:
        raise TrainingError(
            f"there are {len(dev)} and {len(test)} pairs held out to choose and to measure by, which is too few; "
            "give larger workspaces"
        )
    if not contest.candidates:
        raise TrainingError("nothing was trained, so there is nothing to compare; enable a model in the recipe")
    pairs = [*dev, *test]
    found = _Answers(contest, pairs, codes, recipe, report, cancelled, dev=len(dev))
    random = np.random.default_rng(seed)
    on_dev = some_of(random, range(len(dev)), recipe.reranked_dev)
    on_test = some_of(random, range(len(dev), len(pairs)), recipe.reranked_test)
    points: list[SweepPoint] = []
    before = found.best(contest.today, on_dev, points)
    others = [found.best(system, on_dev, points) for system in contest.candidates]
    chosen = max(others, key=lambda system: round(system.dev_mrr, 6))
    everything = list(range(len(dev), len(pairs)))
    if NONE == before.reranker == chosen.reranker:
        on_test = everything
    asked, held_out = [pairs[i] for i in on_test], [pairs[i] for i in everything]
    old, new = found.ranks(before, on_test), found.ranks(chosen, on_test)
    first, second = found.dense(BEFORE, everything), found.dense(AFTER, everything)
    won, lost = moved(old, new, asked, codes, recipe.examples)
    return Comparison(
        codes=len(codes),
        dev_queries=len(on_dev),
        test_queries=len(on_test),
        retriever_before=measured(first, held_out, recipe, seed),
        retriever_after=measured(second, held_out, recipe, seed),
        retriever_difference=difference(first, second, held_out, recipe, seed),
        before=before,
        chosen=chosen,
        system_before=measured(old, asked, recipe, seed),
        system_after=measured(new, asked, recipe, seed),
        system_difference=difference(old, new, asked, recipe, seed),
        reranker_alone=summarise(found.alone(chosen, on_test)) if chosen.setting else None,
        sweep=tuple(points),
        latency=found.latency(chosen, on_test),
        won=won,
        lost=lost,
    )


class _Answers:
    """Rankings and scores of all models, each computed when first asked for."""

    def __init__(
        self,
        contest: Contest,
        pairs: Sequence[Pair],
        codes: Sequence[Code],
        recipe: EvaluateRecipe,
        report: Report,
        cancelled: Cancelled,
        *,
        dev: int,
    ) -> None:
        self._dev = list(range(dev))
        self._contest, self._pairs, self._codes, self._recipe = contest, pairs, codes, recipe
        self._report, self._cancelled = report, cancelled
        places = {code.id: index for index, code in enumerate(codes)}
        self._own = [places[pair.code] for pair in pairs]
        self._rankings: dict[str, Ranking] = {}
        self._scorers: dict[str, PairScores] = {}

    def best(self, names: tuple[str, str], members: list[int], points: list[SweepPoint]) -> System:
        """A system with the setting that is best on these queries; what was tried is added to ``points``."""
        retriever, reranker = names
        ranking = self._ranking(retriever)
        dense = self._calibrated(ranking, members, ranking.cosines[members])
        order = contrast(ranking.cosines[self._dev], self._right(ranking, self._dev))  # needs no reranker, so of all
        if reranker == NONE:
            mrr = float(reciprocal(ranking.ranks[members]).mean())
            return System(
                retriever=retriever, reranker=NONE, setting=None, dense=dense, cross=None, dev_mrr=mrr, order=order
            )
        scores = self._scores(names, members, max(self._recipe.depths))
        cross = self._calibrated(ranking, members, scores)
        tried = sweep(
            ranking,
            members,
            scores,
            depths=self._recipe.depths,
            weights=self._recipe.weights,
            dense=dense,
            cross=cross,
            own=[self._own[i] for i in members],
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

    def ranks(self, system: System, members: list[int]) -> Ranks:
        """Where a system puts the right codes."""
        ranking = self._ranking(system.retriever)
        if system.setting is None or system.cross is None:
            return ranking.ranks[members]
        scores = self._scores((system.retriever, system.reranker), members, system.setting.depth)
        return reranked(
            ranking,
            members,
            scores,
            system.setting,
            dense=system.dense,
            cross=system.cross,
            own=[self._own[i] for i in members],
        )

    def alone(self, system: System, members: list[int]) -> Ranks:
        """The same by the reranker's opinion only."""
        depth = (system.setting or Setting(depth=1, weight=1.0)).depth
        scores = self._scores((system.retriever, system.reranker), members, depth)
        return alone(self._ranking(system.retriever), members, scores, depth=depth, own=[self._own[i] for i in members])

    def dense(self, retriever: str, members: list[int]) -> Ranks:
        """Where a retriever alone puts them; the one in use where none was trained."""
        return self._ranking(retriever if retriever in self._contest.retrievers else BEFORE).ranks[members]

    def latency(self, system: System, members: list[int]) -> Latency | None:
        """Seconds of one question to a system."""
        return measure_latency(
            self._contest.retrievers[system.retriever],
            self._contest.rerankers.get(system.reranker),
            [self._pairs[i] for i in members[: self._recipe.latency_queries]],
            [self._ranking(system.retriever).candidates[i] for i in members[: self._recipe.latency_queries]],
            self._codes,
            depth=system.setting.depth if system.setting else 0,
            device=self._contest.device,
            threads=self._contest.threads,
        )

    def _ranking(self, retriever: str) -> Ranking:
        from vizsla.models.bi_encoder import load_bi_encoder

        if retriever not in self._rankings:
            encoder = load_bi_encoder(
                self._contest.retrievers[retriever], device=self._contest.device, threads=self._contest.threads
            )
            self._rankings[retriever] = rank_pairs(
                encoder,
                self._pairs,
                self._codes,
                depth=max(self._recipe.depths),
                report=self._report,
                cancelled=self._cancelled,
            )
            del encoder
            gc.collect()  # a model is hundreds of megabytes
        return self._rankings[retriever]

    def _scores(self, names: tuple[str, str], members: list[int], depth: int) -> Scores:
        from vizsla.models.cross_encoder import load_cross_encoder

        retriever, reranker = names
        if reranker not in self._scorers:
            scorer = load_cross_encoder(
                self._contest.rerankers[reranker], device=self._contest.device, threads=self._contest.threads
            )
            self._scorers[reranker] = PairScores(scorer, self._pairs, self._codes)
        return self._scorers[reranker].of(
            self._ranking(retriever), members, depth=depth, report=self._report, cancelled=self._cancelled
        )

    def _calibrated(self, ranking: Ranking, members: list[int], scores: Scores) -> Calibration:
        right = self._right(ranking, members)
        return calibrate(scores.reshape(-1), right[:, : scores.shape[1]].reshape(-1))

    def _right(self, ranking: Ranking, members: list[int]) -> npt.NDArray[np.bool_]:
        """Which candidates are right. (members, depth)"""
        right: npt.NDArray[np.bool_] = ranking.candidates[members] == np.array([self._own[i] for i in members])[:, None]
        return right


def some_of(random: np.random.Generator, members: range, most: int) -> list[int]:
    """At most so many of them, drawn, in their order."""
    if len(members) <= most:
        return list(members)
    return sorted(random.choice(np.array(members), size=most, replace=False).tolist())
