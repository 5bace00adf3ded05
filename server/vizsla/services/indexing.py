"""Reconcile: makes the stored functions of a workspace equal to its files, redoing only what changed.

It does not know of vectors: what still lacks one is left in the store's list of pending texts for ``embedding``.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterable

from vizsla.index.records import FileRecord
from vizsla.services.discovery import FoundFile, scan
from vizsla.services.ignoring import IgnoreRules
from vizsla.services.intake import Intake, Reconciled
from vizsla.services.progress import Cancelled, Progress, Report, Stage, never, unheard
from vizsla.services.stamps import is_same, settings_stamp
from vizsla.services.workspace import Workspace

__all__ = ["IndexingService", "Order", "Reconciled"]

RECONCILED_AT = "reconciled_at"
"""Name of the store's note of when disk and store were last compared to the end, in seconds since 1970."""

_SETTINGS = "index_settings"

Order = Callable[[list[FoundFile]], list[FoundFile]]


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
            WorkerDiedError: no parse worker can be started; what was parsed by then is kept.
            CacheError: the index cannot be read or written; what was stored by then is kept.
        """
        started = time.monotonic()
        store, done = self._workspace.store, Reconciled()
        report(Progress(stage=Stage.SCAN, done=0, total=0))
        found = {file.path: file for file in scan(self._workspace.root, self._settings, cancelled=cancelled)}
        done.scanned = len(found)
        if cancelled():  # perhaps before the end of the scan, so nothing is known to be gone
            done.is_complete = False
            return done
        settings = settings_stamp(self._settings)
        force = force or store.meta(_SETTINGS) not in (None, settings)
        known = store.files()
        gone = known.keys() - found.keys()
        changed = [file for file in found.values() if force or not is_same(known.get(file.path), file)]
        if order is not None:
            changed = order(changed)
        report(Progress(stage=Stage.SCAN, done=len(found), total=len(found)))
        if self._apply(changed, known, gone, done, report, cancelled, force=force):
            if store.meta(_SETTINGS) != settings:
                store.set_meta(_SETTINGS, settings)
            store.set_meta(RECONCILED_AT, str(time.time()))
        done.seconds = time.monotonic() - started
        return done

    def update(self, paths: Iterable[str]) -> Reconciled:
        """Bring single files up to date, by their relative paths; a path that is gone or ignored is removed.

        What cannot be judged by itself is left alone and makes the result incomplete: a folder, a link, an ignore
        file. Then reconcile.
        """
        started = time.monotonic()
        done, known = Reconciled(), self._workspace.store.files()
        rules = IgnoreRules(self._workspace.root, self._settings.exclude)
        files: list[FoundFile] = []
        gone: set[str] = set()
        for path in dict.fromkeys(paths):
            if rules.are_changed_by(path):
                done.is_complete = False
            file = self._found(path)
            if file is None or rules.is_ignored(path):
                gone.update({path} & known.keys())
                # What was below a folder that is gone is not asked for by its own name.
                done.is_complete &= path in known or not any(other.startswith(path + "/") for other in known)
            elif file.skip_reason is not None:
                done.is_complete = False
            else:
                files.append(file)
        done.scanned = len(files)
        self._apply(files, known, gone, done, unheard, never, force=False)
        done.seconds = time.monotonic() - started
        return done

    def _apply(
        self,
        changed: list[FoundFile],
        known: dict[str, FileRecord],
        gone: set[str],
        done: Reconciled,
        report: Report,
        cancelled: Cancelled,
        *,
        force: bool,
    ) -> bool:
        """Store what changed and forget what is gone; False when that was cancelled."""
        intake = Intake(self._workspace, known, gone, done, report=report, force=force)
        if not intake.take(changed, cancelled):
            done.is_complete = False
            return False
        if gone:
            removed = self._workspace.store.remove_files(sorted(gone))
            self._workspace.kept_vectors.remove(removed)
            done.functions_removed += len(removed)
            done.removed = len(gone)
        return True

    def _found(self, path: str) -> FoundFile | None:
        """What is at a path; None when nothing is."""
        try:
            status = (self._workspace.root / path).lstat()
        except (OSError, ValueError):
            return None
        return FoundFile(
            path=path,
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            inode=status.st_ino,
            skip_reason=None if stat.S_ISREG(status.st_mode) else "not a regular file",
        )
