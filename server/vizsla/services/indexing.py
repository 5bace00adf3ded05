"""Reconcile: makes the stored functions of a workspace equal to its files, redoing only what changed.

It does not know of vectors: what still lacks one is left in the store's list of pending texts for ``embedding``.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace

from vizsla.core.errors import VizslaError
from vizsla.core.types import ContentHash, FunctionKey, IndexEntry
from vizsla.index.records import FileChange, FileRecord, FileState
from vizsla.parsing.functions import module_name_of
from vizsla.services.discovery import FoundFile, scan
from vizsla.services.entries import TEXT, entries_of
from vizsla.services.progress import Cancelled, Progress, Report, Stage, never, unheard
from vizsla.services.reading import Skipped, SourceText, read_source
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

_BATCH_FILES = 64  # files in one transaction: small enough that a kill loses little
_BATCH_SECONDS = 0.5
_RACY_NANOSECONDS = 2_000_000_000  # a file written this shortly before it was read may change again unseen
_UNSTABLE_TRIES = 3
_WINDOW = 64  # files with the parse workers at once: enough that they never wait for us

Order = Callable[[list[FoundFile]], list[FoundFile]]


@dataclass(slots=True, kw_only=True)
class Reconciled:
    """What one reconcile did. Counts are of files unless they say otherwise."""

    scanned: int = 0
    parsed: int = 0
    renamed: int = 0
    removed: int = 0
    skipped: int = 0
    failed: int = 0
    functions_added: int = 0
    functions_removed: int = 0
    is_complete: bool = True  # False: cancelled, or a file kept changing while it was read
    seconds: float = 0.0
    removed_keys: list[FunctionKey] = field(default_factory=list)


class IndexingService:
    """Keeps the store of one workspace equal to the disk. One thread at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._settings = workspace.resources.settings.index

    def reconcile(
        self,
        *,
        report: Report = unheard,
        cancelled: Cancelled = never,
        order: Order | None = None,
        force: bool = False,
    ) -> Reconciled:
        """Compare the disk with the store and bring the store up to date.

        Args:
            report: told of progress, in files.
            cancelled: asked between files; what is done by then is kept.
            order: puts the changed files into the order in which they are parsed.
            force: parse every file again, also unchanged ones.

        Raises:
            WorkspaceError: the root is gone or cannot be read.
        """
        started = time.monotonic()
        store = self._workspace.store
        done = Reconciled()
        report(Progress(stage=Stage.SCAN, done=0, total=0))
        found = {file.path: file for file in scan(self._workspace.root, self._settings, cancelled=cancelled)}
        done.scanned = len(found)
        if cancelled():
            done.is_complete = False
            return done
        known = store.files()
        gone = {path: record for path, record in known.items() if path not in found}
        changed = [file for file in found.values() if force or not _is_same(known.get(file.path), file)]
        if order is not None:
            changed = order(changed)
        report(Progress(stage=Stage.SCAN, done=len(found), total=len(found)))
        self._read_and_parse(changed, known, gone, done, report, cancelled, force=force)
        if gone and done.is_complete:
            removed = store.remove_files(sorted(gone))
            self._forget(removed, done)
            done.removed = len(gone)
        if done.is_complete:
            store.set_meta("reconciled_at", str(time.time()))
        done.seconds = time.monotonic() - started
        return done

    def update(self, paths: Iterable[str]) -> Reconciled:
        """Bring single files up to date, by their relative paths; a path that is gone is removed."""
        done = Reconciled()
        known = self._workspace.store.files()
        files, gone = [], {}
        for path in paths:
            try:
                status = (self._workspace.root / path).lstat()
            except OSError:
                if path in known:
                    gone[path] = known[path]
                continue
            files.append(FoundFile(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino))
        done.scanned = len(files)
        self._read_and_parse(files, known, {}, done, unheard, never, force=False)
        if gone:
            self._forget(self._workspace.store.remove_files(sorted(gone)), done)
            done.removed = len(gone)
        return done

    def recall(self, hashes: Collection[ContentHash]) -> None:
        """Put the model texts of stored functions back among the pending ones, by parsing their files again.

        Args:
            hashes: of functions that have no vector; those whose files changed meanwhile are left to ``reconcile``.
        """
        store = self._workspace.store
        keys = [key for found in store.keys_of(hashes).values() for key in found]
        paths = sorted({function.path for function in store.functions(keys).values()})
        for start in range(0, len(paths), _BATCH_FILES):
            futures = []
            for path in paths[start : start + _BATCH_FILES]:
                record = store.file(path)
                source = read_source(self._workspace.root, path, self._settings)
                if record is None or isinstance(source, Skipped) or source.content_hash != record.content_hash:
                    continue
                futures.append(entries_of(self._workspace.resources, path, source))
            for future in futures:
                try:
                    entries = future.result()
                except VizslaError as error:
                    logger.warning("not read again: %s", error)
                    continue
                store.require_vectors(
                    (entry.content_hash, entry.model_text) for entry in entries if entry.content_hash in hashes
                )

    def _read_and_parse(
        self,
        changed: Sequence[FoundFile],
        known: dict[str, FileRecord],
        gone: dict[str, FileRecord],
        done: Reconciled,
        report: Report,
        cancelled: Cancelled,
        *,
        force: bool,
    ) -> None:
        """Read, parse and store ``changed``; what turns out to be a renamed file leaves ``gone``."""
        by_hash = {record.content_hash: path for path, record in gone.items() if record.state is FileState.INDEXED}
        waiting: deque[tuple[FileRecord, Future[list[IndexEntry]]]] = deque()
        ready: list[FileChange] = []
        written = time.monotonic()
        for count, file in enumerate(changed):
            if cancelled():
                done.is_complete = False
                break
            outcome = self._read(file, done)
            if outcome is None:
                continue
            record, source = outcome
            old = known.get(file.path)
            if source is None:
                done.skipped += 1
                ready.append(FileChange(record=record, entries=()))
            elif old is not None and not force and _is_unchanged(old, record):
                self._workspace.store.touch_files([record])
            elif (origin := self._renamed_from(record, by_hash)) is not None:
                self._workspace.store.rename_files({origin: record.path})
                self._workspace.store.touch_files([record])
                gone.pop(origin)
                by_hash.pop(record.content_hash)
                done.renamed += 1
            else:
                waiting.append((record, entries_of(self._workspace.resources, record.path, source)))
            while waiting and (len(waiting) >= _WINDOW or waiting[0][1].done()):
                ready.append(self._parsed(*waiting.popleft(), done))
            if len(ready) >= _BATCH_FILES or (ready and time.monotonic() - written > _BATCH_SECONDS):
                self._write(ready, done)
                ready, written = [], time.monotonic()
                report(Progress(stage=Stage.PARSE, done=count + 1 - len(waiting), total=len(changed)))
        if cancelled():
            done.is_complete = False
        for record, future in waiting:
            if not (done.is_complete or future.done()) and future.cancel():
                continue
            ready.append(self._parsed(record, future, done))
        self._write(ready, done)
        report(Progress(stage=Stage.PARSE, done=len(changed), total=len(changed)))

    def _read(self, file: FoundFile, done: Reconciled) -> tuple[FileRecord, SourceText | None] | None:
        """The record of a file and its text; None when it vanished or would not hold still."""
        if file.skip_reason is not None:
            return _record(file, content_hash=b"", language="", reason=file.skip_reason), None
        for attempt in range(_UNSTABLE_TRIES):
            outcome = read_source(self._workspace.root, file.path, self._settings)
            if isinstance(outcome, SourceText):
                if outcome.is_stable or attempt == _UNSTABLE_TRIES - 1:
                    done.is_complete &= outcome.is_stable
                    return _record_of(file, outcome), outcome
                time.sleep(0.02)
                continue
            if outcome.is_vanished:
                return None
            return _record(file, content_hash=b"", language="", reason=outcome.reason), None
        return None

    def _renamed_from(self, record: FileRecord, by_hash: dict[bytes, str]) -> str | None:
        """The path that a new file had before, if nothing that is parsed from it depends on the change of path."""
        origin = by_hash.get(record.content_hash)
        if origin is None or self._workspace.store.file(record.path) is not None:
            return None
        before = self._workspace.store.file(origin)
        same = before is not None and before.language == record.language
        return origin if same and module_name_of(origin) == module_name_of(record.path) else None

    def _parsed(self, record: FileRecord, future: Future[list[IndexEntry]], done: Reconciled) -> FileChange:
        try:
            entries = future.result()
        except (VizslaError, CancelledError) as error:
            logger.warning("%s: not indexed: %s", record.path, error)
            done.failed += 1
            return FileChange(record=_failed(record, str(error)), entries=())
        limit = self._settings.max_functions_per_file
        if len(entries) > limit:
            done.skipped += 1
            reason = f"has {len(entries)} functions, more than max_functions_per_file ({limit})"
            return FileChange(record=_failed(record, reason), entries=())
        done.parsed += 1
        return FileChange(record=record, entries=entries)

    def _write(self, changes: list[FileChange], done: Reconciled) -> None:
        if not changes:
            return
        for delta in self._workspace.store.replace_files(changes):
            done.functions_added += len(delta.added)
            self._forget(delta.removed, done)

    def _forget(self, removed: Sequence[FunctionKey], done: Reconciled) -> None:
        done.functions_removed += len(removed)
        done.removed_keys.extend(removed)
        self._workspace.forget_vectors(removed)


def _is_same(record: FileRecord | None, file: FoundFile) -> bool:
    if record is None or record.mtime_ns < 0:
        return False
    if file.skip_reason is not None:
        return record.reason == file.skip_reason
    return (record.size, record.mtime_ns, record.inode) == (file.size, file.mtime_ns, file.inode)


def _is_unchanged(old: FileRecord, new: FileRecord) -> bool:
    return old.content_hash == new.content_hash and old.language == new.language and old.state is not FileState.SKIPPED


def _record_of(file: FoundFile, source: SourceText) -> FileRecord:
    # A file written this moment may be written again within the same tick of its clock: never trust its stamp.
    is_racy = source.mtime_ns > time.time_ns() - _RACY_NANOSECONDS or not source.is_stable
    return FileRecord(
        path=file.path,
        size=source.size,
        mtime_ns=-1 if is_racy else source.mtime_ns,
        inode=source.inode,
        content_hash=source.content_hash,
        language=source.language or TEXT,
        state=FileState.INDEXED,
        reason="",
    )


def _record(file: FoundFile, *, content_hash: bytes, language: str, reason: str) -> FileRecord:
    return FileRecord(
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        inode=file.inode,
        content_hash=content_hash,
        language=language,
        state=FileState.SKIPPED,
        reason=reason,
    )


def _failed(record: FileRecord, reason: str) -> FileRecord:
    return replace(record, state=FileState.FAILED, reason=reason)
