"""Comparisons as an evaluation makes them, from ranks alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from trainer.evaluation_builders import a_code, a_pair
from vizsla_trainer.evaluation.calibration import Calibration
from vizsla_trainer.evaluation.metrics import summarise
from vizsla_trainer.evaluation.reranking import Setting
from vizsla_trainer.evaluation.results import (
    Comparison,
    Latency,
    Served,
    SweepPoint,
    System,
    difference,
    measured,
    moved,
    sides,
)
from vizsla_trainer.recipe import EvaluateRecipe

RECIPE = EvaluateRecipe(resamples=1_000)
LINE = Calibration(slope=2.0, intercept=-1.0)


def a_comparison(
    before: Sequence[int], after: Sequence[int], languages: Sequence[str] | None = None, *, reranker: str = "after"
) -> Comparison:
    """Ranks of the same queries by two systems."""
    languages = languages or ["python"] * len(before)
    codes = [a_code(f"f{i}", "x", language=language) for i, language in enumerate(languages)]
    pairs = [a_pair(code, f"query <{i}>", ("commit", "docstring")[i % 2]) for i, code in enumerate(codes)]
    old, new = np.array(before, dtype=np.int64), np.array(after, dtype=np.int64)
    won, lost = moved(old, new, pairs, codes, 3)
    setting = Setting(depth=10, weight=0.5) if reranker != "none" else None
    first, second = measured(old, pairs, RECIPE, 1), measured(new, pairs, RECIPE, 1)
    change = difference(old, new, pairs, RECIPE, 1)
    return Comparison(
        codes=len(codes),
        dev_queries=5,
        test_queries=len(pairs),
        retriever_before=first,
        retriever_after=second,
        retriever_difference=change,
        before=System(retriever="before", reranker="none", setting=None, dense=LINE, cross=None, dev_mrr=0.5),
        chosen=System(
            retriever="after",
            reranker=reranker,
            setting=setting,
            dense=LINE,
            cross=LINE if setting else None,
            dev_mrr=0.6,
        ),
        system_before=first,
        system_after=second,
        system_difference=change,
        reranker_alone=summarise(new) if setting else None,
        sweep=(SweepPoint(retriever="after", reranker=reranker, depth=10, weight=0.5, mrr=0.6),) if setting else (),
        latency=Latency(device="cpu", depth=10, embed_median=0.004, rerank_median=0.08, rerank_worst=0.1),
        won=won,
        lost=lost,
    )


def as_served(
    found: Comparison, before: Sequence[int], after: Sequence[int], *points: SweepPoint, weight: float = 0.5
) -> Comparison:
    """The same with what a server answers: ranks of as many queries as one likes."""
    codes = [a_code(f"s{i}", "x") for i in range(len(before))]
    pairs = [a_pair(code, f"question {i}") for i, code in enumerate(codes)]
    answered = sides(np.array(before, dtype=np.int64), np.array(after, dtype=np.int64), pairs, RECIPE, 1)
    served = Served(dev_queries=5, fused=answered, answered=answered, sweep=points)
    setting = Setting(depth=20, weight=weight) if found.chosen.reranker != "none" else None
    chosen = dataclasses.replace(found.chosen, served=setting, dev_served=0.7)
    return dataclasses.replace(found, chosen=chosen, served=served)
