"""Measures the VS Code extension in code-server: ``python benchmarks/editors_vscode.py``, after ``.ci/install-vscode``.

Activation and memory are those of a real extension host; from the input of a question to its hits on the screen is
measured in a real browser, by the clock of its page, so it holds the extension's own wait for a rest in typing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class VscodeCosts:
    """What the extension costs: times in milliseconds, memory in bytes; one number for each question where it is many.

    Attributes:
        activation: until the extension is there, without its server.
        heap_won: by the extension and all questions, in the extension host's heap.
        host_memory: of the whole extension host, with VS Code's own extensions.
        server: the server's own time for each question, until its last answer.
        round_trip: from the extension host's question to the last answer.
        first: from the input of a question to its first hits on the screen.
        reranked: to the reranked ones; only of questions that were reranked.
    """

    activation: float
    heap_won: int
    host_memory: int
    server: Sequence[float]
    round_trip: Sequence[float]
    first: Sequence[float]
    reranked: Sequence[float]


def measure(folder: Path, questions: Sequence[str], settings: dict[str, object] | None = None) -> VscodeCosts:
    """Open a folder in VS Code, once to look into the extension host and once to look at the screen.

    Args:
        folder: what is searched.
        questions: asked one after the other, in both.
        settings: of the machine, such as another reranker.
    """
    from editors.vscode import code_server as vscode

    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        asked = home / "questions.txt"
        asked.write_text("\n".join(questions), encoding="utf-8")
        package = home / "vizsla.vsix"
        vscode.package(package)
        vscode.build_host_tests(home / "host")
        wanted = {"vizsla.server.path": str(vscode.SERVER), **(settings or {})}
        with vscode.code_server(home / "vscode", wanted, package=package, TEST_QUESTIONS=str(asked)) as server:
            said = server.run_inside(home / "host" / "measure.js", folder=folder)
            script = vscode.TESTS / "browser" / "latency.mjs"
            words: list[str | Path] = [script, str(server.port), folder]
            seen = json.loads(vscode.node(*words, seconds=900, stdin=asked.read_text("utf-8"), TOOLS=str(vscode.TOOLS)))
    inside = json.loads(next(line[2:] for line in said.splitlines() if line.startswith("# {")))
    return VscodeCosts(
        activation=inside["activation"],
        heap_won=inside["memory"]["heapAfter"] - inside["memory"]["heapBefore"],
        host_memory=inside["memory"]["processAfter"],
        server=[one["server"] for one in inside["answers"]],
        round_trip=[one["roundTrip"] for one in inside["answers"]],
        first=[one["first"] for one in seen],
        reranked=[one["reranked"] for one in seen if one["reranked"] is not None],
    )


def percentile(values: Sequence[float], hundredths: int) -> float:
    """The value that so many hundredths do not exceed; NaN of none."""
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=100, method="inclusive")[hundredths - 1]


def main() -> int:
    """Measure what the arguments say; JSON on stdout, for people on stderr."""
    sys.path[:1] = [str(ROOT), str(ROOT / "tests")]  # not this folder: we are called as the tests' package is
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="what is searched; a copy of the server's source when not given")
    parser.add_argument("--questions", type=Path, default=ROOT / "benchmarks" / "speed_questions.txt")
    parser.add_argument("--count", type=int, default=30, help="so many of them")
    parser.add_argument("--reranker", help="an added model, or a folder")
    arguments = parser.parse_args()
    questions = arguments.questions.read_text(encoding="utf-8").splitlines()[: arguments.count]
    settings = {} if arguments.reranker is None else {"vizsla.models.reranker": arguments.reranker}
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder
        if folder is None:
            folder = Path(temporary) / "vizsla"
            ignored = shutil.ignore_patterns("__pycache__", "*.onnx", "default_*")
            shutil.copytree(ROOT / "server" / "vizsla", folder, ignore=ignored)
        costs = measure(folder, questions, settings)
    print(json.dumps(asdict(costs)))
    print(f"activation {costs.activation:.0f} ms; heap won {costs.heap_won / 1e6:.1f} MB", file=sys.stderr)
    for name in ("server", "round_trip", "first", "reranked"):
        values = getattr(costs, name)
        p50, p95 = percentile(values, 50), percentile(values, 95)
        print(f"{name}: {len(values)}, p50 {p50:.0f} ms, p95 {p95:.0f} ms", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
