"""How good answers are after so much reading: the reranker's quality against its budget.

    python benchmarks/rerank_budget.py --retriever FOLDER --reranker FOLDER (--run FOLDER | --data FOLDER [--sets a,b])

Everything that could be read is read once and may be kept (``--cases FILE``); what a budget pays for is then reckoned
at a given pace, so that the curve is the same on a busy machine. Prints Markdown tables: quality at 0 to 200 ms, whole
texts against shortened ones; several rounds of reading as in AXN against one at as many pairs; what could be left
unread as it cannot change the first hits. Changes with their intervals by paired bootstrap over the questions.

Source: Yadav et al., "Adaptive Retrieval and Scalable Indexing for k-NN Search with Cross-Encoders", ICLR 2024.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt
from benchmarks.encoding import Encoder
from benchmarks.rerank_cases import NOTHING, RIGHT, WRONG, Cases, Floats, collect

from vizsla.core.options import load_settings
from vizsla.core.settings import ModelSettings
from vizsla.models.calibration import Reading, calibration_of
from vizsla.models.library import resolve
from vizsla.models.manifest import read_manifest
from vizsla.models.pace import Pace
from vizsla.retrieval.rerank import PLAIN, affordable
from vizsla_trainer.evaluation.bootstrap import paired_bootstrap

BUDGETS = (0, 25, 50, 100, 200)
"""Milliseconds."""

PAIRS, ROUNDS = (10, 20, 40), (2, 4)
_RIDGE = 1.0
_SHOWN = (1, 3, 10)

Order = npt.NDArray[np.intp]
Values = npt.NDArray[np.float64]
Curve = dict[str, list[tuple[float, list[Order]]]]
"""By what is read: at each budget the mean number of pairs, and the answers."""


def main() -> int:
    """Read, reckon, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--retriever", default="default", help="its name or folder")
    parser.add_argument("--reranker", required=True, help="likewise")
    parser.add_argument("--run", type=Path, help="folder of a run of 'vizsla train', for its held-out questions")
    parser.add_argument("--data", type=Path, help="folder of sets of questions")
    parser.add_argument("--sets", default="", help="only these, with commas between")
    parser.add_argument("--queries", type=int, default=0, help="only so many of the run and of each set")
    parser.add_argument("--pool", type=int, default=100, help="candidates of each question that are read")
    parser.add_argument("--short", type=int, default=300, help="characters of a shortened text")
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop reading after so long")
    parser.add_argument("--pace", type=float, default=0.0, help="tokens a second; 0: as this machine read")
    parser.add_argument("--cases", type=Path, help="an .npz file: used where it is there, else written")
    parser.add_argument("--svg", type=Path, help="draw the curve here")
    arguments = parser.parse_args()
    settings, _ = load_settings()
    models = ModelSettings(retriever=arguments.retriever, reranker=arguments.reranker, threads=settings.models.threads)
    settings = dataclasses.replace(settings, models=models)
    retriever = resolve(arguments.retriever, "retriever", settings.cache.directory)
    reranker = resolve(arguments.reranker, "reranker", settings.cache.directory)
    if retriever is None or reranker is None:
        parser.error("there is no such retriever, or no such reranker")
    manifest = read_manifest(reranker, role="reranker")
    rate = arguments.pace
    if arguments.cases is not None and arguments.cases.is_file():
        cases = Cases.load(arguments.cases)
    elif arguments.run is None and arguments.data is None:
        parser.error("name questions with --run, --data or --cases")
    else:
        with Encoder(settings) as encoder:
            cases = collect(
                encoder,
                run=arguments.run,
                data=arguments.data,
                sets=[name for name in arguments.sets.split(",") if name],
                queries=arguments.queries,
                pool=arguments.pool,
                short=arguments.short,
                candidates=settings.search.candidates,
                seconds=arguments.seconds,
            )
            rate = rate or encoder.models.pace.tokens_per_second
        if arguments.cases is not None:
            cases.save(arguments.cases)
    pace = Pace(manifest.max_tokens)
    rate = rate or pace.tokens_per_second
    reading = calibration_of(read_manifest(retriever, role="retriever"), manifest).reading or PLAIN
    print(f"{len(cases)} questions, {rate:,.0f} tokens/s, weight {reading.weight}, depth {reading.depth}\n")
    curve = curve_of(cases, reading, pace, rate)
    print(budget_table(cases, curve), rounds_table(cases, reading), unread_table(cases, reading), sep="\n\n")
    if arguments.svg is not None:
        draw(arguments.svg, cases, curve)
    return 0


def curve_of(cases: Cases, reading: Reading, pace: Pace, rate: float) -> Curve:
    """Of whole and of shortened texts."""
    found: Curve = {}
    for name, characters, scores in (
        ("whole texts", cases.characters, cases.scores),
        ("shortened texts", cases.short_characters, cases.short_scores),
    ):
        points = []
        for budget in BUDGETS:
            orders, pairs = [], 0
            for row in range(len(cases)):
                head = near(cases, row, reading)
                lengths = characters[row, head].astype(int).tolist()
                count = affordable(pace.tokens(lengths) / rate, budget / 1000)
                orders.append(answer(cases, row, head[:count], scores[row], reading))
                pairs += count
            points.append((pairs / len(cases), orders))
        found[name] = points
    return found


def near(cases: Cases, row: int, reading: Reading) -> Order:
    """The candidates that the server would read with all the time in the world, see ``choose_depth``."""
    fused = cases.fused[row, : reading.depth]
    return np.flatnonzero(fused > fused[0] - reading.reach * reading.weight)


def answer(cases: Cases, row: int, read: Order, scores: Floats, reading: Reading) -> Order:
    """Candidates as they are shown after some were read, see ``reorder``."""
    everything = np.flatnonzero(cases.marks[row] != NOTHING)
    if not len(read):
        return everything
    joined = cases.fused[row].copy()
    said = log_odds(scores[read], reading)
    joined[read] += reading.weight * (said - said.mean())
    return everything[np.argsort(-joined[everything], kind="stable")]


def log_odds(scores: Floats, reading: Reading) -> Floats:
    """What scores mean."""
    return reading.log_odds.slope * scores + reading.log_odds.intercept


def in_rounds(cases: Cases, row: int, pairs: int, rounds: int, reading: Reading) -> Order:
    """The candidates that are read where each round is told by what the ones before it found.

    A ridge over the vectors of what was read predicts the log-odds of the rest; those that would come first are next.
    """
    everything = np.flatnonzero(cases.marks[row] != NOTHING)
    sizes = [len(part) for part in np.array_split(np.arange(min(pairs, len(everything))), rounds)]
    read = everything[: sizes[0]]
    vectors, fused = cases.vectors[row].astype(np.float32), cases.fused[row]
    for size in sizes[1:]:
        rest = np.setdiff1d(everything, read)
        said = log_odds(cases.scores[row, read], reading)
        kernel = vectors[read] @ vectors[read].T + _RIDGE * np.eye(len(read), dtype=np.float32)
        expected = vectors[rest] @ vectors[read].T @ np.linalg.solve(kernel, said - said.mean())
        best = np.argsort(-(fused[rest] + reading.weight * expected), kind="stable")
        read = np.concatenate([read, rest[best[:size]]])
    return read


def budget_table(cases: Cases, curve: Curve) -> str:
    """Markdown: quality at each budget, what it is above no reading, and above reading whole texts."""
    rows = [
        "| texts | budget | pairs read | MRR | NDCG@10 | MRR above 0 ms | MRR above whole texts |",
        "|---|---|---|---|---|---|---|",
    ]
    whole = [values(cases, orders, reciprocal) for _, orders in next(iter(curve.values()))]
    for name, points in curve.items():
        for budget, (pairs, orders), same in zip(BUDGETS, points, whole, strict=True):
            mrr, gain = values(cases, orders, reciprocal), values(cases, orders, ndcg)
            means = f"{pairs:.1f} | {mrr.mean():.3f} | {gain.mean():.3f}"
            above = difference(same, mrr)
            rows.append(f"| {name} | {budget} ms | {means} | {difference(whole[0], mrr)} | {above} |")
    return "\n".join(rows)


def rounds_table(cases: Cases, reading: Reading) -> str:
    """Markdown: reading in rounds against reading the first ones, at as many pairs."""
    rows = ["| pairs | rounds | MRR | NDCG@10 | MRR above one round |", "|---|---|---|---|---|"]
    for pairs in PAIRS:
        one = np.zeros(0)
        for rounds in (1, *ROUNDS):
            orders = [
                answer(cases, row, in_rounds(cases, row, pairs, rounds, reading), cases.scores[row], reading)
                for row in range(len(cases))
            ]
            mrr, gain = values(cases, orders, reciprocal), values(cases, orders, ndcg)
            one = mrr if rounds == 1 else one
            change = "" if rounds == 1 else difference(one, mrr)
            rows.append(f"| {pairs} | {rounds} | {mrr.mean():.3f} | {gain.mean():.3f} | {change} |")
    return "\n".join(rows)


def unread_table(cases: Cases, reading: Reading) -> str:
    """Markdown: the share of the pairs that need not be read for the first hits to be certain."""
    spans = [np.ptp(log_odds(cases.scores[row, near(cases, row, reading)], reading)) for row in range(len(cases))]
    measured = float(np.quantile(spans, 0.99))
    most = sum(len(near(cases, row, reading)) for row in range(len(cases)))
    rows = ["| opinions apart at most | hits that are certain | pairs left unread |", "|---|---|---|"]
    for reach in (reading.reach, measured):
        for shown in _SHOWN:
            read = sum(until_certain(cases, row, shown, reach, reading) for row in range(len(cases)))
            rows.append(f"| {reach:.1f} | {shown} | {1 - read / most:.1%} |")
    return "\n".join(rows)


def until_certain(cases: Cases, row: int, shown: int, reach: float, reading: Reading) -> int:
    """How many are read until nothing unread can come among the first hits, opinions being ``reach`` apart at most."""
    head = near(cases, row, reading)
    fused, said = cases.fused[row, head], log_odds(cases.scores[row, head], reading)
    joined = fused + reading.weight * said
    for count in range(shown, len(head)):
        last_shown = np.sort(joined[:count])[-shown]
        if fused[count:].max() + reading.weight * (said[:count].min() + reach) < last_shown:
            return count
    return len(head)


def values(cases: Cases, orders: Sequence[Order], measure: Callable[[Cases, int, Order], float]) -> Values:
    """One value of each question."""
    return np.array([measure(cases, row, order) for row, order in enumerate(orders)], dtype=np.float64)


def reciprocal(cases: Cases, row: int, order: Order) -> float:
    """One over the place of the first answer; what may answer as well takes no place."""
    marks = cases.marks[row, order]
    right = np.flatnonzero(marks == RIGHT)
    if not len(right):
        return float(cases.beyond[row])
    return 1 / (1 + int((marks[: right[0]] == WRONG).sum()))


def ndcg(cases: Cases, row: int, order: Order) -> float:
    """Normalised discounted cumulative gain of the first ten."""
    marks = cases.marks[row, order]
    marks = marks[(marks == RIGHT) | (marks == WRONG)][:10]
    discounts = 1 / np.log2(np.arange(2, 12))
    best = float(discounts[: int(cases.answers[row])].sum())
    return float(discounts[: len(marks)][marks == RIGHT].sum()) / best


def difference(before: Values, after: Values) -> str:
    """The mean change with its interval."""
    change = paired_bootstrap(before, after, resamples=10_000, confidence=0.95, seed=1)
    return f"{change.mean:+.3f} ({change.low:+.3f} to {change.high:+.3f})"


def draw(path: Path, cases: Cases, curve: Curve) -> None:
    """The curve of quality as a picture."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6.0, 3.4), layout="constrained")
    for name, points in curve.items():
        mrr = [values(cases, orders, reciprocal).mean() for _, orders in points]
        axis.plot(BUDGETS, mrr, marker="o", markersize=4, label=name)
    axis.set(xlabel="budget of the reranker (ms)", ylabel="MRR (0 to 1)", title=f"{len(cases)} questions")
    axis.legend(frameon=False)
    figure.savefig(path)


if __name__ == "__main__":
    sys.exit(main())
