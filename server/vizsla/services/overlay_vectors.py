"""Vectors of the functions of open buffers: from the machine-wide cache, or by the model worker before bulk work."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import CacheError, VizslaError
from vizsla.core.types import ContentHash
from vizsla.index.records import Delta, StoredFunction
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex
from vizsla.models.client import ModelClient, Priority

if TYPE_CHECKING:
    from vizsla.services.resources import Resources

logger = logging.getLogger(__name__)

_REQUEST = 16  # texts: an edit that comes after them waits for no more
_IN_FLIGHT = 2  # requests, so that the worker never waits for us
_CHUNK = 256  # texts that are looked up in the cache at a time
_LONGEST_PAUSE_SECONDS = 10.0

_Vectors = npt.NDArray[np.float32]


class OverlayVectors:
    """Follows a store in memory. One thread uses it; ``index`` is for any."""

    def __init__(self, store: Store, resources: Resources, models: ModelClient, wake: Callable[[], None]) -> None:
        """Make an empty index.

        Args:
            store: whose functions need vectors.
            resources: hold the machine-wide cache.
            models: encode what is not in it.
            wake: called from another thread when ``pump`` has something to do.
        """
        self.index = VectorIndex(models.dimension)
        self.fingerprint = models.fingerprint
        self._store = store
        self._resources = resources
        self._models = models
        self._wake = wake
        self._asked: dict[Future[_Vectors], list[ContentHash]] = {}
        self._answered: queue.SimpleQueue[Future[_Vectors]] = queue.SimpleQueue()
        self._unknown: set[ContentHash] = set()  # not in the cache when they were looked up
        self._first: list[ContentHash] = []  # of the file that was changed last
        self._failures = 0
        self._not_before = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every function has its vector, as far as it can have one."""
        return not self._asked and self._store.pending_count == 0

    @property
    def pause_seconds(self) -> float | None:
        """How long nothing is asked, after a failure; None when nothing waits for that."""
        return None if self._asked or self.is_complete else max(self._not_before - time.monotonic(), 0.0)

    def replaced(self, before: Sequence[StoredFunction], delta: Delta) -> None:
        """A file was replaced in the store.

        While somebody types in a function, it keeps the vector that it had until its new one is there: else it could
        not be found by its meaning at all.

        Args:
            before: the functions that the file had.
            delta: what became of them.
        """
        added = self._store.functions(key for key, _ in delta.added)
        old_keys = {(one.qualified_name, one.kind): one.key for one in before}
        for key, function in added.items():
            old = old_keys.get((function.qualified_name, function.kind))
            vector = None if old is None else self.index.vector_of(old)
            if vector is not None:
                self.index.add(np.array([key], dtype=np.int64), vector[None])
        self.index.remove(delta.removed)
        self._first = [content_hash for _, content_hash in delta.added]

    def pump(self) -> None:
        """Keep the vectors that came, and ask for those that are wanted next. Never waits for the worker."""
        while True:
            try:
                self._take(self._answered.get_nowait())
            except queue.Empty:
                break
        while len(self._asked) < _IN_FLIGHT and time.monotonic() >= self._not_before:
            texts = self._wanted()
            if not texts:
                self._unknown.clear()
                return
            rest = self._from_cache(texts)
            if len(rest) == len(texts) or len(rest) >= _REQUEST:
                self._ask(rest[:_REQUEST])

    def close(self) -> None:
        """Ask for nothing more."""
        for future in list(self._asked):
            future.cancel()

    def _wanted(self) -> list[tuple[ContentHash, str]]:
        asked = {content_hash for hashes in self._asked.values() for content_hash in hashes}
        found = self._store.pending(_CHUNK + len(asked), self._first)
        return [pair for pair in found if pair[0] not in asked]

    def _from_cache(self, texts: list[tuple[ContentHash, str]]) -> list[tuple[ContentHash, str]]:
        """Settle what the machine already knows, and return the rest."""
        new = [content_hash for content_hash, _ in texts if content_hash not in self._unknown]
        try:
            found = self._resources.embeddings.get(self.fingerprint, new) if new else {}
        except CacheError as error:
            logger.warning("%s", error)
            found = {}
        if found:
            self._add(list(found), np.stack(list(found.values())))
        self._unknown.update(content_hash for content_hash in new if content_hash not in found)
        return [pair for pair in texts if pair[0] not in found]

    def _ask(self, texts: list[tuple[ContentHash, str]]) -> None:
        future = self._models.encode([text for _, text in texts], is_query=False, priority=Priority.EDIT)
        self._asked[future] = [content_hash for content_hash, _ in texts]
        future.add_done_callback(self._on_answer)

    def _on_answer(self, future: Future[_Vectors]) -> None:
        self._answered.put(future)
        self._wake()

    def _take(self, future: Future[_Vectors]) -> None:
        hashes = self._asked.pop(future)
        try:
            rows = future.result()
        except (VizslaError, CancelledError) as error:
            self._failures += 1
            self._not_before = time.monotonic() + min(2.0 ** (self._failures - 2), _LONGEST_PAUSE_SECONDS)
            logger.warning("functions of open buffers have no vector yet: %s", str(error) or "given up")
            return
        self._failures = 0
        self._unknown.difference_update(hashes)
        try:
            self._resources.embeddings.put(self.fingerprint, hashes, rows)
        except CacheError as error:
            logger.warning("%s", error)
        self._add(hashes, rows)

    def _add(self, hashes: Sequence[ContentHash], rows: _Vectors) -> None:
        """Give functions their vectors; one that none can be made of loses what stood for it."""
        by_hash = self._store.keys_of(hashes)
        places = [(key, row) for row, content_hash in enumerate(hashes) for key in by_hash[content_hash]]
        if places:
            keys, chosen = (np.array(column, dtype=np.int64) for column in zip(*places, strict=True))
            self.index.remove(self.index.add(keys, rows[chosen]))
        self._store.settle(hashes)
