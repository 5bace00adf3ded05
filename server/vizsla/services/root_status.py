"""The truth about one workspace folder of a running server: its index, who keeps it up, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vizsla.services.status import Status

if TYPE_CHECKING:
    from vizsla.services.scheduling import ScheduleState


@dataclass(frozen=True, slots=True, kw_only=True)
class RootStatus:
    """One look at a workspace folder.

    Attributes:
        root: the folder, without links.
        index: what is indexed, pending, skipped and degraded; None while the folder cannot be opened.
        schedule: what is being done about it; None while the folder cannot be opened.
        watcher: how changes on the disk are noticed: "watchdog", "polling", "client" or "none".
        watcher_problem: why they are not noticed as they should be; empty when they are.
        open_buffers: how many of its files are open in the editor.
        problem: why the folder cannot be opened, or its settings be used; empty when all is well.
    """

    root: Path
    index: Status | None
    schedule: ScheduleState | None
    watcher: str
    watcher_problem: str
    open_buffers: int
    problem: str
