"""Fits the weights of fusion on several sets of questions at once and writes them into the package.

    python benchmarks/fit_fusion.py --data DIR [--sets a,b] [--leave-out SET] [--keep SET=MEASURE,…] [--write]

What is sought: the highest mean over the families of sets (``questions_sql`` and ``questions_python`` are one family),
where falling below the better of the two retrievers by more than noise, or below what ``--keep`` says, costs twice what
a rise elsewhere gains. A set of many functions is also asked with a tenth of them, so that weights do not depend on how
many there are. Then the sum is calibrated: a score of 0.7 shall be right seven times in ten. The search is a few random
walks with fixed seeds; the same data give the same weights.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import re
import sys
import types
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt
from benchmarks.encoding import Encoder
from benchmarks.metrics import ndcg
from benchmarks.question_sets import QuestionSet, build_library, encode_queries, read_sets

from vizsla.core.options import load_settings
from vizsla.retrieval import weights as weights_module
from vizsla.retrieval.candidates import Candidate, gather
from vizsla.retrieval.fusion import Pool, features_of
from vizsla.retrieval.layers import Layer
from vizsla.retrieval.query import Question
from vizsla.retrieval.signals import containers, signals_of
from vizsla.retrieval.weights import WEIGHTS, Weights

Floats = npt.NDArray[np.float64]
_NOISE = 0.002  # by so much a set may fall below its better retriever for nothing
# What a walk would give up for a thousandth elsewhere: who types a symbol wants its definition, whatever few of these
# questions say of it.
_LEAST = {"support": 0.1, "size": 0.1, "name": 0.1, "defines": 0.85}
_FITTED = (
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
    "support",
)
_FEATURES = tuple(field.name for field in dataclasses.fields(Weights))[1:17]
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


def main() -> int:
    """Fit, show what came of it, perhaps write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default="", help="only these, with commas between")
    parser.add_argument("--queries", type=int, default=400, help="so many of each set of snippets")
    parser.add_argument("--leave-out", default="", help="a set that is measured but not fitted on")
    parser.add_argument("--keep", default="", help="sets that shall not fall below a measure: SET=MEASURE,…")
    parser.add_argument("--steps", type=int, default=800, help="of each walk")
    parser.add_argument("--walks", type=int, default=4, help="from the weights of now; the best end is taken")
    parser.add_argument("--write", action="store_true", help="put the weights into the package")
    arguments = parser.parse_args()
    settings, _ = load_settings()
    cases: list[Case] = []
    with Encoder(settings) as encoder:
        for one in read_sets(arguments.data, filter(None, arguments.sets.split(","))):
            cases.extend(cases_of(one, encoder, settings.search.candidates, most_queries=arguments.queries))
    kept = {name: float(value) for name, _, value in (one.partition("=") for one in arguments.keep.split(",") if one)}
    problem = Problem(cases, left_out=arguments.leave_out, keep=kept)
    if unknown := kept.keys() - set(problem.sets):
        parser.error(f"--keep names {', '.join(sorted(unknown))}, which is not measured; give any of {problem.sets}")
    walks = [problem.search(WEIGHTS, steps=arguments.steps, seed=seed) for seed in range(arguments.walks)]
    fitted = max(walks, key=problem.objective)
    fitted = problem.calibrated(fitted)
    shown = [name.replace("questions_", "q_") for name in problem.sets]
    print(f"{'':24}" + "".join(f"{name:>16}" for name in shown))
    for label, values in (
        ("better retriever", problem.floors),
        ("before", problem.measures(WEIGHTS)),
        ("fitted", problem.measures(fitted)),
    ):
        print(f"{label:24}" + "".join(f"{value:16.4f}" for value in values))
    for name in _FITTED:
        without = dataclasses.replace(fitted, **{name: 0.0})
        print(f"{'without ' + name:24}" + "".join(f"{value:16.4f}" for value in problem.measures(without)))
    print(fitted)
    if arguments.write:
        _write(fitted)
    return 0


def cases_of(one: QuestionSet, encoder: Encoder, count: int, *, most_queries: int) -> list[Case]:
    """All questions of a set; again with a tenth of the codes where these are single functions of one pool."""
    cases = []
    for group in one.groups:
        queries = one.queries_of(group)
        library = build_library(one.codes_of(group), encoder, whole_files=one.has_files)
        if len(queries) > 4 * most_queries:  # of thousands of questions some hundreds tell enough
            queries = [queries[i * len(queries) // most_queries] for i in range(most_queries)]
        for query, vector in zip(queries, encode_queries(queries, encoder), strict=True):
            question = Question.from_text(query["query"])
            found = gather(question, vector, [Layer(store=library.store, vectors=library.vectors)], count)
            names = [library.code_of[candidate.function.key] for candidate in found]
            answers = set(one.answers[query["qid"]])
            if not found:
                continue
            line = encoder.models.calibration.cosine  # as they are served: then the weights fit whatever it is
            found = [dataclasses.replace(candidate, cosine=line(candidate.cosine)) for candidate in found]
            cases.append(_case(one.name, group, question, found, names, answers, one.has_files))
            if not one.has_files and library.store.function_count > 2_000:
                kept = [i for i, name in enumerate(names) if name in answers or zlib.crc32(name.encode()) % 10 == 0]
                if kept:
                    part = [found[i] for i in kept], [names[i] for i in kept]
                    cases.append(_case(f"{one.name} / 10", group, question, *part, answers, one.has_files))
    return cases


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

    def search(self, start: Weights, *, steps: int, seed: int) -> Weights:
        """Change one weight at a time, keep what helps."""
        chance = np.random.default_rng(seed)
        best = dataclasses.replace(start, **{name: max(getattr(start, name), least) for name, least in _LEAST.items()})
        reached = self.objective(best)
        for _ in range(steps):
            name = _FITTED[chance.integers(len(_FITTED))]
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


def _case(
    name: str,
    group: str,
    question: Question,
    found: Sequence[Candidate],
    names: list[str],
    answers: set[str],
    has_files: bool,
) -> Case:
    pool = Pool.of(question, found)
    around = containers(c.function for c in found)
    rows = [features_of(c, signals_of(question, c.function, around), pool, WEIGHTS) for c in found]
    return Case(
        origin=name,
        group=group,
        has_files=has_files,
        features=np.array(rows),
        right=np.array([name in answers for name in names]),
        names=names,
        paths=[candidate.function.path for candidate in found],
        answers=answers,
        is_lexical=np.array([candidate.lexical_rank is not None for candidate in found]),
    )


def _write(weights: Weights) -> None:
    path = Path(str(weights_module.__file__))
    text = path.read_text(encoding="utf-8")
    lines = "".join(f"    {name}={round(value, 3)},\n" for name, value in dataclasses.asdict(weights).items())
    path.write_text(
        re.sub(r"WEIGHTS = Weights\(\n.*?\n\)", f"WEIGHTS = Weights(\n{lines})", text, flags=re.DOTALL),
        encoding="utf-8",
    )
    print(f"written to {path.name}")


if __name__ == "__main__":
    sys.exit(main())
