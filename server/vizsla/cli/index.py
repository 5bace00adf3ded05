"""``vizsla index``, ``status`` and ``clear``: make an index, tell the truth about it, delete it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vizsla.cli.json_output import dump
from vizsla.cli.opening import open_resources, open_workspace, stoppable, warn
from vizsla.cli.progress import bars

if TYPE_CHECKING:
    from vizsla.services.progress import Flag
    from vizsla.services.status import Status
    from vizsla.services.upkeep import Upkept
    from vizsla.services.workspace import Workspace

INCOMPLETE = 1

Folder = Annotated[Path, typer.Argument(help="The folder.", show_default="this folder")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, documented in docs/configuration.md.")]


def index(
    path: Folder = Path(),
    force: Annotated[bool, typer.Option("--force", help="Parse every file again, also unchanged ones.")] = False,
    json: AsJson = False,
) -> int:
    """Index the folder, redoing only what changed. Ctrl-C keeps what is done; the next run goes on."""
    with open_workspace(path, start_models=True) as workspace, stoppable() as stop:
        from vizsla.services.upkeep import Upkeep

        started = time.monotonic()
        with bars(quiet=json) as report:
            done = Upkeep(workspace).run(report=report, cancelled=stop, force=force)
        _report(done, workspace, stop, time.monotonic() - started, as_json=json)
        return 0 if done.is_complete else INCOMPLETE


def status(
    path: Folder = Path(),
    files: Annotated[bool, typer.Option("--files", help="Name every file that is left out, and why.")] = False,
    json: AsJson = False,
) -> int:
    """Say what is indexed, pending and left out, and what is not as it should be."""
    from vizsla.services.status import status_of

    with open_workspace(path) as workspace:
        found = status_of(workspace)
    if json:
        plain = {**asdict(found), "root": str(found.root), "directory": found.directory and str(found.directory)}
        print(dump(plain, indent=2))
    else:
        _print_status(found, all_files=files)
    return 0


def clear(
    path: Folder = Path(),
    everything: Annotated[bool, typer.Option("--all", help="Delete all indexes and all vectors.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Delete the index of the folder, and the vectors that only it needed."""
    from vizsla.services.clearing import clear_all, clear_workspace

    what = "all indexes and vectors" if everything else f"the index of {path.resolve()}"
    if not yes and not typer.confirm(f"Delete {what}?"):
        return INCOMPLETE
    with open_resources() as resources:
        freed = clear_all(resources) if everything else clear_workspace(path, resources)
    typer.echo(f"Deleted {freed / 1e6:,.1f} MB.")
    return 0


def _report(done: Upkept, workspace: Workspace, stop: Flag, seconds: float, *, as_json: bool) -> None:
    reconciled, embedded = done.reconciled, done.embedded
    if as_json:
        print(
            dump(
                {
                    "files": reconciled.scanned,
                    "parsed": reconciled.parsed,
                    "renamed": reconciled.renamed,
                    "removed": reconciled.removed,
                    "skipped": reconciled.skipped,
                    "failed": reconciled.failed,
                    "functions": workspace.store.function_count,
                    "encoded": embedded.encoded,
                    "cached": embedded.cached,
                    "refused": embedded.refused,
                    "complete": done.is_complete,
                    "seconds": round(seconds, 3),
                },
                indent=2,
            )
        )
        return
    if not workspace.is_writer:
        warn("another process keeps this index; nothing was done here")
        return
    changes = f"{reconciled.parsed} parsed, {reconciled.renamed} renamed, {reconciled.removed} removed"
    typer.echo(
        f"{workspace.store.function_count:,} functions in {reconciled.scanned:,} files ({changes}); "
        f"{embedded.encoded:,} embedded, {embedded.cached:,} known already; {seconds:.1f} s"
    )
    if embedded.problem:
        warn(embedded.problem)
    if reconciled.failed or reconciled.skipped:
        typer.echo(f"{reconciled.skipped} files left out, {reconciled.failed} failed; see 'vizsla status --files'")
    if stop():
        warn("stopped; 'vizsla index' goes on where this ended")


def _print_status(found: Status, *, all_files: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from vizsla.cli.rendering import inert

    console = Console(highlight=False)
    table = Table(show_header=False, box=None, pad_edge=False)
    never = "never; run 'vizsla index'"
    looked = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.reconciled_at)) if found.reconciled_at else never
    languages = ", ".join(f"{name} {count:,}" for name, count in found.by_language.items())
    rows = {
        "workspace": str(found.root),
        "index": f"{found.directory} ({found.index_bytes / 1e6:.1f} MB)" if found.directory else "in memory only",
        "files": f"{found.files:,} indexed, {len(found.skipped):,} left out, {len(found.failed):,} failed",
        "functions": f"{found.functions:,} ({languages})" if languages else f"{found.functions:,}",
        "pending": f"{found.pending:,} functions have no vector yet",
        "unembeddable": f"{found.unembeddable:,} functions are found by their words alone",
        "last look": looked,
        "model": f"{found.model or 'none: words alone'} ({found.fingerprint})" if found.model else "none: words alone",
        "reranker": "in use" if found.has_reranker else "none: answers are in fused order",
        "device": found.device,
        "watcher": found.watcher,
    }
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", inert(value))
    console.print(table)
    for sentence in found.degraded:
        console.print(f"! {inert(sentence)}", style="yellow", markup=False)
    for reason, count in Counter(found.skipped.values()).most_common():
        console.print(f"  {count:,} left out: {inert(reason)}", style="dim", markup=False)
    named = {**found.failed, **found.skipped} if all_files else found.failed
    for path, reason in sorted(named.items()):
        console.print(f"  {inert(path)}: {inert(reason)}", markup=False, soft_wrap=True)
    if found.skipped and not all_files:
        console.print("  'vizsla status --files' names them", style="dim")
