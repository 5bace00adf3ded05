"""One root that is indexed: its directory in the cache, its store, its vectors, its lock. The composition root."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from vizsla.core.errors import CacheError, VizslaError, WorkspaceError
from vizsla.index.database import DamagedError
from vizsla.index.files import sweep_temporaries
from vizsla.index.lock import WriterLock
from vizsla.index.store import FILE_NAME, Store
from vizsla.index.vectors import VectorIndex
from vizsla.services.discovery import check_root
from vizsla.services.index_directory import LOCK_NAME, inode_of, make_index_directory, workspace_directory
from vizsla.services.overlay import Overlay
from vizsla.services.resources import Resources
from vizsla.services.vector_keeping import VectorKeeping, save_quietly
from vizsla.services.view import View

if TYPE_CHECKING:
    from vizsla.core.types import Fingerprint

__all__ = ["View", "Workspace"]

logger = logging.getLogger(__name__)

_OPEN_TRIES, _OPEN_SECONDS = 10, 0.1
_CLOSE_SECONDS = 5.0  # that closing waits for upkeep to come to a safe point
_RETIRED_SECONDS = 60.0  # no question takes as long, so then nobody reads from a store that was replaced


class Workspace:
    """A root directory with everything that is open for it.

    The first process to come is the writer; a later one reads, and may become the writer when the first is gone.
    """

    def __init__(self, root: Path, resources: Resources) -> None:
        """Open or make the index of ``root``.

        Raises:
            WorkspaceError: the root is no readable directory.
            IndexBusyError: the index is blocked by another process.
        """
        self.root = check_root(root.expanduser())
        self.resources = resources
        self.repairs: list[str] = []  # what was found broken and mended, one sentence each
        self.directory = workspace_directory(resources.cache_directory, self.root)
        self.upkeeping = threading.RLock()
        """Held while the store is changed: by one run of ``Upkeep`` at a time, and to close."""
        self.is_writer = False
        self.is_damaged = False
        """Whether a reader met damage in the store: ``reopen`` mends it."""
        self.overlay = Overlay(self)
        """The open buffers, which count instead of their files."""
        self._lock = threading.RLock()
        self._is_closing = self._is_closed = False
        self._retired: list[tuple[float, Store]] = []
        self._writer_lock: WriterLock | None = None
        self._inode = 0
        try:
            self._store, self._vectors = self._open()
        except CacheError as error:
            self._store, self._vectors = self._in_memory(error)

    @property
    def store(self) -> Store:
        """Files, functions and words. Whoever needs the vectors to it takes both from ``view``.

        Raises:
            WorkspaceError: the workspace was closed.
        """
        if self._is_closed:
            raise WorkspaceError(f"{self.root} was closed; open the workspace again")
        return self._store

    @property
    def vectors(self) -> VectorIndex | None:
        """Vectors of the functions under the retriever in use, loaded or rebuilt when first asked for."""
        return self.view().vectors

    @property
    def is_persistent(self) -> bool:
        """Whether the index outlives this process."""
        return self._writer_lock is not None

    @property
    def is_closing(self) -> bool:
        """Whether ``close`` was called: long work shall come to its end."""
        return self._is_closing

    @property
    def fingerprint(self) -> Fingerprint | None:
        """The fingerprint of the retriever in use; None when answers come from words alone."""
        models = self.resources.models
        return models.fingerprint if models else None

    def current_store(self) -> Store:
        """The store, never one that is being replaced at this moment.

        Raises:
            WorkspaceError: the workspace was closed.
        """
        with self._lock:
            return self.store

    def view(self) -> View:
        """Store and vectors as they are now, with what another process wrote meanwhile.

        Raises:
            WorkspaceError: the workspace was closed.
            CacheError: the index cannot be read.
        """
        with self._lock:
            if not self.is_writer:
                self._follow_file()
            store, vectors = self.store, self._vectors
        return View(store=store, vectors=vectors.index(follow=not self.is_writer), overlay=self.overlay)

    @property
    def kept_vectors(self) -> VectorKeeping:
        """The vectors with all that is needed to change and save them, for the one who writes."""
        return self._vectors

    def save_vectors(self, *, only_if_many: bool = False) -> None:
        """Write the vectors beside the store, when they changed and this process is the writer."""
        if self.is_writer and self.is_persistent:
            save_quietly(self._vectors, self.repairs, only_if_many=only_if_many)

    def reopen(self) -> None:
        """Open the store again after it proved damaged: that repairs it, and the next reconcile fills it."""
        with self._lock:
            self.store.close()  # moves it aside; who reads at this moment fails, and asks again
            self.is_damaged = False
            try:
                self._store, self._vectors = self._open() if self.is_persistent else self._in_memory()
            except CacheError as error:
                self._store, self._vectors = self._in_memory(error)

    def become_writer(self) -> bool:
        """Take the writer's place if it is free; True when this process now writes.

        An index whose directory was deleted meanwhile is begun anew.

        Raises:
            CacheError: the index cannot be opened.
        """
        with self._lock:
            lock = self._writer_lock
            if self._is_closing:
                return False
            if self.is_writer and (lock is None or lock.is_held):
                return True
            if self.is_writer:
                self._note(f"the index in {self.directory} was deleted and is built again")
                # Before the new one is there: closing a database deletes the journal of whatever has its name.
                self._store.close()
                try:
                    self._store, self._vectors = self._open()
                except CacheError as error:
                    self._store, self._vectors = self._in_memory(error)
            elif lock is not None:
                make_index_directory(self.resources.cache_directory, self.directory)  # the index may have been cleared
                if lock.try_acquire():
                    before = self._store
                    self._store, self._vectors = self._open()
                    self._retire(before)
            return self.is_writer

    def close(self) -> None:
        """Save the vectors, close the store, give the lock back. Safe to call twice, and while upkeep runs."""
        with self._lock:
            if self._is_closing:
                return
            self._is_closing = True  # upkeep stops at its next safe point
        self.overlay.stop()
        is_quiet = self.upkeeping.acquire(timeout=_CLOSE_SECONDS)
        try:
            with self._lock, contextlib.ExitStack() as stack:
                self._is_closed = True
                stack.callback(self._release)
                for _, store in self._retired:
                    stack.callback(store.close)
                stack.callback(self._store.close)
                if is_quiet:
                    self.save_vectors()
        except VizslaError as error:  # what cannot be saved is built again
            logger.warning("%s", error)
        finally:
            if is_quiet:
                self.upkeeping.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> tuple[Store, VectorKeeping]:
        """Make the directory, take the lock if it is free, open the store."""
        make_index_directory(self.resources.cache_directory, self.directory)
        sweep_temporaries(self.directory)
        if self._writer_lock is None:
            self._writer_lock = WriterLock(self.directory / LOCK_NAME)
        self.is_writer = self._writer_lock.try_acquire()
        try:
            store = self._open_store()
            try:
                self._sign(store)
            except DamagedError as error:
                logger.warning("%s", error)
                store.close()
                store = self._open_store()
                self._sign(store)
            return self._with_vectors(store)
        except BaseException:
            self._release()
            raise

    def _sign(self, store: Store) -> None:
        """Write into the store whose it is, if it does not say so; this also looks at a first part of it."""
        root = str(self.root).encode("utf-8", "backslashreplace").decode()  # a folder's name may be no text
        if store.meta("root") != root and self.is_writer:
            store.set_meta("root", root)

    def _in_memory(self, reason: CacheError | None = None) -> tuple[Store, VectorKeeping]:
        """A store that needs no directory."""
        if reason is not None:
            logger.warning("%s", reason)
            self._note(f"{reason}; the index is kept in memory and is gone when this process ends")
        self._release()
        self._writer_lock, self.is_writer = None, True
        return self._with_vectors(Store.in_memory())

    def _open_store(self) -> Store:
        if self.is_writer:
            return Store.open(self.directory, writable=True)
        for _ in range(_OPEN_TRIES):
            try:
                return self._open_to_read()
            except CacheError:
                time.sleep(_OPEN_SECONDS)  # the writer may be making it at this moment
        return self._open_to_read()

    def _open_to_read(self) -> Store:
        inode = inode_of(self.directory / FILE_NAME)
        store = Store.open(self.directory, writable=False)
        self._inode = inode  # taken before: if it is wrong, the store is opened once more, and that is all
        return store

    def _with_vectors(self, store: Store) -> tuple[Store, VectorKeeping]:
        for sentence in store.repairs:
            self._note(sentence)
        return store, VectorKeeping(store, self.directory if self.is_persistent else None, self.resources)

    def _follow_file(self) -> None:
        """Open the store again if the writer put another one in its place."""
        if self._is_closed or inode_of(self.directory / FILE_NAME) in (0, self._inode):
            return
        try:
            store = self._open_to_read()
        except CacheError as error:  # not ready yet; the old one answers
            logger.info("%s", error)
            return
        self._retire(self._store)
        self._store, self._vectors = self._with_vectors(store)

    def _retire(self, store: Store) -> None:
        """Close a store when nobody can be reading from it any more."""
        now = time.monotonic()
        for since, old in self._retired:
            if now - since > _RETIRED_SECONDS:
                old.close()
        self._retired = [(since, old) for since, old in self._retired if now - since <= _RETIRED_SECONDS]
        self._retired.append((now, store))

    def _release(self) -> None:
        if self._writer_lock is not None:
            self._writer_lock.release()
        self.is_writer = False

    def _note(self, sentence: str) -> None:
        if sentence not in self.repairs:
            self.repairs.append(sentence)
