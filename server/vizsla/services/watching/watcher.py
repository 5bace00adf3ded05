"""The watcher of one root: the best way there is to notice changes, and a check that it still works."""

from __future__ import annotations

import contextlib
import logging
import platform
import threading
import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vizsla.services.scheduling import Schedule
from vizsla.services.scheduling.folders import FolderListener
from vizsla.services.watching.mounts import remote_file_system
from vizsla.services.watching.outer_rules import OuterRules

if TYPE_CHECKING:
    from vizsla.services.watching.folder_watches import FolderWatches
    from vizsla.services.watching.tree_watch import TreeWatch

logger = logging.getLogger(__name__)

WatchMode = Literal["watchdog", "polling", "client", "none"]
WatchBy = Literal["own", "polling", "client", "none"]

_LOOK_SECONDS = 2.0  # between two looks whether all is well
_POLL_SECONDS = 2.0  # between two comparisons where nothing can be watched
_RETRY_SECONDS = 600.0  # after which watching is tried again: others may have given watches back
_ADVICE = "raise fs.inotify.max_user_watches or fs.inotify.max_user_instances, or exclude folders"


class Watcher(FolderListener):
    """Tells a schedule of changes below one root. Use ``watch``.

    Attributes:
        mode: how changes are noticed: "watchdog", or "polling" where that is not possible; "client" when the client
            tells of them.
        problem: one sentence when that is not as it should be; else empty.
    """

    def __init__(self, root: Path, schedule: Schedule, *, by: WatchBy) -> None:
        """Use ``watch``."""
        self.mode: WatchMode = "watchdog" if by == "own" else by
        self.problem = ""
        self._root, self._schedule, self._by = root, schedule, by
        self._identity = _identity(root)
        self._outer_rules = OuterRules(root)
        self._lost = ""  # why a new source is needed
        self._is_short = False  # of watches
        self._retry_at = 0.0
        self._source: FolderWatches | TreeWatch | None = None
        self._lock = threading.RLock()  # over health checks
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="watch-health", daemon=True)
        if by == "own":
            self._begin()
        elif by == "polling":
            schedule.compare_every(_POLL_SECONDS)
        schedule.listen(self)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._is_closed = True
        self._wake.set()
        with self._lock:
            self._end()
        if self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def health(self) -> bool:
        """Look whether everything still works, and mend what does not; False when something was wrong."""
        with self._lock:
            if self._is_closed:
                return True
            identity = _identity(self._root)
            if identity != self._identity:
                return self._root_changed(identity)
            if self._outer_rules.have_changed():
                self._schedule.doubt("what is ignored has changed outside of the workspace")
            if identity is None or self._by != "own":
                return True
            if self.mode == "polling":
                if self._is_short and time.monotonic() >= self._retry_at:
                    self._begin()
                    self._schedule.doubt("watching is tried again")
                return True
            if self._source is not None and self._source.is_alive and not self._lost:
                return True
            reason, self._lost = self._lost or "the thread that reads events has died", ""
            logger.warning("%s: %s; everything is compared", self._root, reason)
            self._end()
            if self._is_short:
                self._poll(f"{self._root}: {reason}; {_ADVICE}")
            else:
                self._begin()
            self._schedule.doubt(reason)
            return False

    # What the schedule calls

    def entering(self, path: str) -> None:
        """Watch a folder."""
        source = self._source  # which ``close`` takes away meanwhile
        if source is not None:
            source.watch(path)

    def walked(self, folders: Collection[str]) -> None:
        """Watch no other folders than these."""
        source = self._source
        if source is not None:
            source.keep(folders)

    def drain(self, seconds: float) -> bool:
        """Wait until what happened before the call was told."""
        end = time.monotonic() + seconds
        self.health()
        while (source := self._source) is not None and time.monotonic() < end:
            if source.drain(max(0.0, end - time.monotonic())) and not self._lost:
                return True
            self.health()
        if self.mode == "polling":
            self._schedule.doubt("somebody waits for all that happened")
        return self._source is None

    def _run(self) -> None:
        while not self._is_closed:
            self._wake.wait(_LOOK_SECONDS)
            self._wake.clear()
            try:
                self.health()
            except Exception:  # whatever it is, the next look may go well
                logger.exception("%s: the watcher could not be looked after", self._root)

    def _root_changed(self, identity: tuple[int, int] | None) -> bool:
        self._identity = identity
        self._end()
        if identity is None:
            self.problem = f"{self._root} is gone; bring it back, or close the workspace"
            self._schedule.doubt("the workspace's folder is gone")
            return False
        self.problem = ""
        if self._by == "own":
            self._begin()
        self._schedule.doubt("the workspace's folder was replaced")
        return False

    def _begin(self) -> None:
        """Watch, or poll where that is not possible."""
        self._lost = ""
        try:
            if remote := remote_file_system(self._root):
                self._is_short = False
                self._poll(f"{self._root} is on another machine's disk ({remote}), which does not tell of changes")
                return
            if platform.system() == "Linux":
                from vizsla.services.watching.folder_watches import FolderWatches

                self._source = FolderWatches(self._root, self._schedule, on_lost=self._on_lost)
            else:
                from vizsla.services.watching.tree_watch import TreeWatch

                self._source = TreeWatch(self._root, self._schedule)
        except Exception as error:  # also another edition of watchdog than we know: polling always works
            self._is_short = isinstance(error, OSError)
            self._poll(f"{self._root} cannot be watched ({error}): {_ADVICE}")
            return
        self.mode, self.problem, self._is_short = "watchdog", "", False
        self._schedule.compare_every(None)

    def _end(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _poll(self, problem: str) -> None:
        logger.warning("%s", problem)
        self.mode, self.problem = "polling", f"{problem}; meanwhile it is looked at every few seconds"
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        self._schedule.compare_every(_POLL_SECONDS)

    def _on_lost(self, reason: str, is_short: bool) -> None:
        self._lost, self._is_short = reason, is_short
        self._wake.set()


def watch(root: Path, schedule: Schedule, *, by: WatchBy = "own") -> Watcher:
    """Begin to watch a root, before or after ``schedule.start``.

    Args:
        root: of the schedule's workspace, absolute and without links.
        schedule: is told of changes and of doubts.
        by: "own" watches, and polls where that is not possible. "client": the client tells of changes, so only the
            root itself is looked at; "none": nobody does.
    """
    return Watcher(root, schedule, by=by)


def _identity(root: Path) -> tuple[int, int] | None:
    with contextlib.suppress(OSError):
        status = root.stat()
        return status.st_dev, status.st_ino
    return None
