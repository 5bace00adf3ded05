"""Reconcile: makes the stored functions of a workspace equal to its files, redoing only what changed.

It does not know of vectors: what still lacks one is left in the store's list of pending texts for ``embedding``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from vizsla.core.settings import IndexSettings
from vizsla.services.discovery import FoundFile, check_root, look_at, scan, unseen
from vizsla.services.ignoring import IgnoreRules
from vizsla.services.intake import UNREAD, Intake, Reconciled
from vizsla.services.meanwhile import NOTHING, Meanwhile, Order
from vizsla.services.progress import Cancelled, Progress, Report, Stage, never, unheard
from vizsla.services.stamps import is_same, settings_stamp, stale
from vizsla.services.workspace import Workspace

__all__ = ["IndexingService", "Order", "Reconciled"]

RECONCILED_AT = "reconciled_at"
"""Name of the store's note of when disk and store were last compared to the end, in seconds since 1970."""

_SETTINGS = "index_settings"
_MOST_FILES = 1_000  # in one update: reconcile tells how far it is and lets others go first


class IndexingService:
    """Keeps the store of one workspace equal to the disk. One thread at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._rules: IgnoreRules | None = None  # of the last reconcile: which repository this is may change

    def reconcile(
        self,
        *,
        report: Report = unheard,
        cancelled: Cancelled = never,
        order: Order | None = None,
        force: bool = False,
        meanwhile: Meanwhile = NOTHING,
        entering: Callable[[str], None] = unseen,
    ) -> Reconciled:
        """Compare the disk with the store and bring the store up to date.

        Args:
            report: told of progress, in files.
            cancelled: asked between files; what is done by then is kept.
            order: puts the changed files into the order in which they are parsed.
            force: parse every file again, also unchanged ones; what was not done when this returns is done next time,
                without force.
            meanwhile: goes first whenever it wants to; it may call ``update``.
            entering: told of each folder before it is listed.

        Raises:
            WorkspaceError: the root is gone or cannot be read.
            WorkerDiedError: no parse worker can be started; what was parsed by then is kept.
            CacheError: the index cannot be read or written; what was stored by then is kept.
        """
        started = time.monotonic()
        store, done = self._workspace.store, Reconciled()
        report(Progress(stage=Stage.SCAN, done=0, total=0))
        present: set[str] = set()  # files that came while we scanned, perhaps behind our back

        def attended() -> bool:
            if meanwhile.is_wanted():
                present.update(meanwhile.attend())
            return cancelled()

        root = check_root(self._workspace.root)
        self._expire(force)  # before the scan, so that who asked for it need not ask again, whenever this ends
        self._rules = rules = IgnoreRules(root, self._settings.exclude)
        found = {
            file.path: file
            for file in scan(self._workspace.root, self._settings, cancelled=attended, rules=rules, entering=entering)
        }
        done.scanned = len(found)
        if cancelled():  # perhaps before the end of the scan, so nothing is known to be gone
            done.is_complete = False
            return done
        known = store.files()
        gone = known.keys() - found.keys() - present
        changed = [file for file in found.values() if not is_same(known.get(file.path), file)]
        if order is not None:
            changed = order(changed)
        report(Progress(stage=Stage.SCAN, done=len(found), total=len(found)))
        intake = Intake(self._workspace, known, gone, done, report=report)
        if not intake.take(changed, cancelled, meanwhile):
            done.is_complete = False
        else:
            self._forget(gone, done)
            store.set_meta(RECONCILED_AT, str(time.time()))
        done.seconds = time.monotonic() - started
        return done

    def update(
        self, paths: Iterable[str], *, cancelled: Cancelled = never, entering: Callable[[str], None] = unseen
    ) -> Reconciled:
        """Bring files and folders up to date, by their relative paths; what is gone or ignored is removed.

        A change of what is ignored, by an ignore file, makes the result incomplete, and so does a folder with many
        new files, for which nothing is done. Then reconcile.

        Args:
            paths: files are read whatever their stamps say; of a folder, there or gone, all that is below.
            cancelled: asked often; what is done by then is kept.
            entering: told of each folder before it is listed.

        Raises:
            WorkspaceError: the root is gone or cannot be read; nothing was changed.
            WorkerDiedError: as ``reconcile``.
            CacheError: likewise.
        """
        started = time.monotonic()
        root, store, done = check_root(self._workspace.root), self._workspace.store, Reconciled()
        if self._rules is None:
            self._rules = IgnoreRules(root, self._settings.exclude)
        rules, wanted = self._rules, list(dict.fromkeys(path.strip("/") for path in paths))
        known = store.files_at(wanted)
        files: dict[str, FoundFile] = {}  # to be read
        present: set[str] = set()
        for path in wanted:
            if not path or rules.are_changed_by(path):
                done.is_complete = False
            found = look_at(root, path)
            if found == "folder":
                for file in scan(root, self._settings, cancelled=cancelled, rules=rules, below=path, entering=entering):
                    present.add(file.path)
                    if not is_same(known.get(file.path), file):
                        files[file.path] = file
                if cancelled() or len(files) > _MOST_FILES:
                    done.is_complete = False
                    return done
            elif found is not None and not rules.is_ignored(path):
                present.add(path)
                files[path] = found
        done.scanned = len(present)
        gone = known.keys() - present
        intake = Intake(self._workspace, known, gone, done, unread=int(store.meta(UNREAD) or 0))
        intake.take(list(files.values()))
        self._forget(gone, done)
        done.seconds = time.monotonic() - started
        return done

    @property
    def _settings(self) -> IndexSettings:
        """As they are now: a running server is given others."""
        return self._workspace.resources.settings.index

    def _expire(self, force: bool) -> None:
        """Note in each file's record that it is to be parsed again, where that is so: what is interrupted goes on."""
        store, settings = self._workspace.store, settings_stamp(self._settings)
        if force or store.meta(_SETTINGS) != settings:
            store.touch_files(map(stale, store.files().values()))
            store.set_meta(_SETTINGS, settings)

    def _forget(self, gone: set[str], done: Reconciled) -> None:
        if gone:
            removed = self._workspace.store.remove_files(sorted(gone))
            self._workspace.kept_vectors.remove(removed)
            done.functions_removed += len(removed)
            done.removed = len(gone)
