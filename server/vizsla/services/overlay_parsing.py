"""Texts of open buffers on their way through the parse workers: one of each file at a time, then the newest."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vizsla.core.errors import VizslaError, WorkerDiedError
from vizsla.core.types import IndexEntry
from vizsla.index.records import FileRecord, FileState
from vizsla.services import stamps
from vizsla.services.entries import TEXT, entries_of
from vizsla.services.reading import Skipped, SourceText

if TYPE_CHECKING:
    from vizsla.services.workspace import Workspace

_PAUSE_SECONDS = 1.0  # when there are no parse workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What came of a text: a record as of a file that was saved, and its functions."""

    record: FileRecord
    entries: Sequence[IndexEntry]


@dataclass(slots=True, eq=False)
class _Running:
    path: str
    source: SourceText | Skipped
    future: Future[list[IndexEntry]]
    next: SourceText | Skipped | None = None  # came meanwhile


class Parsing:
    """One thread uses it."""

    def __init__(self, workspace: Workspace, wake: Callable[[], None]) -> None:
        """Begin with nothing.

        Args:
            workspace: whose parse workers are used.
            wake: called from another thread when ``finished`` has something to give.
        """
        self._workspace = workspace
        self._wake = wake
        self._running: dict[str, _Running] = {}
        self._ended: queue.SimpleQueue[_Running] = queue.SimpleQueue()
        self._delayed: dict[str, SourceText | Skipped] = {}
        self._not_before = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether everything was parsed and taken."""
        return not self._running and not self._delayed

    @property
    def is_delayed(self) -> bool:
        """Whether something waits for new parse workers."""
        return bool(self._delayed)

    def is_wanted(self, path: str, source: SourceText | Skipped, shown: FileRecord | None) -> bool:
        """Whether a text is neither on its way nor what is shown already."""
        running = self._running.get(path)
        if running is not None:
            return (running.next or running.source) != source
        if path in self._delayed:
            return True
        if shown is None:
            return True
        if isinstance(source, Skipped):
            return shown.state is not FileState.SKIPPED or shown.reason != source.reason
        return shown.state is FileState.SKIPPED or shown.content_hash != source.content_hash

    def start(self, path: str, source: SourceText | Skipped) -> None:
        """Have a text parsed as soon as an older one of the same file is done; those in between never are."""
        running = self._running.get(path)
        if running is not None and not running.future.cancel():
            running.next = source
            return
        self._delayed.pop(path, None)
        try:
            if isinstance(source, Skipped):
                future: Future[list[IndexEntry]] = Future()
                future.set_result([])
            else:
                future = entries_of(self._workspace.resources, path, source, urgent=True)
        except WorkerDiedError:
            self._delay(path, source)
            return
        running = self._running[path] = _Running(path, source, future)
        future.add_done_callback(lambda _: self._on_end(running))

    def forget(self, path: str) -> None:
        """The texts of a file are not wanted any more."""
        self._delayed.pop(path, None)
        running = self._running.pop(path, None)
        if running is not None:
            running.future.cancel()

    def finished(self) -> list[Parsed]:
        """What is done since the last call."""
        done: list[Parsed] = []
        while True:
            try:
                running = self._ended.get_nowait()
            except queue.Empty:
                break
            if self._running.get(running.path) is running:
                del self._running[running.path]
                parsed = self._parsed(running)
                if parsed is not None:
                    done.append(parsed)
                if running.next is not None:
                    self.start(running.path, running.next)
        if self._delayed and time.monotonic() >= self._not_before:
            for path, source in list(self._delayed.items()):
                self.start(path, source)
        return done

    def close(self) -> None:
        """Have nothing more parsed."""
        for path in list(self._running):
            self.forget(path)

    def _parsed(self, running: _Running) -> Parsed | None:
        source = running.source
        if isinstance(source, Skipped):
            return Parsed(record=_record(running.path, FileState.SKIPPED, reason=source.reason), entries=())
        record = _record(running.path, FileState.INDEXED, source)
        try:
            entries = running.future.result()
        except (WorkerDiedError, CancelledError):  # not the text's fault
            self._delay(running.path, source)
            return None
        except VizslaError as error:
            return Parsed(record=stamps.failed(record, str(error)), entries=())
        limit = self._workspace.resources.settings.index.max_functions_per_file
        if len(entries) > limit:
            reason = f"has {len(entries)} functions, more than max_functions_per_file ({limit})"
            return Parsed(record=stamps.failed(record, reason), entries=())
        return Parsed(record=record, entries=entries)

    def _delay(self, path: str, source: SourceText | Skipped) -> None:
        self._delayed[path] = source
        self._not_before = time.monotonic() + _PAUSE_SECONDS

    def _on_end(self, running: _Running) -> None:
        self._ended.put(running)
        self._wake()


def _record(path: str, state: FileState, source: SourceText | None = None, reason: str = "") -> FileRecord:
    return FileRecord(
        path=path,
        size=source.size if source is not None else 0,
        mtime_ns=0,
        inode=0,
        content_hash=source.content_hash if source is not None else b"",
        language=(source.language or TEXT) if source is not None else "",
        state=state,
        reason=reason,
    )
