"""Says how the reranker is to be used beside fusion, on several sets of questions at once, and writes it down.

    python benchmarks/fit_reading.py --data DIR [--sets a,b] [--queries N] [--cases FOLDER] [--write]

Its scores become log-odds; how much these count against the fused ones, and how many candidates are read, is what has
the highest mean MRR over the sets, where falling below the fused order by more than noise costs twice what a rise
elsewhere gains. Of what is equally good the cheaper is taken. ``--write`` puts it into the manifest of the reranker
that ships with the package; of any other it is only shown. Sets of whole files are left to ``quality.py``.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from benchmarks.encoding import Encoder
from benchmarks.question_sets import read_sets
from benchmarks.rerank_budget import answer, near, reciprocal
from benchmarks.rerank_cases import NOTHING, RIGHT, Cases, collect

from vizsla.core.options import load_settings
from vizsla.models.calibration import Line, Reading
from vizsla.models.library import DEFAULT_RERANKER
from vizsla.models.manifest import read_manifest, write_manifest
from vizsla_trainer.evaluation.calibration import Calibration, calibrate
from vizsla_trainer.evaluation.served import reach_of

DEPTHS = (5, 10, 15, 20, 30)
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 3.0)
_FAR = 1_000.0  # log-odds: everything is read
_NOISE = 0.002  # by so much a set may fall below its fused order for nothing
_EQUAL = 0.001  # of the objective: less is no reason to read more
_HOURS = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A manner of reading and what came of it.

    Attributes:
        reading: the manner.
        measures: MRR by set.
        read: pairs of a question, mean over the sets.
    """

    reading: Reading
    measures: Mapping[str, float]
    read: float

    def objective(self, floors: Mapping[str, float]) -> float:
        """What is maximised."""
        shortfall = sum(min(self.measures[name] - floors[name] + _NOISE, 0.0) for name in floors)
        return float(np.mean(list(self.measures.values()))) + 2.0 * shortfall


def main() -> int:
    """Read, choose, show, perhaps write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default="cosqa,commits,docstrings", help="with commas between")
    parser.add_argument("--queries", type=int, default=400, help="so many of each set, evenly spread")
    parser.add_argument("--cases", type=Path, help="folder where what was read is kept, for another time")
    parser.add_argument("--write", action="store_true", help="put it into the manifest of the package's reranker")
    arguments = parser.parse_args()
    cases = dict(_cases(arguments.data, arguments.sets.split(","), arguments.queries, arguments.cases))
    if not cases:
        parser.error(f"no set of that name in {arguments.data}")
    line = line_of(cases)
    tried = [measured(cases, one) for one in manners(line)]
    floors = tried[0].measures  # a weight of 0: the fused order
    best = max(one.objective(floors) for one in tried)
    chosen = min(
        (one for one in tried if one.objective(floors) >= best - _EQUAL), key=lambda one: (one.read, one.reading.weight)
    )
    if not chosen.reading.weight:
        print(table(tried, chosen, floors))
        print(
            "Reading brings nothing on these sets, so nothing is written; train the reranker longer.", file=sys.stderr
        )
        return 1
    heads = [one.scores[row, near(one, row, chosen.reading)] for one in cases.values() for row in range(len(one))]
    reach = reach_of(heads, Calibration(slope=line.slope, intercept=line.intercept)) or _FAR
    shorter = measured(cases, dataclasses.replace(chosen.reading, reach=reach))
    if shorter.objective(floors) >= chosen.objective(floors) - _EQUAL:
        chosen = shorter
    print(table(tried, chosen, floors))
    if arguments.write:
        write(chosen.reading)
    return 0


def manners(line: Line) -> Iterator[Reading]:
    """All that are tried; the first is not to let the reranker have a say."""
    for depth in DEPTHS:
        for weight in WEIGHTS:
            if weight or depth == DEPTHS[0]:
                yield Reading(log_odds=line, weight=weight, depth=depth, reach=_FAR)


def line_of(cases: Mapping[str, Cases]) -> Line:
    """From the reranker's score to log-odds: the same number of candidates of each set has a say."""
    most = min(int((one.marks != NOTHING).sum()) for one in cases.values())
    scores, right = [], []
    for one in cases.values():
        is_there = one.marks != NOTHING
        kept = np.linspace(0, int(is_there.sum()) - 1, most).astype(int)
        scores.append(one.scores[is_there][kept])
        right.append((one.marks[is_there] == RIGHT)[kept])
    fitted = calibrate(np.concatenate(scores), np.concatenate(right))
    if fitted.slope <= 0:
        raise SystemExit("the reranker's scores say nothing of what is right; train it longer")
    return Line(slope=fitted.slope, intercept=fitted.intercept)


def measured(cases: Mapping[str, Cases], reading: Reading) -> Found:
    """MRR of every set when the reranker is used so."""
    measures, read = {}, []
    for name, one in cases.items():
        values = []
        for row in range(len(one)):
            head = near(one, row, reading)
            values.append(reciprocal(one, row, answer(one, row, head, one.scores[row], reading)))
            read.append(len(head) / len(one) / len(cases))
        measures[name] = float(np.mean(values))
    return Found(reading=reading, measures=measures, read=float(np.sum(read)))


def table(tried: list[Found], chosen: Found, floors: Mapping[str, float]) -> str:
    """Markdown: the best weight of each depth, and what was chosen."""
    names = list(floors)
    rows = [
        f"| depth | weight | reach | pairs read | {' | '.join(names)} |",
        "|---|---|---|---|" + "---|" * len(names),
    ]
    shown = [tried[0]]
    for depth in DEPTHS:
        some = [one for one in tried if one.reading.depth == depth and one.reading.weight]
        shown.append(max(some, key=lambda one: one.objective(floors)))
    for one in (*shown, chosen):
        reading = one.reading
        reach = "all" if reading.reach == _FAR else f"{reading.reach:.1f}"
        values = " | ".join(f"{one.measures[name]:.4f}" for name in names)
        shown_depth = f"**{reading.depth}**" if one is chosen else str(reading.depth)
        rows.append(f"| {shown_depth} | {reading.weight} | {reach} | {one.read:.1f} | {values} |")
    return "\n".join(rows)


def write(reading: Reading) -> None:
    """Put it into the manifest of the package's reranker; its fingerprint stays as it is."""
    manifest = read_manifest(DEFAULT_RERANKER, role="reranker")
    told = manifest.facts.get("calibration", {})
    calibration = {
        **(told if isinstance(told, Mapping) else {}),
        "reranker": dataclasses.asdict(reading.log_odds),
        "setting": {"depth": reading.depth, "weight": reading.weight, "reach": round(reading.reach, 2)},
    }
    write_manifest(
        DEFAULT_RERANKER, dataclasses.replace(manifest, facts={**manifest.facts, "calibration": calibration})
    )
    print(f"written to {DEFAULT_RERANKER}")


def _cases(data: Path, names: list[str], queries: int, kept: Path | None) -> Iterator[tuple[str, Cases]]:
    settings, _ = load_settings()
    with Encoder(settings) as encoder:
        for one in read_sets(data, names, most_queries=1):
            path = kept / f"{one.name}.npz" if kept else None
            if one.has_files:
                continue
            if path is not None and path.is_file():
                yield one.name, Cases.load(path)
                continue
            found = collect(
                encoder,
                run=None,
                data=data,
                sets=[one.name],
                queries=queries,
                pool=max(DEPTHS),
                short=0,
                candidates=settings.search.candidates,
                seconds=_HOURS,
            )
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                found.save(path)
            yield one.name, found


if __name__ == "__main__":
    sys.exit(main())
