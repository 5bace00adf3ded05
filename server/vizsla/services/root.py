"""One workspace folder of a running server, open or waiting to be opened."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from vizsla.index.census import Census
from vizsla.services.engine import Engine
from vizsla.services.root_status import RootStatus
from vizsla.services.scheduling import Schedule
from vizsla.services.searching import SearchService
from vizsla.services.status import status_of
from vizsla.services.watching import Watcher
from vizsla.services.workspace import Workspace

_COUNTING_REST = 20  # times as long as counting took, nothing is counted again while files are taken in


class Root:
    """A folder by its real path. What runs for it is replaced as a whole, so take ``engine`` once and use that.

    Attributes:
        path: absolute, without links.
        names: the paths under which it was added; it is a root until the last of them is removed.
        engine: what runs for it; None while it cannot be opened.
        problem: why it cannot be opened; empty when it can.
    """

    __slots__ = ("_census", "_counted_at", "_counting_seconds", "engine", "names", "path", "problem")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: set[Path] = set()
        self.engine: Engine | None = None
        self.problem = ""
        self._census: Census | None = None
        self._counted_at = self._counting_seconds = 0.0

    @property
    def workspace(self) -> Workspace | None:
        """Its index; None while it cannot be opened."""
        engine = self.engine
        return engine.workspace if engine else None

    @property
    def searching(self) -> SearchService | None:
        """Its search; None while it cannot be opened."""
        engine = self.engine
        return engine.searching if engine else None

    @property
    def schedule(self) -> Schedule | None:
        """What keeps its index up; None while it cannot be opened."""
        engine = self.engine
        return engine.schedule if engine else None

    @property
    def watcher(self) -> Watcher | None:
        """What notices changes on its disk; None while it cannot be opened."""
        engine = self.engine
        return engine.watcher if engine else None

    @property
    def is_current(self) -> bool:
        """Whether its index was compared with the disk since this process opened it, here or by its writer."""
        engine = self.engine
        if engine is None:
            return False
        state = engine.schedule.state
        return state.reconciled_at is not None or state.activity == "reading"

    def below(self, path: Path) -> str:
        """The path of a file in this folder, with "/" between the parts."""
        return path.relative_to(self.path).as_posix()

    def status(self, open_buffers: int, problem: str = "") -> RootStatus:
        """One look at it.

        Args:
            open_buffers: files of it that are open in the editor.
            problem: what else is wrong.
        """
        engine = self.engine
        if engine is None:
            return RootStatus(
                root=self.path,
                index=None,
                schedule=None,
                watcher="none",
                watcher_problem="",
                open_buffers=open_buffers,
                problem=self.problem or problem,
            )
        watcher = engine.watcher
        mode = watcher.mode if watcher is not None else "none"
        found = status_of(engine.workspace, self._counted(engine))
        return RootStatus(
            root=self.path,
            index=replace(found, watcher=mode, degraded=(*found.degraded, *engine.resources.refused)),
            schedule=engine.schedule.state,
            watcher=mode,
            watcher_problem=watcher.problem if watcher is not None else "",
            open_buffers=open_buffers,
            problem=self.problem or problem,
        )

    def _counted(self, engine: Engine) -> Census:
        """What the store holds. While much changes it may be a moment old, so that counting never takes much."""
        now, before = time.monotonic(), self._census
        is_busy = engine.schedule.state.activity in ("scanning", "parsing", "embedding")
        store = engine.workspace.current_store()
        is_recent = now - self._counted_at < _COUNTING_REST * self._counting_seconds
        if before is not None and is_busy and is_recent and before.version[0] == store.identity:
            return before
        self._census = census = store.census(before)
        self._counted_at = time.monotonic()
        self._counting_seconds = self._counted_at - now
        return census
