"""One root that is indexed: its directory in the cache, its store, its vectors, its lock. The composition root."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from blake3 import blake3

from vizsla.core.errors import CacheError
from vizsla.index.files import cache_root, private_directory, sweep_temporaries
from vizsla.index.lock import WriterLock
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex
from vizsla.services.discovery import check_root
from vizsla.services.resources import Resources

if TYPE_CHECKING:
    from vizsla.core.types import Fingerprint, FunctionKey

logger = logging.getLogger(__name__)
_BATCH = 10_000
LOCK_NAME = "writer.lock"
_OPEN_TRIES, _OPEN_SECONDS = 10, 0.1


class Workspace:
    """A root directory with everything that is open for it.

    The first process to come is the writer; a later one reads, and may become the writer when the first is gone.
    """

    def __init__(self, root: Path, resources: Resources) -> None:
        """Open or make the index of ``root``.

        Raises:
            WorkspaceError: the root is no readable directory.
        """
        self.root = check_root(root.expanduser())
        self.resources = resources
        self.repairs: list[str] = []  # what was found broken at the start and mended, one sentence each
        self.directory = workspace_directory(resources.cache_directory, self.root)
        self._lock = threading.RLock()
        self._vectors: VectorIndex | None = None
        self._vectors_saved_generation = -1
        self._writer_lock: WriterLock | None = None
        try:
            cache_root(resources.cache_directory)
            private_directory(self.directory.parent)
            private_directory(self.directory)
            sweep_temporaries(self.directory)
            self._writer_lock = WriterLock(self.directory / LOCK_NAME)
            self.is_writer = self._writer_lock.try_acquire()
            self.store = self._open_store()
        except CacheError as error:
            logger.warning("%s", error)
            self.repairs.append(f"{error}; the index is kept in memory and is gone when this process ends")
            self.is_writer = True
            self._writer_lock = None
            self.store = Store.in_memory()
        self.repairs.extend(self.store.repairs)
        if self.is_writer and self.is_persistent:
            self.store.set_meta("root", str(self.root))

    @property
    def is_persistent(self) -> bool:
        """Whether the index outlives this process."""
        return self._writer_lock is not None

    @property
    def fingerprint(self) -> Fingerprint | None:
        """The fingerprint of the retriever in use; None when answers come from words alone."""
        models = self.resources.models
        return models.fingerprint if models else None

    @property
    def vectors(self) -> VectorIndex | None:
        """Vectors of the functions under the retriever in use, loaded or rebuilt when first asked for."""
        models = self.resources.models
        if models is None:
            return None
        with self._lock:
            if self._vectors is None:
                self._vectors = self._load_vectors(models.fingerprint, models.dimension)
            return self._vectors

    def save_vectors(self) -> None:
        """Write the vectors beside the store, when they changed and this process is the writer."""
        with self._lock:
            vectors, fingerprint = self._vectors, self.fingerprint
            generation = self.store.generation
            if vectors is None or fingerprint is None or not (self.is_writer and self.is_persistent):
                return
            if generation == self._vectors_saved_generation or self.store.pending_count:
                return
            try:
                vectors.save(self.directory, generation, fingerprint, identity=self.store.identity)
                self._vectors_saved_generation = generation
            except CacheError as error:  # the vectors are a cache: the next start rebuilds them
                logger.warning("%s", error)
                self.repairs.append(str(error))

    def reopen(self) -> None:
        """Open the store again after it proved damaged: that repairs it, and the next reconcile fills it."""
        with self._lock:
            self.store.close()
            self.store = (
                Store.open(self.directory, writable=self.is_writer) if self.is_persistent else Store.in_memory()
            )
            self.repairs.extend(self.store.repairs)
            self._vectors = None

    def forget_vectors(self, keys: Sequence[FunctionKey]) -> None:
        """Drop the vectors of functions that are gone."""
        with self._lock:
            if self._vectors is not None and keys:
                self._vectors.remove(keys)

    def become_writer(self) -> bool:
        """Take the writer's place if it is free; True when this process now writes."""
        if self.is_writer or self._writer_lock is None:
            return self.is_writer
        with self._lock:
            if self._writer_lock.try_acquire():
                self.store.close()
                self.store = Store.open(self.directory, writable=True)
                self._vectors = None
                self.is_writer = True
        return self.is_writer

    def close(self) -> None:
        """Save the vectors, close the store, give the lock back. Safe to call twice."""
        with self._lock:
            self.save_vectors()
            self.store.close()
            if self._writer_lock is not None:
                self._writer_lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_store(self) -> Store:
        for _ in range(_OPEN_TRIES):
            try:
                return Store.open(self.directory, writable=self.is_writer)
            except CacheError:
                if self.is_writer:
                    raise
                time.sleep(_OPEN_SECONDS)  # the writer may be making it at this moment
        return Store.open(self.directory, writable=False)

    def _load_vectors(self, fingerprint: Fingerprint, dimension: int) -> VectorIndex:
        vectors = VectorIndex(dimension)
        generation, identity = self.store.generation, self.store.identity
        if self.is_persistent:
            loaded = VectorIndex.load(self.directory, fingerprint, dimension=dimension, identity=identity)
            if loaded.index is not None:
                vectors = loaded.index
            if loaded.generation == generation:
                self._vectors_saved_generation = generation
                return vectors
        keys, hashes = self.store.all_keys_and_hashes()
        vectors.remove(np.setdiff1d(vectors.keys(), keys))
        missing = np.flatnonzero(~np.isin(keys, vectors.keys()))
        for start in range(0, len(missing), _BATCH):
            places = missing[start : start + _BATCH]
            found = self.resources.embeddings.get(fingerprint, [hashes[place] for place in places])
            held = [place for place in places if hashes[place] in found]
            if held:
                vectors.add(keys[held], np.stack([found[hashes[place]] for place in held]))
        return vectors


def workspace_directory(cache: Path, root: Path) -> Path:
    """Where the index of ``root`` lies: named after it for people, by its hash for us."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", root.name)[:40].strip("-") or "root"
    digest = blake3(str(root).encode("utf-8", "surrogateescape")).hexdigest(8)
    return cache / "workspaces" / f"{readable}-{digest}"
