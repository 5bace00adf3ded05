"""Everything that runs for one workspace folder: its index, search, schedule and watcher. Made and ended as a whole."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from vizsla.core.errors import VizslaError
from vizsla.services.indexing import RECONCILED_AT
from vizsla.services.lending import LentResources
from vizsla.services.progress import Progress
from vizsla.services.resources import Resources
from vizsla.services.scheduling import Schedule
from vizsla.services.searching import SearchService
from vizsla.services.watching import Watcher, watch
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

WatchBy = Literal["own", "client", "none"]


class Listener(Protocol):
    """Is told of what happens, from any thread; returns at once."""

    def progress(self, root: Path, progress: Progress) -> None:
        """Indexing of a root has come so far."""

    def changed(self) -> None:
        """Something that a status shows may have changed."""


class Engine:
    """What runs for one folder. Other resources need another engine."""

    def __init__(self, workspace: Workspace, resources: LentResources, listener: Listener) -> None:
        """Use ``open``."""
        self.workspace = workspace
        self.resources = resources
        self._listener = listener
        self.schedule = Schedule(
            workspace,
            on_progress=lambda progress: listener.progress(workspace.root, progress),
            on_state=self._state_changed,
        )
        self.searching = SearchService(workspace, hurry=self.schedule.hurry)
        self.watcher: Watcher | None = None
        workspace.overlay.on_settled = listener.changed

    @classmethod
    def open(cls, folder: Path, shared: Resources, listener: Listener) -> Engine:
        """Open the index of a folder; questions can be asked at once, but nothing is kept up before ``start``.

        Args:
            folder: absolute, without links.
            shared: the resources of the process; the folder's own settings are laid over theirs.
            listener: is told of progress and of changes of state.

        Raises:
            WorkspaceError: the folder cannot be read.
            VizslaError: the index is not to be had.
        """
        resources = LentResources(shared, folder)
        workspace = Workspace(folder, resources)
        try:
            return cls(workspace, resources, listener)
        except BaseException:
            workspace.close()
            raise

    def start(self, by: WatchBy) -> None:
        """Begin to keep the index up, as its writer if no other process is."""
        workspace = self.workspace
        with contextlib.suppress(VizslaError):  # the schedule will meet it, and tell
            if workspace.is_writer and workspace.store.meta(RECONCILED_AT) is None:
                workspace.resources.pool.start()  # while files are looked for that they can parse
        if by != "none":
            self.watcher = watch(workspace.root, self.schedule, by=by)
        self.schedule.start()

    def read_settings(self) -> None:
        """Settings may have changed, those of the process or the folder's own: use them, and look at every file if
        that can make a difference."""
        if self.resources.read_settings():
            self.schedule.doubt("the settings of what is indexed have changed")

    def close(self, seconds: float = 2.0) -> None:
        """End all of it; what fails on the way is logged, and the rest ended all the same."""
        with contextlib.ExitStack() as stack:
            stack.callback(_quietly, self.workspace.close)
            stack.callback(_quietly, self.searching.close)
            stack.callback(_quietly, lambda: self.schedule.close(seconds))
            if self.watcher is not None:
                stack.callback(_quietly, self.watcher.close)

    def _state_changed(self) -> None:
        if self.resources.has_new_file():
            self.read_settings()
        self._listener.changed()


def _quietly(end: Callable[[], None]) -> None:
    try:
        end()
    except Exception:  # whatever it is, the others must be ended too
        logger.exception("a part of a workspace did not end as it should")
