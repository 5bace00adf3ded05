"""``vizsla index``, ``status`` and ``clear``: make an index, tell the truth about it, delete it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vizsla.cli.json_output import dump
from vizsla.cli.opening import open_resources, open_workspace, stoppable, warn
from vizsla.cli.progress import bars
from vizsla.core.errors import VizslaError

if TYPE_CHECKING:
    from vizsla.services.status import Status
    from vizsla.services.upkeep import Upkept
    from vizsla.services.workspace import Workspace

INCOMPLETE, INTERRUPTED = 1, 130


class UnansweredError(VizslaError):
    """A question was to be answered at the terminal, and there is none."""


Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder.", show_default="this one", readable=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
        _report(done, workspace, time.monotonic() - started, as_json=json)
        if stop():
            warn("interrupted; what was done so far is kept, and 'vizsla index' goes on from there")
            return INTERRUPTED
        return 0 if done.is_complete and workspace.is_writer else INCOMPLETE


def status(
    path: Folder = Path(),
    files: Annotated[bool, typer.Option("--files", help="Name every file that is left out, and why.")] = False,
    json: AsJson = False,
) -> int:
    """Say what is indexed, pending and left out, and what is not as it should be."""
    from vizsla.services.status import status_of

    with open_workspace(path, tell=False) as workspace:
        found = status_of(workspace)
    if json:
        plain = {**asdict(found), "root": str(found.root), "directory": found.directory and str(found.directory)}
        print(dump(plain, indent=2))
    else:
        _print_status(found, all_files=files)
    return 0


def clear(
    path: Folder = Path(),
    everything: Annotated[
        bool, typer.Option("--all", help="Delete all indexes, vectors and runs of training; added models stay.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> int:
    """Delete the index of the folder, and the vectors that only it needed."""
    from vizsla.services.clearing import clear_all, clear_workspace

    what = "all indexes, vectors and runs of training" if everything else f"the index of {path.expanduser().resolve()}"
    if not yes:
        _confirm(what)
    with open_resources() as resources:
        freed = clear_all(resources) if everything else clear_workspace(path, resources)
    if not freed:
        warn(f"nothing was deleted: there is no {'index' if everything else what.removeprefix('the ')}")
        return INCOMPLETE
    typer.echo(f"Deleted {what}, {freed / 1e6:,.1f} MB.")
    return 0


def _confirm(what: str) -> None:
    try:
        if typer.confirm(f"Delete {what}?"):
            return
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        raise UnansweredError("nothing was deleted, for nobody could be asked; give --yes to delete") from None
    raise typer.Exit(INCOMPLETE)


def _report(done: Upkept, workspace: Workspace, seconds: float, *, as_json: bool) -> None:
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
                    "complete": done.is_complete and workspace.is_writer,
                    "seconds": round(seconds, 3),
                },
                indent=2,
            )
        )
        return
    if not workspace.is_writer:
        warn("another process is at work on this index, so nothing was done here; wait for it, or end it")
        return
    from vizsla.index.records import FileState

    counts = {
        "parsed": reconciled.parsed,
        "renamed": reconciled.renamed,
        "removed": reconciled.removed,
        "functions embedded": embedded.encoded,
        "with vectors known already": embedded.cached,
    }
    changes = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "nothing changed"
    files = sum(record.state is FileState.INDEXED for record in workspace.store.files().values())
    typer.echo(f"{workspace.store.function_count:,} functions in {files:,} files ({changes}) in {seconds:.1f} s")
    if embedded.problem:
        warn(embedded.problem)
    left_out = {"left out": reconciled.skipped, "failed": reconciled.failed}
    told = ", ".join(f"{count:,} {what}" for what, count in left_out.items() if count)
    if told:
        typer.echo(f"{told}; 'vizsla status --files' says why")


def _print_status(found: Status, *, all_files: bool) -> None:
    from vizsla.cli.plain import inert_line

    never = "never; run 'vizsla index'"
    looked = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.reconciled_at)) if found.reconciled_at else never
    languages = ", ".join(f"{name} {count:,}" for name, count in found.by_language.items())
    rows = {
        "workspace": str(found.root),
        "index": f"{found.directory} ({found.index_bytes / 1e6:.1f} MB)" if found.directory else "in memory only",
        "files": f"{found.files:,} indexed, {len(found.skipped):,} left out, {len(found.failed):,} failed",
        "functions": f"{found.functions:,} ({languages})" if languages else f"{found.functions:,}",
        "last look": looked,
        "unread": f"{found.unread:,} files have changed since" if found.unread else "",
        "pending": f"{found.pending:,} functions have no vector yet" if found.pending else "",
        "words only": f"{found.unembeddable:,} functions, of which no vector can be made" if found.unembeddable else "",
        "model": f"{found.model} ({found.fingerprint})" if found.model else "none: answers come from words alone",
        "reranker": "in use" if found.has_reranker else "none",
    }
    for name, value in rows.items():
        if value:
            typer.echo(f"{typer.style(f'{name:<10}', bold=True)}  {inert_line(value)}")
    for sentence in found.degraded:
        typer.secho(f"! {inert_line(sentence)}", fg="yellow")
    for path, reason in sorted(found.failed.items()):
        typer.echo(f"{inert_line(path)}: {inert_line(reason)}")
    if all_files:
        for path, reason in sorted(found.skipped.items()):
            typer.echo(f"{inert_line(path)}: {inert_line(reason)}")
    elif found.skipped:
        typer.echo("Left out ('vizsla status --files' names them):")
        for reason, count in Counter(found.skipped.values()).most_common():
            typer.echo(f"{count:>10,}  {inert_line(reason)}")
