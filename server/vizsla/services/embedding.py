"""Gives every stored function its vector, from the machine-wide cache or by the model worker.

Vectors are kept batch by batch, so a kill loses one batch, and the next run goes on where this one ended.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import VizslaError
from vizsla.core.types import ContentHash
from vizsla.index.database import DamagedError
from vizsla.models.client import ModelClient, Priority
from vizsla.services.meanwhile import NOTHING, Meanwhile
from vizsla.services.progress import Cancelled, Progress, Report, Stage, never, unheard
from vizsla.services.recalling import remember_refused
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

_CHUNK = 1024  # texts fetched, and looked up in the cache, at a time
_REQUEST = 256  # texts in one request to the worker: few enough that a kill loses little
_URGENT_REQUEST = 16  # somebody waits, perhaps not for long: what is done by then must count
_IN_FLIGHT = 2  # requests at once, so that the worker never waits for us
_URGENT_AT_ONCE = 64  # that other work waits for: half a second on a laptop
_MOST_URGENT = 2_000  # of texts that somebody looked at, the latest count: there may be nobody who embeds
_POLL_SECONDS = 0.05  # between two looks at whether somebody wants to stop, or waits for something else

_Texts = list[tuple[ContentHash, str]]
_Vectors = npt.NDArray[np.float32]
_Waiting = tuple[_Texts, Future[_Vectors]]


@dataclass(slots=True, kw_only=True)
class Embedded:
    """What one run of embedding did. Counts are of distinct texts."""

    encoded: int = 0  # forward passes
    cached: int = 0  # found in the machine-wide cache
    refused: int = 0  # texts that no vector could be made of
    is_complete: bool = True
    problem: str = ""


class EmbeddingService:
    """Embeds what is pending in one workspace. One thread at a time; ``hurry`` from any thread."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._urgent: deque[ContentHash] = deque(maxlen=_MOST_URGENT)
        self._lock = threading.Lock()

    def hurry(self, hashes: Iterable[ContentHash]) -> None:
        """Embed these first: somebody is looking at their functions."""
        with self._lock:
            self._urgent.extendleft(reversed(list(hashes)))

    @property
    def has_urgent(self) -> bool:
        """Whether somebody waits for a vector. Asked often."""
        return bool(self._urgent)

    def embed_urgent(self, cancelled: Cancelled = never) -> None:
        """Embed the first of what somebody waits for and no more: other work goes on after it."""
        models = self._workspace.resources.models
        try:
            urgent = self._urgent_texts()[:_URGENT_AT_ONCE]
            if models is not None and urgent:
                for _ in self._settle_urgent(models, urgent, Embedded(), cancelled):
                    pass
                self._workspace.kept_vectors.flush()
        except DamagedError:
            raise
        except VizslaError as error:  # they stay pending
            logger.warning("embedding stopped: %s", error)

    def embed(
        self, *, report: Report = unheard, cancelled: Cancelled = never, meanwhile: Meanwhile = NOTHING
    ) -> Embedded:
        """Embed until nothing is pending.

        Args:
            report: told of progress, in functions.
            cancelled: asked between batches; what is done by then is kept.
            meanwhile: goes first whenever it wants to; it may change the store.

        Raises:
            DamagedError: the store is damaged. All else that goes wrong is told in the result.
        """
        done = Embedded()
        models, store = self._workspace.resources.models, self._workspace.store
        if models is None:
            done.is_complete = store.pending_count == 0
            return done
        total, settled = store.pending_count, 0

        def attended() -> bool:
            # What the worker has goes on meanwhile, so nothing of it is lost.
            if meanwhile.is_wanted():
                meanwhile.attend()
            return cancelled()

        try:
            for count in self._settle(models, done, attended):
                settled += count
                total = max(total, settled)
                report(Progress(stage=Stage.EMBED, done=settled, total=total))
        except DamagedError:
            raise
        except VizslaError as error:
            done.problem = str(error)
            logger.warning("embedding stopped: %s", error)
        self._workspace.kept_vectors.flush()
        done.is_complete = store.pending_count == 0
        return done

    def _settle(self, models: ModelClient, done: Embedded, cancelled: Cancelled) -> Iterator[int]:
        """Give everything that is pending its vector, yielding how many texts were settled at a time."""
        requests: deque[_Texts] = deque()
        waiting: deque[_Waiting] = deque()
        try:
            while not cancelled():
                if urgent := self._urgent_texts():
                    yield from self._settle_urgent(models, urgent, done, cancelled)
                    continue
                if not requests and len(waiting) < _IN_FLIGHT:  # before the worker runs out of work
                    chunk = self._next_chunk(waiting)
                    rest = self._from_cache(models, chunk, done)
                    yield len(chunk) - len(rest)
                    # Neighbours in length share a batch in the worker, so less of it is padding.
                    rest.sort(key=lambda pair: len(pair[1]))
                    requests.extend(rest[start : start + _REQUEST] for start in range(0, len(rest), _REQUEST))
                    if not (chunk or waiting):
                        return
                while requests and len(waiting) < _IN_FLIGHT:
                    waiting.append(_asked(models, requests.popleft(), Priority.BULK))
                yield from self._keep_first(models, waiting, done)
        finally:
            for _, future in waiting:
                future.cancel()

    def _settle_urgent(self, models: ModelClient, texts: _Texts, done: Embedded, cancelled: Cancelled) -> Iterator[int]:
        """The same for a few texts, in their order and before all others, also those that the worker has."""
        rest = self._from_cache(models, texts, done)
        yield len(texts) - len(rest)
        starts = range(0, len(rest), _URGENT_REQUEST)
        waiting = deque(_asked(models, rest[start : start + _URGENT_REQUEST], Priority.EDIT) for start in starts)
        try:
            while waiting and not cancelled():
                yield from self._keep_first(models, waiting, done)
        finally:
            for _, future in waiting:
                future.cancel()

    def _keep_first(self, models: ModelClient, waiting: deque[_Waiting], done: Embedded) -> Iterator[int]:
        """Keep the vectors of the first request if they come within moments."""
        if waiting and wait((waiting[0][1],), _POLL_SECONDS).done:
            texts, future = waiting.popleft()
            self._keep(models, texts, future.result(), done)
            yield len(texts)

    def _next_chunk(self, waiting: Iterable[_Waiting]) -> _Texts:
        """The oldest texts that are pending and that the worker does not have already."""
        asked = {content_hash for texts, _ in waiting for content_hash, _ in texts}
        found = self._workspace.store.pending(_CHUNK + len(asked))
        return [pair for pair in found if pair[0] not in asked]

    def _urgent_texts(self) -> _Texts:
        """Those of the urgent texts that are pending."""
        with self._lock:
            wanted = list(dict.fromkeys(self._urgent))
            self._urgent.clear()
        if not wanted:
            return []
        urgent = set(wanted)
        return [pair for pair in self._workspace.store.pending(len(wanted), wanted) if pair[0] in urgent]

    def _from_cache(self, models: ModelClient, chunk: _Texts, done: Embedded) -> _Texts:
        """Settle what the machine already knows, and return the rest."""
        found = self._workspace.resources.embeddings.get(models.fingerprint, [pair[0] for pair in chunk])
        if found:
            self._add_vectors(list(found), np.stack(list(found.values())))
            done.cached += len(found)
        return [pair for pair in chunk if pair[0] not in found]

    def _keep(self, models: ModelClient, texts: _Texts, rows: _Vectors, done: Embedded) -> None:
        """Keep vectors, first where all workspaces find them: a kill between costs no forward pass."""
        hashes = [content_hash for content_hash, _ in texts]
        refused = set(self._workspace.resources.embeddings.put(models.fingerprint, hashes, rows))
        kept = [place for place, content_hash in enumerate(hashes) if content_hash not in refused]
        if kept:
            self._add_vectors([hashes[place] for place in kept], rows[kept])
            done.encoded += len(kept)
        if refused:
            done.refused += len(refused)
            remember_refused(self._workspace.store, models.fingerprint, refused)
            self._workspace.store.settle(refused)
            logger.warning("%d texts cannot be embedded; they are found by their words alone", len(refused))

    def _add_vectors(self, hashes: Sequence[ContentHash], rows: _Vectors) -> None:
        store = self._workspace.store
        by_hash = store.keys_of(hashes)
        places = [(key, row) for row, content_hash in enumerate(hashes) for key in by_hash[content_hash]]
        if places:
            keys, chosen = (np.array(column, dtype=np.int64) for column in zip(*sorted(places), strict=True))
            self._workspace.kept_vectors.add(keys, rows[chosen])
        store.settle(hashes)


def _asked(models: ModelClient, texts: _Texts, priority: Priority) -> _Waiting:
    """Ask the worker for vectors."""
    return texts, models.encode([text for _, text in texts], is_query=False, priority=priority)
