"""Fits the weights of fusion on several sets of questions at once and writes them into the package.

    python benchmarks/fit_fusion.py --data DIR [--sets a,b] [--leave-out SET] [--keep SET=MEASURE,…] [--write]
    python benchmarks/fit_fusion.py --data DIR [--sets a,b] --halves

What is sought: the highest mean over the families of sets (``questions_sql`` and ``questions_python`` are one family),
where falling below the better of the two retrievers by more than noise, or below what ``--keep`` says, costs twice what
a rise elsewhere gains. A set of many functions is also asked with a tenth of them, so that weights do not depend on how
many there are. Then the sum is calibrated: a score of 0.7 shall be right seven times in ten. The search is a few random
walks with fixed seeds; the same data give the same weights.

``--halves`` says what to expect of other questions: it fits to half of each set and measures on the other, both ways,
with questions that tell of a change answered like all others, and then otherwise.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from benchmarks.encoding import Encoder
from benchmarks.fusion_problem import FITTED, Case, Problem
from benchmarks.question_sets import QuestionSet, build_library, encode_queries, read_sets

from vizsla.core.options import load_settings
from vizsla.retrieval import weights as weights_module
from vizsla.retrieval.candidates import Candidate, gather
from vizsla.retrieval.fusion import Pool, features_of
from vizsla.retrieval.layers import Layer
from vizsla.retrieval.query import Question
from vizsla.retrieval.signals import containers, signals_of
from vizsla.retrieval.weights import WEIGHTS, Weights


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
    parser.add_argument("--halves", action="store_true", help="fit to half of the questions, measure on the others")
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
    if arguments.halves:
        _print_halves(cases, steps=arguments.steps, walks=arguments.walks)
        return 0
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
    for name in FITTED:
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


def _print_halves(cases: Sequence[Case], *, steps: int, walks: int) -> None:
    """What the weights of now, and weights fitted to the other half, make of each half; a table."""
    print(f"{'':10}{'':28}" + "".join(f"{name:>16}" for name in Problem(cases).sets))
    for half in (0, 1):
        # A question and what is asked of a tenth of its functions are in one half.
        sides = [zlib.crc32(repr(sorted(case.answers)).encode()) % 2 == half for case in cases]
        learned = Problem([case for case, is_here in zip(cases, sides, strict=True) if is_here])
        asked = Problem([case for case, is_here in zip(cases, sides, strict=True) if not is_here])
        start = dataclasses.replace(WEIGHTS, change_lead=0.0, change_documented=0.0, change_size=0.0)
        plain = tuple(name for name in FITTED if not name.startswith("change_"))
        for label, names in (("as if none told of a change", plain), ("all", FITTED)):
            found = [learned.search(start, steps=steps, seed=seed, names=names) for seed in range(walks)]
            best = max(found, key=learned.objective)
            values = "".join(f"{value:16.4f}" for value in asked.measures(best))
            print(f"{f'half {half + 1}':10}{label:28}{values}")


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
