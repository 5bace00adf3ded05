"""Systems that watch a whole tree at the cost of one watch (macOS, Windows): watchdog's observer."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from vizsla.services.scheduling import Schedule

_SILENT = frozenset({"opened", "closed_no_write"})


class TreeWatch(FileSystemEventHandler):
    """Tells a schedule of everything below a root, also of what is ignored: the schedule knows what is."""

    def __init__(self, root: Path, schedule: Schedule) -> None:
        """Begin.

        Raises:
            OSError: the system refuses.
        """
        self._root, self._schedule = os.fspath(root), schedule
        self._observer = Observer()
        self._observer.schedule(self, self._root, recursive=True)
        self._observer.start()

    @property
    def is_alive(self) -> bool:
        """Whether events still come: an observer does not notice when its emitter has died."""
        emitters = self._observer.emitters
        return self._observer.is_alive() and bool(emitters) and all(emitter.is_alive() for emitter in emitters)

    def close(self) -> None:
        """Stop."""
        self._observer.stop()

    def watch(self, folder: str) -> None:
        """All folders are watched already."""

    def keep(self, folders: Collection[str]) -> None:
        """All folders are watched, whatever is wanted."""

    def drain(self, seconds: float) -> bool:
        """Nobody can know what is still on its way."""
        return True

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Something happened."""
        if event.event_type in _SILENT or (event.is_directory and event.event_type == "modified"):
            return
        paths = [self._relative(path) for path in (event.src_path, event.dest_path) if path]
        self._schedule.changed([path for path in paths if path], is_open=event.event_type == "created")

    def _relative(self, path: bytes | str) -> str:
        relative = os.path.relpath(os.fsdecode(path), self._root).replace(os.sep, "/")
        # Git writes there all the time; what counts of it is what ``IgnoreRules.are_changed_by`` names.
        is_inner = "/.git/" in f"/{relative}" and not relative.endswith("/info/exclude")
        return "" if is_inner or relative == "." or relative.startswith("..") else relative
