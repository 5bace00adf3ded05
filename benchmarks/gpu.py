"""Tests and figures of the GPU back end, or a plain word that there is no GPU. Usage: gpu.py [--model FOLDER] …"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from vizsla.core.settings import Device
from vizsla.models.client import ModelClient, Priority
from vizsla.models.device import choose_device
from vizsla.models.library import DEFAULT_RETRIEVER

ROOT = Path(__file__).parents[1]
SECONDS = 600.0
FUNCTIONS = 20_000
CANDIDATES = 100


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="retriever folder; the default model if left out")
    parser.add_argument("--reranker", type=Path, help="reranker folder")
    parser.add_argument("--json", type=Path, help="where the figures are written")
    arguments = parser.parse_args()
    choice = choose_device("auto")
    if choice.kind == "cpu":
        print(f"no GPU here: {choice.reason}")
        return 0
    print(f"running the tests of the GPU back end on {choice.kind}", flush=True)
    failed = subprocess.call([sys.executable, "-m", "pytest", "-m", "gpu", str(ROOT / "tests" / "gpu")])
    figures = measure(arguments.model or DEFAULT_RETRIEVER, arguments.reranker, choice.kind)
    for name, value in figures.items():
        print(f"{name:40} {value:>12,.4g}" if isinstance(value, float) else f"{name:40} {value!s:>12}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return failed


def measure(retriever: Path, reranker: Path | None, kind: Device) -> dict[str, float | str]:
    """Speed and agreement of the worker on the GPU, end to end through its client."""
    texts = functions(FUNCTIONS)
    figures: dict[str, float | str] = {"device": kind, "functions": float(len(texts))}
    with ModelClient(retriever, reranker, device=kind) as client:
        start = time.perf_counter()
        client.encode(["where are cookies signed"], is_query=True, priority=Priority.QUERY).result(SECONDS)
        figures["seconds to first vector"] = time.perf_counter() - start
        choice = client.status().device
        figures["runs on"] = f"{choice.kind} {choice.precision}" if choice else "unknown"
        start = time.perf_counter()
        on_gpu = client.encode(texts, is_query=False, priority=Priority.BULK).result(SECONDS)
        figures["functions/s"] = len(texts) / (time.perf_counter() - start)
        figures["tokens/s"] = float(client.status().tokens_per_second or 0)
        figures["texts failed"] = float(np.isnan(on_gpu).any(axis=1).sum())
        waits = []
        for number in range(50):
            start = time.perf_counter()
            query = f"where are cookies signed {number}"
            client.encode([query], is_query=True, priority=Priority.QUERY).result(SECONDS)
            waits.append(time.perf_counter() - start)
        figures["query p50 ms"], figures["query p95 ms"] = (np.percentile(waits, [50, 95]) * 1e3).tolist()
        if client.has_reranker:
            client.rerank("warm up", texts[:CANDIDATES], budget_seconds=SECONDS).result(SECONDS)
            waits = []
            for number in range(20):
                start = time.perf_counter()
                query = f"how is a file opened {number}"
                client.rerank(query, texts[:CANDIDATES], budget_seconds=SECONDS).result(SECONDS)
                waits.append(time.perf_counter() - start)
            figures[f"rerank {CANDIDATES} p50 ms"] = float(np.percentile(waits, 50) * 1e3)
    with ModelClient(retriever, None, device="cpu") as client:
        on_cpu = client.encode(texts[:200], is_query=False, priority=Priority.BULK).result(SECONDS)
    figures["least cosine to the CPU's vectors"] = float((on_cpu * on_gpu[:200]).sum(axis=1).min())
    return figures


def functions(count: int) -> list[str]:
    """Texts of as many functions of the standard library, repeated with a number where it has too few."""
    import ast

    found: list[str] = []
    for path in sorted(Path(ast.__file__).parent.rglob("*.py")):
        try:
            source = path.read_text(encoding="utf-8")
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        lines = source.splitlines()
        found.extend(
            "\n".join(lines[node.lineno - 1 : node.end_lineno])[:4_000]
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
        )
        if len(found) >= count:
            return found[:count]
    return [f"{found[i % len(found)]}\n# {i}" for i in range(count)]


if __name__ == "__main__":
    sys.exit(main())
