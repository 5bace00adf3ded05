"""Progress of a run for people and for programs: bars on a terminal, lines elsewhere, JSON where it is wanted."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vizsla_trainer.cli.lines import Lines
from vizsla_trainer.progress import Progress, Report

if TYPE_CHECKING:
    from rich.progress import TaskID

_SHOWN = (("loss", "loss {:.3f}"), ("dev", "MRR {:.3f}"))


@contextmanager
def telling(*, as_json: bool) -> Iterator[Report]:
    """A listener: JSON lines on stdout, else bars on stderr where that is a terminal, else lines."""
    if as_json:
        yield _json
    elif sys.stderr.isatty():
        with _bars() as report:
            yield report
    else:
        yield Lines()


def _json(progress: Progress) -> None:
    told = {**dataclasses.asdict(progress), "numbers": dict(progress.numbers)}
    told["numbers"] = {name: value if value - value == 0 else None for name, value in progress.numbers}
    print(json.dumps(told), flush=True)


@contextmanager
def _bars() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    tasks: dict[str, TaskID] = {}
    drawn = Bars(
        TextColumn("{task.description:>10}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        speed_estimate_period=60,
    )

    def report(progress: Progress) -> None:
        if progress.stage not in tasks:
            tasks[progress.stage] = drawn.add_task(progress.stage, total=progress.total or None, note=progress.message)
        task = tasks[progress.stage]
        known = dict(progress.numbers)
        numbers = [form.format(known[name]) for name, form in _SHOWN if known.get(name) is not None]
        speed = drawn.tasks[task].speed
        rate = [f"{speed:,.1f} {progress.unit}/s"] if speed and progress.unit else []
        drawn.update(
            task,
            completed=progress.done,
            total=progress.total or None,
            note=progress.message or " ".join([*numbers, *rate]),
        )

    with drawn:
        yield report
