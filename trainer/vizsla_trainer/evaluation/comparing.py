"""The models in use against the trained ones: settings chosen on dev, everything told measured on test.

Twice: the models alone, and what a server answers with them. The second is what they are chosen and judged by.
"""

from __future__ import annotations

from collections.abc import Sequence

from vizsla_trainer.errors import TrainingError
from vizsla_trainer.evaluation.alone import best_alone, ranks_alone, ranks_by_reranker
from vizsla_trainer.evaluation.contest import AFTER, BEFORE, NONE, Contest
from vizsla_trainer.evaluation.latency import measure_latency
from vizsla_trainer.evaluation.metrics import summarise
from vizsla_trainer.evaluation.results import (
    Comparison,
    Latency,
    Served,
    SweepPoint,
    System,
    moved,
    sides,
)
from vizsla_trainer.evaluation.rivals import Rivals
from vizsla_trainer.evaluation.serving import Serving
from vizsla_trainer.progress import Cancelled, Report, never, unheard
from vizsla_trainer.recipe import EvaluateRecipe
from vizsla_trainer.records import Code, Pair

EDITION = 2
"""Of how systems are chosen and measured: what another edition measured is measured again."""


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
    rivals = Rivals(contest, dev, test, codes, recipe, seed=seed, report=report, cancelled=cancelled)
    points: list[SweepPoint] = []
    today = best_alone(rivals, contest.today, points)
    others = [best_alone(rivals, system, points) for system in contest.candidates]
    serving = Serving(rivals)
    served_points: list[SweepPoint] = []
    if serving.is_measurable:
        today = serving.best(today, served_points)
        others = [serving.best(system, served_points) for system in others]
        chosen = max(others, key=serving.worth)
    else:
        chosen = max(others, key=lambda system: round(system.dev_mrr, 6))
    members = rivals.test if NONE == today.reranker == chosen.reranker else rivals.read_test
    pairs = [rivals.pairs[i] for i in members]
    alone = ranks_alone(rivals, today, members), ranks_alone(rivals, chosen, members)
    both = sides(*alone, pairs, recipe, seed)
    after = AFTER if AFTER in contest.retrievers else BEFORE
    first, second = (rivals.ranking(name).ranks[rivals.test] for name in (BEFORE, after))
    retrievers = sides(first, second, test, recipe, seed)
    served = None
    asked, last = pairs, alone
    if serving.is_measurable:
        members_asked = serving.asked(members)
        asked = [rivals.pairs[i] for i in members_asked]
        last = serving.answered(today, members_asked), serving.answered(chosen, members_asked)
        fused = serving.fused(today.retriever, members_asked), serving.fused(chosen.retriever, members_asked)
        served = Served(
            dev_queries=len(serving.dev),
            fused=sides(*fused, asked, recipe, seed),
            answered=sides(*last, asked, recipe, seed),
            sweep=tuple(dict.fromkeys(served_points)),
        )
    won, lost = moved(*last, asked, codes, recipe.examples)
    return Comparison(
        codes=len(codes),
        dev_queries=len(rivals.read_dev),
        test_queries=len(members),
        retriever_before=retrievers.before,
        retriever_after=retrievers.after,
        retriever_difference=retrievers.difference,
        before=today,
        chosen=chosen,
        system_before=both.before,
        system_after=both.after,
        system_difference=both.difference,
        reranker_alone=summarise(ranks_by_reranker(rivals, chosen, members)) if chosen.setting else None,
        sweep=tuple(points),
        latency=_latency(rivals, chosen, members),
        won=won,
        lost=lost,
        served=served,
    )


def _latency(rivals: Rivals, system: System, members: Sequence[int]) -> Latency | None:
    """Seconds of one question to a system."""
    asked = members[: rivals.recipe.latency_queries]
    setting, contest = system.told, rivals.contest
    return measure_latency(
        contest.retrievers[system.retriever],
        contest.rerankers.get(system.reranker),
        [rivals.pairs[i] for i in asked],
        [rivals.ranking(system.retriever).candidates[i] for i in asked],
        rivals.codes,
        depth=setting.depth if setting and setting.weight else 0,
        device=contest.device,
        threads=contest.threads,
    )
