"""Measures the VS Code extension, in code-server as a user sees it: ``python benchmarks/editors_vscode.py``.

Needs ``.ci/install dev,train,editors``. Times on the screen are those of a real browser, by the clock of its page, from
the input of a question: they hold the extension's own wait for a rest in typing. What the server took of it by its own
clock is heard in the extension host of the same window. ``editors.py`` sets them beside those of Neovim.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SECONDS_TO_START, _SECONDS_PER_QUESTION = 900, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VscodeCosts:
    """What the extension costs; each number that is one for a question stands at the question's place.

    Attributes:
        first: milliseconds from the input of a question to its first hits on the screen.
        last: likewise to its last hits.
        server_first: of ``first``, what the server took by its own clock.
        server_last: of ``last``, likewise.
        is_reranked: whether a cross-encoder has read the last hits.
        activation: milliseconds for which VS Code itself was held up by loading and activating the extension.
        heap_won: bytes that the extension host's heap holds more after all questions than before the activation.
        host_memory: resident bytes of the extension host, with VS Code's own extensions.
        problems: a sentence for everything that could not be measured.
    """

    first: Sequence[float]
    last: Sequence[float]
    server_first: Sequence[float]
    server_last: Sequence[float]
    is_reranked: Sequence[bool]
    activation: float | None
    heap_won: int | None
    host_memory: int | None
    problems: Sequence[str]


def measure(
    folder: Path, questions: Sequence[str], *, cache: Path, settings: dict[str, object] | None = None, **variables: str
) -> VscodeCosts:
    """Open a folder in VS Code and ask, one question after the other. What cannot be measured takes nothing else away.

    Args:
        folder: what is searched.
        questions: asked in a picker.
        cache: the server's cache directory, best one in which the folder is indexed.
        settings: of the machine, such as another reranker.
        variables: of the environment of VS Code and its server.
    """
    from editors.vscode import code_server as vscode

    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        done = home / "done"
        vscode.build()
        vscode.build_host_tests(home / "host")
        wanted = {"vizsla.server.path": str(vscode.SERVER), **(settings or {})}
        environment = {"TEST_DONE": str(done), "VIZSLA_CACHE_DIR": str(cache), **variables}
        with vscode.code_server(home / "vscode", wanted, package=None, **environment) as server:
            printed, problem = vscode.attempt(
                vscode.TESTS / "browser" / "latency.mjs",
                str(server.port),
                folder,
                vscode.EXTENSION,
                home / "host" / "measure.js",
                done,
                seconds=_SECONDS_TO_START + _SECONDS_PER_QUESTION * len(questions),
                stdin="\n".join(questions),
                TOOLS=str(vscode.TOOLS),
            )
    facts = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return _costs(facts, problem)


def _costs(facts: Sequence[dict[str, object]], problem: str) -> VscodeCosts:
    """What was printed, sorted."""
    took = [fact for fact in facts if "first" in fact]
    memory = next((fact["memory"] for fact in facts if fact.get("memory")), {})
    assert isinstance(memory, dict)

    def column(name: str) -> list[float]:
        return [float(str(fact[name])) for fact in took]

    activation = next((float(str(fact["activation"])) for fact in facts if "activation" in fact), None)
    problems = [f"{fact.get('question', 'all')}: {fact['problem']}" for fact in facts if "problem" in fact]
    return VscodeCosts(
        first=column("first"),
        last=column("last"),
        server_first=column("serverFirst"),
        server_last=column("serverLast"),
        is_reranked=[fact["isReranked"] is True for fact in took],
        activation=activation,
        heap_won=memory.get("heapWon"),
        host_memory=memory.get("host"),
        problems=[*problems, *([problem] if problem else [])],
    )


def said(costs: VscodeCosts) -> str:
    """What is not a time on the screen, for people."""
    from benchmarks.figures import shown

    def amount(value: float | None, unit: str, share: float = 1) -> str:
        return "not measured" if value is None else f"{shown(value * share)} {unit}"

    lines = [
        f"activation: {amount(costs.activation, 'ms')}",
        f"heap won: {amount(costs.heap_won, 'MB', 1e-6)}",
        f"extension host, all of it: {amount(costs.host_memory, 'MB', 1e-6)}",
    ]
    return "\n".join([*lines, *(f"problem: {problem}" for problem in costs.problems)])


def main() -> int:
    """Measure what the arguments say; status 1 when something could not be measured."""
    sys.path[:1] = [str(ROOT), str(ROOT / "tests")]  # not this folder: we are called as the tests' package is
    from benchmarks.commands import CONFIG, configure, fresh_cache, vizsla
    from benchmarks.editors import rows_of, table

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="what is searched; a copy of the server's source when not given")
    parser.add_argument("--questions", type=Path, default=ROOT / "benchmarks" / "speed_questions.txt")
    parser.add_argument("--count", type=int, default=30, help="so many of them (default: %(default)s)")
    parser.add_argument("--reranker", help="an added model, or a folder")
    arguments = parser.parse_args()
    questions = arguments.questions.read_text(encoding="utf-8").splitlines()[: arguments.count]
    settings: dict[str, object] = {} if arguments.reranker is None else {"vizsla.models.reranker": arguments.reranker}
    configure("default")
    cache = fresh_cache("cache-editors-vscode")
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder
        if folder is None:
            folder = Path(temporary) / "vizsla"
            ignored = shutil.ignore_patterns("__pycache__", "*.onnx", "default_*")
            shutil.copytree(ROOT / "server" / "vizsla", folder, ignore=ignored)
        if (indexed := vizsla(["index", folder], cache)).status != 0:
            print(indexed.errors, file=sys.stderr)
            return 1
        costs = measure(folder, questions, cache=cache, settings=settings, VIZSLA_CONFIG=str(CONFIG))
    if costs.first:
        print(f"{table(rows_of('VS Code', costs))}\n")
    print(said(costs))
    return 1 if costs.problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
