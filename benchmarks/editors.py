"""Measures the plug-ins in real editors: ``python benchmarks/editors.py``, after ``.ci/install dev,train,editors``.

From a key press to the first hits on the screen and to the last ones, with the server's share by its own clock shown
apart. What counts is the difference, which is the plug-in's and the editor's: the server is measured by ``lsp.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("db", "core", "utils", "template", "http")  # of Django: 5,300 functions
FIRST_WANTED, LAST_WANTED = 150.0, 400.0  # milliseconds over the server's own, at p95


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: milliseconds for each question, in all and the server's, and what the rest may take."""

    editor: str
    what: str
    total: Sequence[float]
    server: Sequence[float]
    wanted: float


Measure = Callable[[Path, Path, Sequence[str]], list[Row]]
"""Given the workspace, a cache in which it is indexed, and questions."""


class Costs(Protocol):
    """What every editor tells, in milliseconds for each question; the server's own share apart."""

    @property
    def first(self) -> Sequence[float]: ...
    @property
    def last(self) -> Sequence[float]: ...
    @property
    def server_first(self) -> Sequence[float]: ...
    @property
    def server_last(self) -> Sequence[float]: ...
    @property
    def is_reranked(self) -> Sequence[bool]: ...


def rows_of(editor: str, costs: Costs) -> list[Row]:
    """The lines of one editor."""
    what = f"last hits drawn ({sum(costs.is_reranked)} of {len(costs.last)} reranked)"
    first, last = FIRST_WANTED, LAST_WANTED
    return [
        Row(editor=editor, what="first hits drawn", total=costs.first, server=costs.server_first, wanted=first),
        Row(editor=editor, what=what, total=costs.last, server=costs.server_last, wanted=last),
    ]


def neovim(folder: Path, cache: Path, questions: Sequence[str]) -> list[Row]:
    """The plug-in's own picker in the newest Neovim."""
    from benchmarks.commands import CONFIG
    from benchmarks.editors_neovim import measure

    return rows_of("Neovim", measure(folder, questions, cache=cache, config=CONFIG, version="newest"))


def vscode(folder: Path, cache: Path, questions: Sequence[str]) -> list[Row]:
    """The extension in code-server; what it costs besides goes to stderr."""
    from benchmarks.commands import CONFIG
    from benchmarks.editors_vscode import measure, said

    costs = measure(folder, questions, cache=cache, VIZSLA_CONFIG=str(CONFIG))
    print(f"VS Code\n{said(costs)}", file=sys.stderr)
    return rows_of("VS Code", costs) if costs.first else []


EDITORS: dict[str, Measure] = {"neovim": neovim, "vscode": vscode}


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown: p50 / p95 in all and of the server, then of the differences, one for each question."""
    from benchmarks.figures import quantile, shown

    def both(values: Sequence[float]) -> str:
        return f"{shown(quantile(values, 0.5))} / {shown(quantile(values, 0.95))} ms"

    lines = [
        "| editor | from a key press to | p50 / p95 | the server's own | over the server | wanted at p95 | share |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        over = [total - server for total, server in zip(row.total, row.server, strict=True)]
        share = quantile([server / total for total, server in zip(row.total, row.server, strict=True)], 0.5)
        mark = "" if quantile(over, 0.95) <= row.wanted else " (short)"
        lines.append(
            f"| {row.editor} | {row.what} | {both(row.total)} | {both(row.server)} | {both(over)}{mark}"
            f" | <= {shown(row.wanted)} ms | {share:.0%} the server's |"
        )
    return "\n".join(lines)


def workspace() -> Path:
    """A part of Django, of about 5,000 functions, made when it is not there."""
    from benchmarks.lsp_client import django
    from benchmarks.trees import BENCH

    root = BENCH / "django-part"
    if not root.is_dir():
        new = BENCH / "django-part.new"
        shutil.rmtree(new, ignore_errors=True)
        for part in PARTS:
            shutil.copytree(django() / "django" / "django" / part, new / "django" / "django" / part)
        (new / ".git").mkdir()  # a folder that editors take for a workspace
        new.rename(root)
    return root


def main() -> int:
    """Measure what the arguments say; status 1 when something falls short."""
    sys.path[:1] = [str(ROOT), str(ROOT / "tests")]  # not this folder: we are called as the tests' package is
    from benchmarks.commands import configure
    from benchmarks.figures import quantile
    from benchmarks.lsp_client import QUESTIONS, indexed_cache
    from benchmarks.machine import facts
    from benchmarks.trees import BENCH

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default=",".join(EDITORS), help="editors to measure (default: %(default)s)")
    parser.add_argument("--count", type=int, default=40, help="so many questions (default: %(default)s)")
    parser.add_argument("--model", default="default", help="a retriever's name or folder (default: %(default)s)")
    parser.add_argument("--reranker", help="a reranker's name or folder")
    arguments = parser.parse_args()
    configure(arguments.model, arguments.reranker)
    root = workspace()
    cache = asyncio.run(indexed_cache(root, like=BENCH / "cache-lsp-django"))
    rows: list[Row] = []
    for name in arguments.only.split(","):
        rows += EDITORS[name](root, cache, QUESTIONS[: arguments.count])
    print(f"machine: {facts()}\n\n{table(rows)}")
    over = [quantile([a - b for a, b in zip(row.total, row.server, strict=True)], 0.95) for row in rows]
    return 1 if any(late > row.wanted for late, row in zip(over, rows, strict=True)) else 0


if __name__ == "__main__":
    raise SystemExit(main())
