"""Fitting the weights of fusion: all questions as one matrix, what is maximised, and the walk that does it."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from benchmarks.metrics import ndcg

from vizsla.retrieval.weights import Weights

Floats = npt.NDArray[np.float64]
_NOISE = 0.002  # by so much a set may fall below its better retriever for nothing
# What a walk would give up for a thousandth elsewhere: who types a symbol wants its definition, whatever few of these
# questions say of it.
_LEAST = {"support": 0.1, "size": 0.1, "name": 0.1, "defines": 0.85}
FITTED = (
    "cosine",
    "match",
    "lead",
    "lead_documented",
    "lead_nameless",
    "name",
    "path",
    "file_name",
    "defines",
    "is_test",
    "size",
    "change_lead",
    "change_documented",
    "change_size",
    "support",
)
"""What the walk changes; the others are judged by hand."""
_NOT_FEATURES = {"bias", "support", "expected_cosine", "expected_cosine_per_match"}
_FEATURES = tuple(field.name for field in dataclasses.fields(Weights) if field.name not in _NOT_FEATURES)
_COSINE, _MATCH = _FEATURES.index("cosine"), _FEATURES.index("match")


@dataclasses.dataclass(slots=True)
class Case:
    """One question with its candidates: features (candidates, features), which are right, and what they stand for."""

    origin: str  # the set it is of
    group: str
    has_files: bool
    features: Floats
    right: npt.NDArray[np.bool_]
    names: list[str]  # what is ranked: functions, or files, then several candidates have one name
    paths: list[str]
    answers: set[str]
    is_lexical: npt.NDArray[np.bool_]


class Problem:
    """All cases as one matrix, and the measure of each set for given weights."""

    def __init__(
        self, cases: Sequence[Case], *, left_out: str = "", keep: Mapping[str, float] = types.MappingProxyType({})
    ) -> None:
        self.cases = cases
        self.sets = sorted({case.origin for case in cases})
        self.kept = np.array([keep.get(name, 0.0) for name in self.sets])
        self.is_fitted = np.array([left_out == "" or not name.startswith(left_out) for name in self.sets])
        families = [name.partition("_")[0] for name in self.sets]
        self.set_weights = np.array([0.0 if "/" in family else 1.0 / families.count(family) for family in families])
        self.features = np.concatenate([case.features for case in cases]).astype(np.float32)
        lengths = np.array([len(case.names) for case in cases])
        self.starts = np.r_[0, np.cumsum(lengths)[:-1]]
        self.case_of = np.repeat(np.arange(len(cases)), lengths)
        self.right = np.concatenate([case.right for case in cases])
        files: dict[tuple[int, str], int] = {}
        self.file_of = np.array(
            [files.setdefault((i, path), len(files)) for i, case in enumerate(cases) for path in case.paths]
        )
        alone = np.zeros(len(_FEATURES))
        dense, lexical = alone.copy(), alone.copy()
        dense[_COSINE], lexical[_MATCH] = 1.0, 1.0
        self.floors = np.maximum(self._means(self._sums(dense, 0.0)), self._means(self._sums(lexical, 0.0)))

    def measures(self, weights: Weights) -> Floats:
        """Mean reciprocal rank of each set; NDCG@10 over files, mean over groups, where whole files are ranked."""
        return self._means(self._sums(np.array(weights.of_features), weights.support))

    def objective(self, weights: Weights) -> float:
        """What is maximised."""
        measures = self.measures(weights)
        below = np.minimum(measures - self.floors + _NOISE, 0.0) + np.minimum(measures - self.kept, 0.0)
        shortfall = below[self.is_fitted].sum()
        return float(np.average(measures, weights=self.set_weights * self.is_fitted) + 2.0 * shortfall)

    def search(self, start: Weights, *, steps: int, seed: int, names: Sequence[str] = FITTED) -> Weights:
        """Change one of the weights of these names at a time, keep what helps."""
        chance = np.random.default_rng(seed)
        best = dataclasses.replace(start, **{name: max(getattr(start, name), least) for name, least in _LEAST.items()})
        reached = self.objective(best)
        for _ in range(steps):
            name = names[int(chance.integers(len(names)))]
            value = getattr(best, name)
            if abs(value) > 0.05 and chance.random() < 0.7:
                value *= math.exp(0.3 * chance.normal())
            else:
                value += 0.5 * chance.normal()
            value = max(value, _LEAST.get(name, value))
            tried = dataclasses.replace(best, **{name: float(value)})
            objective = self.objective(tried)
            if objective > reached:
                best, reached = tried, objective
        return best

    def calibrated(self, weights: Weights) -> Weights:
        """Scale and shift all weights so that a score is the share of right answers among the first ten."""
        sums = self._sums(np.array(weights.of_features), weights.support)
        picked, wanted, each = [], [], []
        sizes = {name: sum(case.origin == name for case in self.cases) for name in self.sets}
        for i, case in enumerate(self.cases):
            part = sums[self.starts[i] : self.starts[i] + len(case.names)]
            order = np.argsort(-part, kind="stable")[:10]
            picked.append(part[order])
            wanted.append(case.right[order])
            each.append(np.full(len(order), 1.0 / sizes[case.origin]))
        x, y, w = np.concatenate(picked), np.concatenate(wanted).astype(float), np.concatenate(each)
        middle, spread = float(np.average(x, weights=w)), float(x.std())
        x = (x - middle) / spread
        scale, bias = 1.0, 0.0
        for _ in range(500):  # gradient descent for a logistic model of one variable
            error = (1.0 / (1.0 + np.exp(-(scale * x + bias))) - y) * w / w.sum()
            scale, bias = scale - 4.0 * float((error * x).sum()), bias - 4.0 * float(error.sum())
        scale, bias = scale / spread, bias - scale * middle / spread
        lexical = np.concatenate([case.is_lexical for case in self.cases])
        matches, cosines = self.features[lexical, _MATCH], self.features[lexical, _COSINE]
        per_match, at_none = np.polyfit(matches, cosines, 1)
        scaled = {name: float(scale * getattr(weights, name)) for name in (*_FEATURES, "support")}
        return dataclasses.replace(
            weights,
            **scaled,
            bias=float(bias),
            expected_cosine=float(at_none),
            expected_cosine_per_match=float(per_match),
        )

    def _sums(self, of_features: Floats, support: float) -> Floats:
        sums: Floats = (self.features @ of_features.astype(np.float32)).astype(np.float64)
        if support:
            odds = np.exp(sums - np.maximum.reduceat(sums, self.starts)[self.case_of])
            of_file = np.bincount(self.file_of, odds)
            sums = sums + support * np.log1p(np.maximum(of_file[self.file_of] - odds, 0.0))
        return sums

    def _means(self, sums: Floats) -> Floats:
        best = np.maximum.reduceat(np.where(self.right, sums, -np.inf), self.starts)
        ahead = np.add.reduceat((sums > best[self.case_of]).astype(np.int64), self.starts)
        values = np.where(np.isfinite(best), 1.0 / (1.0 + ahead), 0.0)
        for i, case in enumerate(self.cases):
            if not case.has_files:
                continue
            part = sums[self.starts[i] : self.starts[i] + len(case.names)]
            order = np.argsort(-part, kind="stable")
            values[i] = ndcg(list(dict.fromkeys(case.names[j] for j in order)), case.answers)
        means = []
        for name in self.sets:
            chosen = [i for i, case in enumerate(self.cases) if case.origin == name]
            by_group = any(self.cases[i].has_files for i in chosen)
            groups = sorted({self.cases[i].group for i in chosen}) if by_group else [""]
            parts = [[values[i] for i in chosen if groups == [""] or self.cases[i].group == group] for group in groups]
            means.append(float(np.mean([np.mean(part) for part in parts])))
        return np.array(means)
