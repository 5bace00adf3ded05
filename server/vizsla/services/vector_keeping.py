"""The vectors of one store: loaded or made from the machine-wide cache, kept up with another writer, saved."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import CacheError
from vizsla.core.types import Fingerprint, FunctionKey
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex
from vizsla.services.resources import Resources

logger = logging.getLogger(__name__)

_BATCH = 10_000
_MOST_UNSAVED = 0.02  # share of the vectors that may be left to the machine-wide cache until the workspace closes
_MOST_WAITING = 0.02  # share of the vectors that may wait to be added, for each time may move all others
_FEWEST_WAITING = 1_024
_REST = 10  # times as long as catching up took, nothing is caught up again: large indexes that change all the time


class VectorKeeping:
    """Vectors of the functions of one store under the retriever in use. Any thread may call it."""

    def __init__(self, store: Store, directory: Path | None, resources: Resources) -> None:
        """Take note of where the vectors are; nothing is read.

        Args:
            store: whose functions they are.
            directory: where they are saved; None for an index in memory.
            resources: hold the retriever and the machine-wide cache.
        """
        self._store = store
        self._directory = directory
        self._resources = resources
        self._loading = threading.Lock()
        self._saving = threading.Lock()
        self._index: VectorIndex | None = None
        self._saved: tuple[int, int] | None = None  # generation and number of vectors when they were last saved
        self._unsaved = 0
        self._waiting: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]] = []
        self._seen: tuple[int, int] | None = None  # generation and pending texts when we last caught up
        self._not_before = 0.0

    def index(self, *, follow: bool) -> VectorIndex | None:
        """The vectors, loaded when first asked for; None when answers come from words alone.

        Args:
            follow: another process writes the store, so look whether there is something new.

        Raises:
            CacheError: store or cache cannot be read.
        """
        models = self._resources.models
        if models is None:
            return None
        with self._loading:
            if self._index is None:
                self._seen = self._version()
                self._index = self._load(models.fingerprint, models.dimension)
            elif time.monotonic() >= self._not_before:
                self._catch_up(self._index, follow=follow)
            return self._index

    def add(self, keys: npt.NDArray[np.int64], rows: npt.NDArray[np.float32]) -> None:
        """Add vectors (n, dim) of ``keys`` (n,), none twice, soon: when there are many, somebody asks, or ``flush``."""
        index = self._index if self._index is not None else self.index(follow=False)
        with self._loading:
            if index is not None and len(keys):
                self._waiting.append((keys, rows))
                waiting = sum(len(some) for some, _ in self._waiting)
                if waiting >= max(_FEWEST_WAITING, _MOST_WAITING * len(index)):
                    self._add_waiting()

    def flush(self) -> None:
        """Add what waits to be added."""
        with self._loading:
            self._add_waiting()

    def remove(self, keys: Sequence[FunctionKey]) -> None:
        """Forget the vectors of functions that are gone."""
        with self._loading:
            if self._index is not None and keys:
                self._add_waiting()
                self._index.remove(keys)
                self._unsaved += len(keys)

    def fill(self) -> npt.NDArray[np.int64]:
        """Make the vectors those of the stored functions, from the machine-wide cache; keys still without one (n,)."""
        models, index = self._resources.models, self.index(follow=False)
        if models is None or index is None:
            return np.empty(0, dtype=np.int64)
        self.flush()
        return self._fill(index, models.fingerprint)

    def save(self, *, only_if_many: bool = False) -> None:
        """Write the vectors beside the store if they changed.

        Args:
            only_if_many: not for a few, which the next start finds in the machine-wide cache.

        Raises:
            CacheError: they could not be written.
        """
        self.flush()
        with self._saving:
            index, models = self._index, self._resources.models
            if index is None or models is None or self._directory is None:
                return
            # Before the vectors are looked at: what comes in between is found missing when they are loaded.
            version = (self._store.generation, len(index))
            if version == self._saved or (only_if_many and self._unsaved <= _MOST_UNSAVED * len(index)):
                return
            self._unsaved = 0
            index.save(self._directory, version[0], models.fingerprint, identity=self._store.identity)
            self._saved = version

    def _load(self, fingerprint: Fingerprint, dimension: int) -> VectorIndex:
        index = VectorIndex(dimension)
        if self._directory is not None:
            generation = self._store.generation
            loaded = VectorIndex.load(self._directory, fingerprint, dimension=dimension, identity=self._store.identity)
            if loaded.index is not None:
                index = loaded.index
                if loaded.generation == generation:
                    self._saved = (generation, len(index))
                    if len(index) == self._store.function_count:
                        return index
        self._fill(index, fingerprint)
        return index

    def _catch_up(self, index: VectorIndex, *, follow: bool) -> None:
        started = time.monotonic()
        self._add_waiting()
        if follow and self._resources.models is not None:
            # Vectors come without a new generation: then fewer texts are pending.
            version = self._version()
            if version != self._seen:
                self._fill(index, self._resources.models.fingerprint)
                self._seen = version
        ended = time.monotonic()
        self._not_before = ended + _REST * (ended - started)

    def _add_waiting(self) -> None:
        """Add the vectors that wait, in the order of their keys; the caller holds the lock."""
        if self._index is not None and self._waiting:
            keys = np.concatenate([some for some, _ in self._waiting])
            rows = np.concatenate([some for _, some in self._waiting])
            _, last = np.unique(keys[::-1], return_index=True)  # of a key that comes twice the later vector counts
            places = len(keys) - 1 - last
            self._index.add(keys[places], rows[places])
            self._unsaved += len(places)
            self._waiting = []

    def _version(self) -> tuple[int, int]:
        return self._store.generation, self._store.pending_count

    def _fill(self, index: VectorIndex, fingerprint: Fingerprint) -> npt.NDArray[np.int64]:
        keys, hashes = self._store.all_keys_and_hashes()
        held = index.keys()
        index.remove(np.setdiff1d(held, keys, assume_unique=True))
        missing = np.flatnonzero(~np.isin(keys, held, assume_unique=True))
        lost: list[int] = []
        for start in range(0, len(missing), _BATCH):
            places = missing[start : start + _BATCH].tolist()
            found = self._resources.embeddings.get(fingerprint, [hashes[place] for place in places])
            known = [place for place in places if hashes[place] in found]
            if known:
                index.add(keys[known], np.stack([found[hashes[place]] for place in known]))
                self._unsaved += len(known)
            lost.extend(place for place in places if hashes[place] not in found)
        return keys[lost]


def save_quietly(vectors: VectorKeeping, repairs: list[str], *, only_if_many: bool = False) -> None:
    """Save vectors; they are a cache, so a failure is only told."""
    try:
        vectors.save(only_if_many=only_if_many)
    except CacheError as error:
        logger.warning("%s", error)
        if str(error) not in repairs:
            repairs.append(str(error))
