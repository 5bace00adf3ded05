"""Measures Vizsla and its peers side by side: ``python -m benchmarks.peers --data DIR --sources DIR,DIR``.

What is measured already is not measured again, so a run that was broken off goes on where it was.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.machine import facts
from benchmarks.peers import quality, speed
from benchmarks.peers.bench import ROOT, Bench, named
from benchmarks.peers.peer import Models, Peer, UnusableError
from benchmarks.peers.pictures import write_pictures
from benchmarks.peers.refusals import Refusals
from benchmarks.peers.report import tables
from benchmarks.peers.results import Results, Row
from benchmarks.peers.roster import ROSTER
from benchmarks.peers.sized import sized_tree
from benchmarks.question_sets import read_sets
from benchmarks.trees import model_folder
from platformdirs import user_cache_path

SETS = "workspaces,commits,docstrings,cosqa"
SIZES = "1000,10000,100000"


def main() -> int:
    """Measure what is missing, then write tables and pictures; status 130 when it was broken off."""
    arguments = _arguments()
    work: Path = arguments.work.expanduser().resolve()
    # A trial with few questions must not stand in the tables of a whole run.
    results = Results(arguments.results or work / ("trial.jsonl" if arguments.questions else "results.jsonl"))
    wanted = _named(arguments.peers)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    status = 0
    if not arguments.tables:
        models = Models(
            transformer=(arguments.transformer or model_folder()).resolve(),
            retriever=_resolved(arguments.retriever),
            reranker=_resolved(arguments.reranker),
            cross_encoder=arguments.cross_encoder and arguments.cross_encoder.resolve(),
        )
        with Refusals() as refusals:
            bench = Bench(
                work=work,
                models=models,
                results=results,
                refusals=refusals,
                run=uuid.uuid4().hex[:8],
                seconds=arguments.timeout,
                only=arguments.questions,
            )
            results.add(_run_row(bench))
            try:
                _measure(bench, wanted, arguments)
            except KeyboardInterrupt:
                print("broken off; the same command goes on from here", file=sys.stderr)
                status = 130
    text = tables(results, {peer.name: peer.what for peer in ROSTER})
    results.path.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)
    for path in write_pictures(results, results.path.parent):
        print(path)
    return status


def _measure(bench: Bench, wanted: Sequence[type[Peer]], arguments: argparse.Namespace) -> None:
    """Every missing thing: first each peer on a set, then the next set, so that what is compared is measured close."""
    if arguments.data is not None:
        names = [name for name in arguments.sets.split(",") if name]
        for one in read_sets(arguments.data, names, most_queries=arguments.questions):
            for peer in wanted:
                groups = quality.missing(bench, peer, one, only=arguments.groups, again=arguments.again)
                if groups:
                    _try(bench, peer, lambda: quality.measure(bench, peer, one, groups), {"set": one.name})  # noqa: B023
    if arguments.sources:
        sources = [Path(path).expanduser().resolve() for path in arguments.sources.split(",")]
        for size in (int(size) for size in arguments.sizes.split(",")):
            tree = sized_tree(sources, size, bench.work / "trees")
            for peer in wanted:
                if speed.is_missing(bench, peer, size, again=arguments.again):
                    _try(bench, peer, lambda: [speed.measure(bench, peer, tree, size)], {"size": size})  # noqa: B023


def _try(bench: Bench, peer: type[Peer], measure: Callable[[], Iterable[Row]], where: dict[str, object]) -> None:
    """Keep what a peer came to, or why it came to nothing; the run goes on either way."""
    shown = " ".join(str(value) for value in where.values())
    start = time.monotonic()
    bench.refusals.taken()
    try:
        for row in measure():
            bench.results.add({**row, "asked_for": bench.refusals.taken()})
    except UnusableError as error:
        asked = bench.refusals.taken()
        bench.results.add({"kind": "unusable", **named(bench, peer), **where, "why": str(error), "asked_for": asked})
        print(f"{peer.name}, {shown}: not measured: {str(error)[-300:]} {asked}", file=sys.stderr)
    else:
        print(f"{peer.name}, {shown}: {time.monotonic() - start:.0f} s", file=sys.stderr)


def _run_row(bench: Bench) -> Row:
    ended = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
    )
    return {
        "kind": "run",
        "run": bench.run,
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": ended.stdout.strip() or "unknown",
        "command": " ".join(["python -m benchmarks.peers", *sys.argv[1:]]),
        "machine": facts(),
    }


def _named(names: str) -> list[type[Peer]]:
    if not names:
        return list(ROSTER)
    by_name = {peer.name: peer for peer in ROSTER}
    stems = {peer.__name__.lower(): peer for peer in ROSTER}
    wanted = [name for name in names.split(",") if name]
    unknown = [name for name in wanted if name not in by_name and name not in stems]
    if unknown:
        raise SystemExit(f"there is no peer {unknown[0]!r}; there are {', '.join(stems)}")
    return [stems.get(name) or by_name[name] for name in wanted]


def _resolved(model: str) -> str:
    """A folder as an absolute path; a name as it is."""
    return str(Path(model).resolve()) if model and Path(model).is_dir() else model


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of sets of questions, for quality")
    parser.add_argument("--sets", default=SETS, help="only these (default: %(default)s)")
    parser.add_argument("--groups", default="", help="only these groups of the sets, such as flask")
    parser.add_argument("--sources", default="", help="folders of source code, commas between, for speed")
    parser.add_argument("--sizes", default=SIZES, help="functions of the trees made of them (default: %(default)s)")
    parser.add_argument("--peers", default="", help=f"only these: {','.join(one.__name__.lower() for one in ROSTER)}")
    parser.add_argument("--questions", type=int, default=0, help="only so many of each set: to see that it works")
    parser.add_argument("--again", action="store_true", help="measure also what has a result")
    parser.add_argument("--tables", action="store_true", help="measure nothing, write tables and pictures")
    parser.add_argument("--results", type=Path, help="JSON lines; tables and pictures go beside (default: in --work)")
    parser.add_argument(
        "--work", type=Path, default=user_cache_path("vizsla-peers"), help="environments, models, trees (%(default)s)"
    )
    parser.add_argument("--timeout", type=float, default=7200.0, help="seconds that one command of a peer may take")
    parser.add_argument("--transformer", type=Path, help="sentence-transformers folder for peers (default: MiniLM)")
    parser.add_argument("--retriever", default="default", help="Vizsla's model, a name or folder")
    parser.add_argument("--reranker", default="", help="Vizsla's reranker, a name or folder")
    parser.add_argument("--cross-encoder", type=Path, help="sentence-transformers folder for the script's reranking")
    arguments = parser.parse_args()
    if arguments.data is None and not arguments.sources and not arguments.tables:
        parser.error("nothing to measure: give --data for quality, --sources for speed, or both")
    if arguments.data is not None and not arguments.data.is_dir():
        parser.error(f"--data must name a folder of sets, {arguments.data} is none")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
