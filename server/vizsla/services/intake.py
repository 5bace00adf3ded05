"""Takes changed files in: reads them, has them parsed, and stores what came of it, some files in a transaction.

A file that was only moved, touched or copied back is known by its bytes and costs no parsing.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, wait
from dataclasses import dataclass, field

from vizsla.core.errors import VizslaError, WorkerDiedError
from vizsla.core.types import ContentHash, FunctionKey, IndexEntry
from vizsla.index.records import FileChange, FileRecord, FileState
from vizsla.parsing.functions import module_name_of
from vizsla.services import stamps
from vizsla.services.discovery import FoundFile
from vizsla.services.entries import entries_of
from vizsla.services.meanwhile import NOTHING, Meanwhile
from vizsla.services.progress import Cancelled, Progress, Report, Stage, never, unheard
from vizsla.services.reading import SourceText, read_source
from vizsla.services.skipping import SkipReason
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

UNREAD = "unread"
"""Name of the store's note of how many files were found changed and are not read yet."""

_BATCH_FILES = 64  # files in one transaction: small enough that a kill loses little
_BATCH_SECONDS = 0.5
_UNSTABLE_TRIES = 3
_UNSTABLE_SECONDS = 0.02
_LAST_SECONDS = 0.25  # for files that are being parsed when somebody wants to stop, or to go first
_POLL_SECONDS = 0.05  # between two looks at whether somebody does
_MOST_TEXTS = 2_000
_WINDOW = 64  # files with the parse workers at once: enough that they never wait for us


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsing:
    """A file that the parse workers have."""

    file: FoundFile
    record: FileRecord
    future: Future[list[IndexEntry]]


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
    new_texts: list[ContentHash] = field(default_factory=list)  # of added functions, the first few thousand
    is_complete: bool = True  # False: cancelled, or a file kept changing while it was read or could not be
    seconds: float = 0.0


class Intake:
    """The changed files of one reconcile. Made for it, used by one thread."""

    def __init__(
        self,
        workspace: Workspace,
        known: Mapping[str, FileRecord],
        gone: set[str],
        done: Reconciled,
        *,
        report: Report = unheard,
        unread: int = 0,
    ) -> None:
        """Begin.

        Args:
            workspace: whose store is changed.
            known: all files of the store.
            gone: of these, the paths where no file is any more; what turns out to be moved leaves the set, what
                vanishes meanwhile joins it.
            done: counted up.
            report: told of progress, in files.
            unread: files that are known to be unread besides these.
        """
        self._workspace, self._store = workspace, workspace.store
        self._known, self._gone, self._done = known, gone, done
        self._report = report
        self._gone_alike: defaultdict[Hashable, list[str]] = defaultdict(list)
        for path in sorted(gone, reverse=True):
            if _is_indexed(known[path]):
                self._gone_alike[_likeness(known[path])].append(path)
        self._unread = unread
        self._parsing: deque[_Parsing] = deque()
        self._changes: list[FileChange] = []
        self._moves: dict[str, str] = {}
        self._touched: list[FileRecord] = []
        self._settled = self._total = 0  # files
        self._written = time.monotonic()

    def take(self, files: Sequence[FoundFile], cancelled: Cancelled = never, meanwhile: Meanwhile = NOTHING) -> bool:
        """Read, parse and store files; False when that was cancelled. What was done by then is kept.

        Args:
            files: in the order in which they are read.
            cancelled: asked often.
            meanwhile: goes first whenever it wants to; it may change the store.

        Raises:
            WorkerDiedError: there are no parse workers; what was parsed by then is kept.
            CacheError: the store cannot be written.
        """
        self._total = len(files)
        self._write()
        remaining = deque(files)
        try:
            while (remaining or self._parsing) and not cancelled():
                if meanwhile.is_wanted():
                    remaining.extend(self._make_room())
                    self._gone.difference_update(meanwhile.attend())
                if (order := meanwhile.order()) is not None:
                    remaining = deque(order(list(remaining)))
                if remaining and len(self._parsing) < _WINDOW:
                    self._look_at(remaining.popleft())
                elif self._parsing:
                    wait((self._parsing[0].future,), _POLL_SECONDS)
                while self._parsing and self._parsing[0].future.done():
                    self._collect()
                    self._write_if_many()
                self._write_if_many()
            left = [*remaining, *self._make_room()]
        except WorkerDiedError:
            self._write()
            raise
        finally:
            for parsing in self._parsing:
                parsing.future.cancel()
        return not left

    def _make_room(self) -> list[FoundFile]:
        """Store what the parse workers have done or do in moments, and take back the rest."""
        running = [parsing.future for parsing in self._parsing if not parsing.future.cancel()]
        wait(running, _LAST_SECONDS)
        back: list[FoundFile] = []
        for _ in range(len(self._parsing)):
            if self._parsing[0].future.done() and not self._parsing[0].future.cancelled():
                self._collect()
            else:
                back.append(self._parsing.popleft().file)
        self._write()
        return back

    def _look_at(self, file: FoundFile) -> None:
        outcome = self._read(file)
        if outcome is None:
            self._settled += 1
            if file.path in self._known:
                self._gone.add(file.path)
            return
        record, source = outcome
        old = self._known.get(file.path)
        if old is not None and record.reason == SkipReason.UNREADABLE and _is_indexed(old):
            logger.warning("%s: %s; what is known of it is kept", file.path, record.reason)
            self._done.is_complete &= stamps.is_unread(old)  # try again at once, and from then on now and then
            self._touched.append(stamps.unread(old))
        elif source is None:
            self._done.skipped += 1
            self._changes.append(FileChange(record=record, entries=()))
        elif old is not None and stamps.is_unchanged(old, record):
            self._touched.append(record)
        elif old is None and (origin := self._origin_of(record)) is not None:
            self._moves[origin] = record.path
            self._touched.append(record)
        else:
            future = entries_of(self._workspace.resources, record.path, source)
            self._parsing.append(_Parsing(file=file, record=record, future=future))

    def _read(self, file: FoundFile) -> tuple[FileRecord, SourceText | None] | None:
        """The record of a file and its text; None when it vanished."""
        if file.skip_reason is not None:
            return stamps.skipped(file, file.skip_reason), None
        attempt = 1
        while True:
            outcome = read_source(self._workspace.root, file.path, self._workspace.resources.settings.index)
            if not isinstance(outcome, SourceText):
                return None if outcome.is_vanished else (stamps.skipped(file, outcome.reason), None)
            if outcome.is_stable or attempt == _UNSTABLE_TRIES:
                self._done.is_complete &= outcome.is_stable
                return stamps.indexed(file, outcome), outcome
            attempt += 1
            time.sleep(_UNSTABLE_SECONDS)

    def _origin_of(self, record: FileRecord) -> str | None:
        """The path that a new file had before, if nothing that is parsed from it depends on the change of path."""
        origins = self._gone_alike.get(_likeness(record), [])
        while origins:
            path = origins.pop()
            if path in self._gone:  # else it came back
                self._gone.discard(path)
                return path
        return None

    def _collect(self) -> None:
        """The file that was given to the parse workers first, parsed."""
        parsing = self._parsing.popleft()
        record = parsing.record
        try:
            entries = parsing.future.result()
        except (WorkerDiedError, CancelledError) as error:  # not the file's fault: it is as unread as it was
            self._done.is_complete = False
            raise WorkerDiedError(str(error) or "the parse workers were closed; index again") from error
        except VizslaError as error:
            logger.warning("%s: not indexed: %s", record.path, error)
            self._done.failed += 1
            self._changes.append(FileChange(record=stamps.failed(record, str(error)), entries=()))
            return
        limit = self._workspace.resources.settings.index.max_functions_per_file
        if len(entries) > limit:
            self._done.failed += 1
            reason = f"has {len(entries)} functions, more than max_functions_per_file ({limit})"
            self._changes.append(FileChange(record=stamps.failed(record, reason), entries=()))
            return
        self._done.parsed += 1
        self._changes.append(FileChange(record=record, entries=entries))

    def _write_if_many(self) -> None:
        count = len(self._changes) + len(self._touched)
        if count >= _BATCH_FILES or (count > 0 and time.monotonic() - self._written > _BATCH_SECONDS):
            self._write()

    def _write(self) -> None:
        """Store what is ready. Moves come first: the new stamps are of the new paths."""
        if self._moves:
            self._forget(self._store.rename_files(self._moves))
            self._done.renamed += len(self._moves)
        if self._touched:
            self._store.touch_files(self._touched)
        if self._changes:
            for delta in self._store.replace_files(self._changes):
                self._done.functions_added += len(delta.added)
                if len(self._done.new_texts) < _MOST_TEXTS:
                    self._done.new_texts.extend(content_hash for _, content_hash in delta.added)
                self._forget(delta.removed)
        self._settled += len(self._touched) + len(self._changes)
        self._moves, self._touched, self._changes = {}, [], []
        self._written = time.monotonic()
        unread = str(self._unread + self._total - self._settled)
        if self._store.meta(UNREAD) != unread:
            self._store.set_meta(UNREAD, unread)
        self._report(Progress(stage=Stage.PARSE, done=self._settled, total=self._total))

    def _forget(self, removed: Sequence[FunctionKey]) -> None:
        self._done.functions_removed += len(removed)
        self._workspace.kept_vectors.remove(removed)


def _is_indexed(record: FileRecord) -> bool:
    """Whether what is stored of a file is what was in it."""
    return record.state is FileState.INDEXED and not stamps.is_stale(record)


def _likeness(record: FileRecord) -> Hashable:
    """What two files have in common of which the same is parsed: many are empty, so their bytes alone say little."""
    return record.content_hash, record.language, module_name_of(record.path)
