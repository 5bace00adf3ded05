"""Progress of indexing as bars on stderr, with rates and the time left. Silent when stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vizsla.cli.opening import uninterrupted
from vizsla.services.progress import Progress, Report, Stage, unheard

if TYPE_CHECKING:
    from rich.progress import TaskID

_LABELS = {Stage.PARSE: ("Parsing", "files"), Stage.EMBED: ("Embedding", "functions")}


@contextmanager
def bars(*, quiet: bool = False) -> Iterator[Report]:
    """A listener that draws one bar per stage; bars of stages with nothing to do are not drawn."""
    if quiet or not sys.stderr.isatty():  # what draws is not even imported: that takes longer than an answer
        yield unheard
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    tasks: dict[Stage, TaskID] = {}
    drawn = Bars(
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )

    def report(progress: Progress) -> None:
        if progress.stage not in _LABELS or progress.total == 0:
            return
        label, unit = _LABELS[progress.stage]
        task = tasks.get(progress.stage)
        if task is None:
            task = tasks[progress.stage] = drawn.add_task(label, total=progress.total, rate="")
        drawn.update(task, completed=progress.done, total=progress.total)
        speed = drawn.tasks[task].speed
        drawn.update(task, rate=f"{speed:,.0f} {unit}/s" if speed else "")

    drawn.start()
    try:
        yield report
    finally:
        with uninterrupted():  # half a bar would stay on the terminal
            drawn.stop()
