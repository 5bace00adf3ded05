"""A workspace that is watched and kept up, and the oracle for it: at rest, its index is that of a fresh scan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.trees import borrow, sharing_vectors, stored
from vizsla.index.records import FileState
from vizsla.services.resources import Resources
from vizsla.services.scheduling import Schedule
from vizsla.services.upkeep import Upkeep
from vizsla.services.watching import WatchBy, Watcher, watch, watcher
from vizsla.services.workspace import Workspace

PATIENCE = 60.0
"""Seconds until a test gives up: a busy machine takes long, a healthy one a tenth of a second."""

TEXT = "def {0}(path):\n    return open(path)\n\n\ndef {0}_again(path):\n    return {0}(path)\n"
"""Two functions, named after what is put in."""

Files = dict[str, tuple[bytes, FileState, str]]


@dataclass(slots=True, kw_only=True)
class Live:
    """One workspace with all that keeps it up."""

    root: Path
    workspace: Workspace
    schedule: Schedule
    watcher: Watcher
    lender: Resources
    elsewhere: Path  # for fresh indexes

    def settle(self) -> None:
        """Wait until everything that happened is in the index."""
        assert self.schedule.wait_quiet(PATIENCE), (self.schedule.state, self.watcher.mode, self.watcher.problem)

    def names(self, path: str) -> list[str]:
        """The functions of a file, as the index has them now."""
        return [one.name for one in self.workspace.store.functions_of(path)]

    def check(self) -> None:
        """Wait, then compare with a fresh index."""
        self.settle()
        cache = self.workspace.resources.embeddings
        fresh = self.elsewhere / f"fresh-{time.monotonic_ns()}"
        with sharing_vectors(self.lender, cache, fresh) as resources, Workspace(self.root, resources) as other:
            assert Upkeep(other).run().is_complete
            assert files_of(self.workspace) == files_of(other)
            assert stored(self.workspace, with_vectors=True) == stored(other, with_vectors=True)


def files_of(workspace: Workspace) -> Files:
    """What is known of each file, but for its stamps."""
    return {
        path: (record.content_hash, record.state, record.reason) for path, record in workspace.store.files().items()
    }


@contextmanager
def live(root: Path, lender: Resources, elsewhere: Path, *, by: WatchBy = "own") -> Iterator[Live]:
    """Open, index and watch a workspace with the children of other resources. Polls come quickly."""
    with (
        pytest.MonkeyPatch.context() as patch,
        borrow(lender, elsewhere / "cache") as resources,
        Workspace(root, resources) as workspace,
    ):
        patch.setattr(watcher, "_POLL_SECONDS", 0.05)
        schedule = Schedule(workspace)
        watching = watch(workspace.root, schedule, by=by)
        schedule.start()
        try:
            one = Live(
                root=workspace.root,
                workspace=workspace,
                schedule=schedule,
                watcher=watching,
                lender=lender,
                elsewhere=elsewhere,
            )
            one.settle()
            yield one
        finally:
            watching.close()
            schedule.close()


def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"never happened: {what or condition}"
        time.sleep(0.01)
