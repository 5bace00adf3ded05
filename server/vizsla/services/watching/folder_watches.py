"""Linux: one watch for each folder that is not ignored, none for ``node_modules``, all read by one thread.

watchdog's observers are not used here: they watch ignored folders too, or need a thread for each folder; they say
nothing of lost events, go on under the old name when a folder was moved away, and hold moves back for half a second.
Its reader of inotify, beneath them, does what is needed.
"""

from __future__ import annotations

import errno
import itertools
import os
import tempfile
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyFD, Mask

from vizsla.services.scheduling import Schedule

if TYPE_CHECKING:
    from watchdog.observers.inotify_c import InotifyEvent, WatchDescriptor

_MASK = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_MOVED_FROM
    | InotifyConstants.IN_MOVED_TO
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_ATTRIB  # what may be read now and could not before, or the other way round
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_EXCL_UNLINK
)
_ROOT_MASK = Mask(_MASK | InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_DELETE_SELF)
_LIMITS = (errno.ENOSPC, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


class FolderWatches:
    """Watches on the folders of one root. Folders are named by their relative paths, the root by "" ."""

    def __init__(self, root: Path, schedule: Schedule, *, on_lost: Callable[[str, bool], None]) -> None:
        """Begin, without any folder.

        Args:
            root: absolute path of the workspace, without links.
            schedule: is told of changed paths.
            on_lost: told that nothing more will come from here, why, and whether that is so for the lack of
                watches. Called once at most, from any thread, and must not wait.

        Raises:
            OSError: the system gives no inotify instance.
        """
        self._root, self._schedule, self._on_lost = os.fsencode(root), schedule, on_lost
        self._lock = threading.Lock()
        self._ids = itertools.count()
        self._watches: dict[str, tuple[WatchDescriptor, CallbackId]] = {}
        self._folders: dict[WatchDescriptor, str] = {}
        self._is_lost = False
        self._inotify = InotifyFD()
        self._inotify.start()

    @property
    def is_alive(self) -> bool:
        """Whether events are still read."""
        return self._inotify.is_alive() and not self._is_lost

    @property
    def folders(self) -> frozenset[str]:
        """The folders that are watched."""
        with self._lock:
            return frozenset(self._watches)

    def close(self) -> None:
        """Give all watches back."""
        self._is_lost = True
        self._inotify.stop()

    def watch(self, folder: str) -> None:
        """Watch a folder if it is not watched yet; without effect if it is gone or may not be read."""
        with self._lock:
            if self._is_lost or folder in self._watches:
                return
            path = os.path.join(self._root, os.fsencode(folder)) if folder else self._root  # noqa: PTH118
            id_ = CallbackId(next(self._ids))
            try:
                number = self._inotify.add_callback(path, _MASK if folder else _ROOT_MASK, self, id_)
            except OSError as error:
                if error.errno not in _LIMITS:
                    return
                self._is_lost, problem = True, error
            else:
                if number >= 0:  # else it may not be read
                    self._note(number, folder, id_)
                return
        self._on_lost(f"the folders cannot all be watched ({problem.strerror})", True)

    def keep(self, folders: Collection[str]) -> None:
        """Cease to watch all folders but these."""
        with self._lock:
            self._drop([folder for folder in self._watches if folder not in folders])

    def drain(self, seconds: float) -> bool:
        """Wait until everything that happened before was told; False when it took longer."""
        if not self.is_alive:
            return True
        with tempfile.TemporaryDirectory(prefix="vizsla-") as folder:
            # Events come in order, so when this one is here, so are those of before.
            cookie, id_ = _Cookie(), CallbackId(next(self._ids))
            number = self._inotify.add_callback(os.fsencode(folder), InotifyConstants.IN_CREATE, cookie, id_)
            (Path(folder) / "cookie").touch()
            is_here = cookie.is_here.wait(seconds)
            self._inotify.remove_callbacks([(number, id_)])
            return is_here

    # What the reading thread calls

    def on_event(self, event: InotifyEvent) -> None:
        """Something happened in a watched folder."""
        with self._lock:
            folder = self._folders.get(event.wd)
            if folder is None or self._is_lost:
                return
            name = os.fsdecode(event.name)
            path = f"{folder}/{name}" if folder and name else folder or name
            is_folder = bool(event.mask & InotifyConstants.IN_ISDIR)
            if is_folder and event.is_moved_from:
                # It may be anywhere now. If it is still in the workspace, it is watched again when it is walked.
                self._drop([other for other in self._watches if other == path or other.startswith(path + "/")])
        if name:
            # Who creates a file writes it, and is heard again when that is done; who makes a link is not.
            self._schedule.changed([path], is_open=event.is_create and not is_folder)
        elif not folder and event.is_attrib:
            self._schedule.doubt("the permissions of the workspace's folder changed")
        elif not folder:
            self._lose("the workspace's folder was moved or removed")

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """A watched folder is gone."""
        with self._lock:
            folder = self._folders.pop(wd, None)
            if folder is not None and self._watches[folder][0] == wd:
                del self._watches[folder]
        if folder == "":
            self._lose("the workspace's folder was moved or removed")

    def on_queue_overflow(self) -> None:
        """Events were lost."""
        self._lose("more changed than the system could tell of")

    def _lose(self, reason: str) -> None:
        with self._lock:
            was_lost, self._is_lost = self._is_lost, True
        if not was_lost:
            self._on_lost(reason, False)

    def _note(self, number: WatchDescriptor, folder: str, id_: CallbackId) -> None:
        """Remember a watch; its folder may have been known by another name until now."""
        before = self._folders.get(number)
        self._folders[number] = folder
        if before is not None and before in self._watches:
            self._inotify.remove_callbacks([self._watches.pop(before)])
        self._watches[folder] = number, id_

    def _drop(self, folders: Collection[str]) -> None:
        gone = [self._watches.pop(folder) for folder in folders]
        for number, _ in gone:
            self._folders.pop(number, None)
        self._inotify.remove_callbacks(gone)


class _Cookie:
    """Waits for one event."""

    def __init__(self) -> None:
        self.is_here = threading.Event()

    def on_event(self, event: InotifyEvent) -> None:
        self.is_here.set()

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        self.is_here.set()

    def on_queue_overflow(self) -> None:
        self.is_here.set()
