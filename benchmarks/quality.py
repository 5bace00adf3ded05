"""How often the right function comes first, on every set of questions in a folder.

    python benchmarks/quality.py --data DIR [--sets a,b] [--signals] [--json OUT]

Sets of single functions go through the same model text, full text, fusion and reranker as in the server. Sets of
whole files are written to disk and asked about on the command line, in batch. Stages: ``lexical`` and ``dense`` are
the two retrievers alone, ``fused`` is what a search answers without a reranker, ``reranked`` with one; with
``--signals`` also fused without each of the signals, whole files too in this process then.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.encoding import Encoder
from benchmarks.metrics import Tally
from benchmarks.question_sets import Library, QuestionSet, build_library, encode_queries, read_sets
from benchmarks.signals_off import each_off
from rich.console import Console
from rich.table import Table

from vizsla.core.options import load_settings
from vizsla.core.types import FunctionKey
from vizsla.retrieval.candidates import gather
from vizsla.retrieval.duplicates import fold_duplicates
from vizsla.retrieval.fusion import Ranked, fuse
from vizsla.retrieval.layers import Layer
from vizsla.retrieval.query import Question
from vizsla.retrieval.rerank import PLAIN, reorder
from vizsla.retrieval.weights import Weights
from vizsla.services.reranking import rerank_depth

Measures = dict[str, dict[str, float]]
"""Of one set: stage to measure to value."""

_HITS = 100  # asked of the command line: enough for ten files


def main() -> int:
    """Measure, print a table, perhaps write JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of sets")
    parser.add_argument("--sets", default="", help="only these, with commas between")
    parser.add_argument("--queries", type=int, default=0, help="only so many of each set")
    parser.add_argument("--no-cli", action="store_true", help="ask about whole files in this process instead")
    parser.add_argument("--signals", action="store_true", help="measure fusion without each of its signals too")
    parser.add_argument("--json", type=Path, help="write the measures here")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"--data must name a folder of sets, {arguments.data} is none")
    settings, _ = load_settings()
    results: dict[str, Measures] = {}
    groups: dict[str, dict[str, Measures]] = {}
    names = [name for name in arguments.sets.split(",") if name]
    with Encoder(settings) as encoder:
        for one in read_sets(arguments.data, names, most_queries=arguments.queries):
            began = time.monotonic()
            depth = rerank_depth(settings.search, encoder.models)
            less = each_off() if arguments.signals else {}
            tallies = measure(one, encoder, candidates=settings.search.candidates, depth=depth, less=less)
            if one.has_files and not (arguments.no_cli or less):
                tallies.update(ask_command_line(one, with_reranker=encoder.models.has_reranker))
            results[one.name] = {stage: tally.means(over_groups=one.has_files) for stage, tally in tallies.items()}
            groups[one.name] = {stage: tally.by_group() for stage, tally in tallies.items()}
            print(f"{one.name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    if not results:
        parser.error(f"no set of that name in {arguments.data}")
    _print(results)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        by_group = arguments.json.with_name(f"{arguments.json.stem}_groups.json")
        by_group.write_text(json.dumps(groups, indent=2) + "\n", encoding="utf-8")
    return 0


def measure(
    one: QuestionSet, encoder: Encoder, *, candidates: int, depth: int, less: Mapping[str, Weights]
) -> dict[str, Tally]:
    """Ask every question of a set in this process; ``less`` has other weights of fusion by stage."""
    tallies = {stage: Tally() for stage in ("lexical", "dense", "fused", *less)}
    if encoder.models.has_reranker:
        tallies["reranked"] = Tally()
    reading = encoder.models.calibration.reading or PLAIN
    for group in one.groups:
        codes, queries = one.codes_of(group), one.queries_of(group)
        library = build_library(codes, encoder, whole_files=one.has_files)
        text_of = {code["cid"]: code["code"] for code in codes}
        for query, vector in zip(queries, encode_queries(queries, encoder), strict=True):
            question, right = Question.from_text(query["query"]), one.answers[query["qid"]]
            found = gather(question, vector, [Layer(store=library.store, vectors=library.vectors)], candidates)
            lexical = sorted((c.lexical_rank, c.function.key) for c in found if c.lexical_rank is not None)
            dense = sorted((c.dense_rank, c.function.key) for c in found if c.dense_rank is not None)
            tallies["lexical"].add(group, _names((key for _, key in lexical), library), right)
            tallies["dense"].add(group, _names((key for _, key in dense), library), right)
            fused = fold_duplicates(fuse(question, found, cosine=encoder.models.calibration.cosine))
            tallies["fused"].add(group, _names(_keys(fused), library), right)
            for stage, weights in less.items():
                other = fuse(question, found, weights, cosine=encoder.models.calibration.cosine)
                tallies[stage].add(group, _names(_keys(fold_duplicates(other)), library), right)
            if "reranked" in tallies:
                head = fused[:depth]
                texts = [_source(ranked, text_of[library.code_of[ranked.candidate.function.key]]) for ranked in head]
                scores = encoder.models.rerank(question.text, texts, budget_seconds=600).result()
                again = reorder(fused, scores, reading)
                tallies["reranked"].add(group, _names(_keys(again), library), right)
    return tallies


def ask_command_line(one: QuestionSet, *, with_reranker: bool) -> dict[str, Tally]:
    """Write each group's files to disk and ask its questions in batch, as a user would."""
    tallies = {"fused": Tally()}
    if with_reranker:
        tallies["reranked"] = Tally()
    for group in one.groups:
        with tempfile.TemporaryDirectory(prefix="vizsla-quality-") as place:
            root = Path(place) / "workspace"
            for code in one.codes_of(group):
                path = root / code["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(code["code"], encoding="utf-8")
            cid_of = {code["path"]: code["cid"] for code in one.codes_of(group)}
            queries = one.queries_of(group)
            batch = Path(place) / "questions.txt"
            batch.write_text("".join(" ".join(q["query"].split()) + "\n" for q in queries), encoding="utf-8")
            for stage, tally in tallies.items():
                answers = _ask_batch(batch, root, rerank=stage == "reranked")
                for query, paths in zip(queries, answers, strict=True):
                    files = list(dict.fromkeys(cid_of[path] for path in paths))
                    tally.add(group, files, one.answers[query["qid"]])
    return tallies


def _ask_batch(batch: Path, root: Path, *, rerank: bool) -> list[list[str]]:
    """The paths of the hits of each question, best first."""
    command = [sys.executable, "-m", "vizsla.cli", "search", "--batch", str(batch), str(root), "--json"]
    command += ["--limit", str(_HITS), *([] if rerank else ["--no-rerank"]), "--budget", "60000"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, env={**os.environ, "COLUMNS": "200"})
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    if done.returncode not in (0, 1) or not answers:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    return [[hit["path"] for hit in answer.get("hits", [])] for answer in answers]


def _keys(ranked: Sequence[Ranked]) -> Iterable[FunctionKey]:
    return (one.candidate.function.key for one in ranked)


def _names(keys: Iterable[FunctionKey], library: Library) -> list[str]:
    return list(dict.fromkeys(library.code_of[key] for key in keys))


def _source(ranked: Ranked, text: str) -> str:
    from vizsla.retrieval.rerank import rerank_text

    span = ranked.candidate.function.span
    return rerank_text(
        ranked.candidate.function, text.encode("utf-8", "replace")[span.start : span.end].decode("utf-8", "replace")
    )


def _print(results: dict[str, Measures]) -> None:
    table = Table("set", "stage", "queries", "MRR", "NDCG@10", "recall@20")
    for name, stages in results.items():
        for stage, measures in stages.items():
            shown = [f"{measures[measure]:.3f}" for measure in ("mrr", "ndcg10", "recall20")]
            table.add_row(name, stage, str(int(measures["queries"])), *shown)
        table.add_section()
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
