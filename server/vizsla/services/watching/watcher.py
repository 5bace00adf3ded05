"""The watcher of one root: the best way there is to notice changes, and a check that it still works."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from vizsla.services.scheduling import Schedule

WatchMode = Literal["watchdog", "polling", "client", "none"]


class Watcher:
    """Tells a schedule of changes below one root. Use ``watch``."""

    mode: WatchMode
    problem: str

    def close(self) -> None:
        """Stop."""

    def health(self) -> bool:
        """Look whether everything still works, and mend what does not; False when something was wrong."""
        return True


def watch(root: Path, schedule: Schedule, *, by: Literal["own", "client", "none"] = "own") -> Watcher:
    """Begin to watch a root, before or after ``schedule.start``.

    Args:
        root: of the schedule's workspace.
        schedule: is told of changes and of doubts.
        by: "client" when the client tells of changes: then only the root itself is looked at.
    """
    raise NotImplementedError
