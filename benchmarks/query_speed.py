"""Parts (d) and (e): how long a question takes, and what memory a server holds, at several sizes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.commands import fresh_cache, settings
from benchmarks.figures import Figure, quantile, shown
from benchmarks.scaled import build, link
from benchmarks.sources import Parsed
from benchmarks.trees import BENCH

from vizsla.services.resources import Resources
from vizsla.services.workspace import Workspace

SIZES, QUICK_SIZES = (50_000, 100_000, 1_000_000), ()
ROUNDS = 3
QUESTIONS = Path(__file__).with_name("speed_questions.txt")
_WANTED_AT, _WANTED_MILLISECONDS = 50_000, 15.0


def measure(root: Path, cache: Path, files: Sequence[Parsed], *, quick: bool, reuse: bool) -> list[Figure]:
    """Ask the real tree, then ones made of its copies.

    Args:
        root: the tree.
        cache: where its finished index is.
        files: the tree as parsed.
        quick: the real tree alone.
        reuse: ask the synthetic indexes of an earlier run, where they are.
    """
    figures = _asked(root, cache, "real")
    for size in QUICK_SIZES if quick else SIZES:
        scaled, other = BENCH / f"tree-{size}", BENCH / f"cache-{size}"
        if reuse and scaled.is_dir() and other.is_dir():
            figures += _asked(scaled, other, "synthetic")
            continue
        scaled, other = link(root, files, size), fresh_cache(other.name)
        seconds = _built(scaled, other, cache, files, size)
        note = f"{size / seconds:,.0f} units/s stored, synthetic vectors"
        figures.append(Figure(part="d", name=f"made an index of {size:,}", measured=seconds, unit="s", note=note))
        figures += _asked(scaled, other, "synthetic")
    return figures


def _built(root: Path, cache: Path, source: Path, files: Sequence[Parsed], size: int) -> float:
    """Make an index of ``size`` units in ``cache``; how long that took. Vectors come from the cache ``source``."""
    contents = [entry.content_hash for file in files for entry in file.change.entries]
    with Resources(settings(source)) as resources:
        assert resources.models is not None
        real = resources.embeddings.get(resources.models.fingerprint, contents)
    with Resources(settings(cache)) as resources, Workspace(root, resources) as workspace:
        start = time.perf_counter()
        build(workspace, files, real, size)
        return time.perf_counter() - start


def _asked(root: Path, cache: Path, kind: str) -> list[Figure]:
    """Figures of one index, measured in a process of its own."""
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from benchmarks.query_child import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, str(BENCH.parent), str(root), str(cache), str(QUESTIONS), str(ROUNDS)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(f"the questions about {root} were not answered")
    found = json.loads(ended.stdout)
    size = f"{found['units']:,} units"
    figures = _pair(f"query at {size}", found["search"], f"{kind}; {_stages(found['search'])}")
    if "reranked" in found:
        figures += _pair(f"reranked query at {size}", found["reranked"], _stages(found["reranked"]))
        figures += _pair(f"reranked query at {size}, typed on", found["typed"], _stages(found["typed"]))
    wanted = _WANTED_MILLISECONDS if found["units"] == _WANTED_AT else None
    figures += _pair(f"retrieval at {size}", found["retrieval"], _stages(found["retrieval"]), wanted)
    for name, value in (("the process", found["memory"]), ("the worker", found["worker_memory"])):
        figures.append(Figure(part="e", name=f"memory of {name} at {size}", measured=value / 1e6, unit="MB"))
    return figures


def _pair(name: str, samples: dict[str, list[float]], note: str, wanted: float | None = None) -> list[Figure]:
    total = samples["total"]
    half = Figure(part="d", name=f"{name}, p50", measured=quantile(total, 0.5), unit="ms", note=note)
    most = Figure(part="d", name=f"{name}, p95", measured=quantile(total, 0.95), unit="ms", at_most=wanted)
    rounds = [total[start::count] for count in (len(total) // ROUNDS,) for start in range(count)]
    best = quantile([min(times) for times in rounds], 0.95)
    return [
        half,
        replace(most, note=f"{len(total)} questions; with the best of {ROUNDS} rounds of each {shown(best)} ms"),
    ]


def _stages(samples: dict[str, Any]) -> str:
    """The medians of the stages."""
    return ", ".join(f"{name} {shown(quantile(values, 0.5))}" for name, values in samples.items() if name != "total")
