"""What an evaluation found out, as it is stored, judged by the gate and told in the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vizsla_trainer.evaluation.bootstrap import Interval, bootstrap, paired_bootstrap
from vizsla_trainer.evaluation.calibration import Calibration
from vizsla_trainer.evaluation.metrics import Metrics, Ranks, by_group, grouped, reciprocal, summarise
from vizsla_trainer.evaluation.reranking import Setting
from vizsla_trainer.recipe import EvaluateRecipe
from vizsla_trainer.records import Code, Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How one system answered the held-out queries.

    Attributes:
        mrr: with its interval.
        ranks: of each query's right code, in the order of the queries.
    """

    metrics: Metrics
    mrr: Interval
    by_language: dict[str, Metrics]
    by_source: dict[str, Metrics]
    ranks: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """By how much MRR went up from one system to another on the same queries."""

    mrr: Interval
    queries: int
    by_language: dict[str, Interval]
    queries_by_language: dict[str, int]
    by_source: dict[str, Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The same queries answered before and after."""

    before: Measured
    after: Measured
    difference: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A retriever and a reranker used together, with the settings that were best on dev.

    Attributes:
        retriever: "before" for the one in use, "after" for the trained one.
        reranker: likewise, or "none".
        setting: of the two models alone; None without a reranker.
        dense: log-odds of its cosines.
        cross: log-odds of its reranker's scores; None without one.
        dev_mrr: of the two models alone, on the held-out part that settings are chosen by.
        order: how much a difference of its cosines means, see ``calibration.contrast``; None where nobody looked.
        served: how its reranker is used in a server; of weight 0 where it is not. None without one, and where that
            could not be measured.
        dev_served: MRR on dev of what a server then answers; None where that could not be measured.
        reach: how far apart its reranker's opinions of one query's candidates are, see ``served.reach_of``; None where
            nobody looked.
    """

    retriever: str
    reranker: str
    setting: Setting | None
    dense: Calibration
    cross: Calibration | None
    dev_mrr: float
    order: Calibration | None = None
    served: Setting | None = None
    dev_served: float | None = None
    reach: float | None = None

    @property
    def told(self) -> Setting | None:
        """How a server is told to use its reranker."""
        return self.setting if self.dev_served is None else self.served


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """MRR on dev of one depth and weight of one system; of both 0 where nothing is read."""

    retriever: str
    reranker: str
    depth: int
    weight: float
    mrr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One held-out query whose answer moved."""

    query: str
    answer: str  # path and name
    source: str
    before: int  # ranks from 1
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds of one question, measured one after another on this machine."""

    device: str
    depth: int
    embed_median: float
    rerank_median: float
    rerank_worst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a server answers, with words and all signals fused in: questions made of names are left out.

    Attributes:
        dev_queries: that settings were chosen by.
        fused: while nothing is read.
        answered: in the end.
        sweep: of all that could answer.
    """

    dev_queries: int
    fused: Sides
    answered: Sides
    sweep: tuple[SweepPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The models in use against the trained ones, on queries that the latter did not learn from.

    Those in use may have, where an earlier run of the same workspaces made them and its files were grouped otherwise:
    that is in their favour, so nothing worse is offered for it.

    ``before`` is what answers today, ``chosen`` the best on dev of what could answer tomorrow; both as whole
    systems. The retrievers are compared alone besides, and so are both models without the rest of a server
    (``system_…``). ``served`` is None where no question is one that a user might ask.
    """

    codes: int
    dev_queries: int
    test_queries: int
    retriever_before: Measured
    retriever_after: Measured
    retriever_difference: Difference
    before: System
    chosen: System
    system_before: Measured
    system_after: Measured
    system_difference: Difference
    reranker_alone: Metrics | None
    sweep: tuple[SweepPoint, ...]
    latency: Latency | None
    won: tuple[Example, ...]
    lost: tuple[Example, ...]
    served: Served | None = None

    @property
    def judged(self) -> Sides:
        """What models are judged by: what is answered, where that was measured."""
        if self.served is not None:
            return self.served.answered
        return Sides(before=self.system_before, after=self.system_after, difference=self.system_difference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """MRR of some queries before and after, and by how much it went up, with its interval."""

    queries: int
    before: float
    after: float
    change: Interval

    def __str__(self) -> str:
        one = self.change
        return (
            f"{self.before:.3f} to {self.after:.3f} ({one.mean:+.3f}; {one.low:+.3f} to {one.high:+.3f}) "
            f"on {self.queries} queries"
        )


def changes_by_source(found: Comparison) -> dict[str, Change]:
    """What became of the queries of each source by what models are judged by, the largest source first."""
    judged = found.judged
    return {
        source: Change(
            queries=old.queries,
            before=old.mrr,
            after=judged.after.by_source[source].mrr,
            change=judged.difference.by_source[source],
        )
        for source, old in judged.before.by_source.items()
    }


def sides(before: Ranks, after: Ranks, pairs: Sequence[Pair], recipe: EvaluateRecipe, seed: int) -> Sides:
    """All that is told of two systems' ranks for the same queries."""
    return Sides(
        before=measured(before, pairs, recipe, seed),
        after=measured(after, pairs, recipe, seed),
        difference=difference(before, after, pairs, recipe, seed),
    )


def measured(ranks: Ranks, pairs: Sequence[Pair], recipe: EvaluateRecipe, seed: int) -> Measured:
    """All that is told of one system's ranks."""
    return Measured(
        metrics=summarise(ranks),
        mrr=bootstrap(reciprocal(ranks), resamples=recipe.resamples, confidence=recipe.confidence, seed=seed),
        by_language=by_group(ranks, [pair.language for pair in pairs]),
        by_source=by_group(ranks, [pair.source for pair in pairs]),
        ranks=tuple(ranks.tolist()),
    )


def difference(before: Ranks, after: Ranks, pairs: Sequence[Pair], recipe: EvaluateRecipe, seed: int) -> Difference:
    """From ``before`` to ``after``, over all and by group."""

    def interval(members: Sequence[int] | slice) -> Interval:
        return paired_bootstrap(
            reciprocal(before[members]),
            reciprocal(after[members]),
            resamples=recipe.resamples,
            confidence=recipe.confidence,
            seed=seed,
        )

    languages = list(grouped([pair.language for pair in pairs]))
    return Difference(
        mrr=interval(slice(None)),
        queries=len(before),
        by_language={name: interval(members.tolist()) for name, members in languages},
        queries_by_language={name: len(members) for name, members in languages},
        by_source={name: interval(members.tolist()) for name, members in grouped([pair.source for pair in pairs])},
    )


def moved(
    before: Ranks, after: Ranks, pairs: Sequence[Pair], codes: Sequence[Code], most: int
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """The queries that won most and those that lost most, each at most ``most``."""
    change = reciprocal(after) - reciprocal(before)
    names = {code.id: f"{code.path}: {code.qualified_name or code.name}" for code in codes}
    found: list[tuple[Example, ...]] = []
    for order in (np.argsort(-change, kind="stable"), np.argsort(change, kind="stable")):
        sign = 1 if not found else -1
        found.append(
            tuple(
                Example(
                    query=pairs[i].query,
                    answer=names[pairs[i].code],
                    source=pairs[i].source,
                    before=int(before[i]),
                    after=int(after[i]),
                )
                for i in order[:most]
                if change[i] * sign > 0
            )
        )
    return found[0], found[1]
