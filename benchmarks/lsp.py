"""Measures the language server through a real client over stdio: ``python benchmarks/lsp.py``.

Everything is what an editor would see: a process of its own, framed messages, answers with hits. The client is the
strict one of the tests, so a run also fails on any breach of the protocol.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.figures import Figure

ROOT = Path(__file__).resolve().parent.parent
PARTS = {
    "a": "initialize, and the first answers on an unseen and on a known workspace",
    "b": "a change of unsaved text until it is found; fused partial results",
    "c": "how soon the server answers while it indexes and while questions are open",
    "d": "memory at 50,000 functions",
    "e": "ten thousand edits and questions: memory, descriptors, threads",
}


def main() -> int:
    """Measure what the arguments say; status 1 when a figure falls short."""
    sys.path[:1] = [str(ROOT), str(ROOT / "tests")]  # not this folder: we are called as the tests' package is
    from benchmarks.commands import configure
    from benchmarks.figures import table, write_json
    from benchmarks.machine import facts

    arguments = _arguments()
    configure(arguments.model)
    header: dict[str, object] = {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "command": " ".join(["python", "benchmarks/lsp.py", *sys.argv[1:]]),
        "machine": facts(),
    }
    figures: list[Figure] = []
    for letter, measure in _parts(quick=arguments.quick).items():
        if letter in arguments.only:
            for figure in asyncio.run(measure()):
                print(f"({letter}) {figure.name}: {figure.measured:,.2f} {figure.unit}", file=sys.stderr)
                figures.append(figure)
    header["load_average_after"] = facts()["load_average"]
    write_json(arguments.json or ROOT / "benchmarks" / "results" / "lsp.json", header, figures)
    for name, value in header.items():
        print(f"{name}: {value}")
    print(f"\n{table(figures)}")
    return 1 if any(figure.is_reached is False for figure in figures) else 0


def _parts(*, quick: bool) -> dict[str, Callable[[], Coroutine[None, None, list[Figure]]]]:
    from benchmarks import lsp_answers, lsp_live, lsp_memory

    return {
        "a": lambda: lsp_answers.measure(quick=quick),
        "b": lambda: lsp_live.measure_edits(quick=quick),
        "c": lambda: lsp_live.measure_pings(quick=quick),
        "d": lambda: lsp_memory.measure_size(quick=quick),
        "e": lambda: lsp_memory.measure_flatness(quick=quick),
    }


def _arguments() -> argparse.Namespace:
    parts = "; ".join(f"{letter}: {meaning}" for letter, meaning in PARTS.items())
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "", epilog=parts)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: to see that it works, not to quote")
    parser.add_argument("--json", type=Path, help="where the figures go (default: benchmarks/results/lsp.json)")
    parser.add_argument("--model", default="default", help="a retriever's name or folder (default: %(default)s)")
    parser.add_argument("--only", default=",".join(PARTS), help="letters of the parts to measure, such as a,b")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
