"""Makes vectors for models that are to take over, while others answer: into the machine-wide cache, text by text.

Nothing of a store is changed, so it can end at any moment, and goes on from what the cache has.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import ModelError, VizslaError
from vizsla.core.types import ContentHash, FunctionKey
from vizsla.models.client import ModelClient, Priority
from vizsla.services.indexing import RECONCILED_AT
from vizsla.services.recalling import texts_of
from vizsla.services.resources import Resources
from vizsla.services.root_registry import RootRegistry
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

_LOOKED_UP = 10_000  # texts, at a time
_REQUEST = 32  # texts in one request: short enough that a question does not wait long for the processor
_IN_FLIGHT = 2
_POLL_SECONDS = 0.1
_QUIET_SECONDS = 0.3  # after a question, before the processor is taken again
_LONGEST_WAIT_SECONDS = 1.0  # for such a moment
_WAITING_SECONDS = 2.0  # between two looks at what another process has made
_VAIN_ROUNDS, _VAIN_SECONDS = 8, 0.5  # over functions whose files changed and were not read yet
_LARGEST_PENDING = 0.5  # share of functions without any vector: then there is little that answers, and much to save
_LARGEST_REFUSED = 0.1  # share of texts that a model may have no vector for

_Texts = list[tuple[ContentHash, str]]


class SupersededError(Exception):
    """What is being prepared is not wanted any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparing:
    """How far models have come that are to take over.

    Attributes:
        model: name of the retriever.
        done: distinct texts that have a vector of it.
        total: of how many.
        waits: whether another process makes the vectors.
    """

    model: str
    done: int
    total: int
    waits: bool = False


@dataclass(slots=True, kw_only=True)
class _Work:
    """One preparation, and what the new model made of what it was given."""

    resources: Resources
    models: ModelClient
    is_wanted: Callable[[], bool]
    tried: int = 0
    refused: set[ContentHash] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """What is left to do for one workspace: texts without a vector, of how many, and whether others make them."""

    rest: int
    total: int
    waits: bool


class Succession:
    """Prepares one pair of models at a time."""

    def __init__(self, registry: RootRegistry, told: Callable[[], None]) -> None:
        """Make it.

        Args:
            registry: the folders, and the questions that go first.
            told: called when ``state`` changed.
        """
        self._registry = registry
        self._told = told
        self.state: Preparing | None = None
        """What is being prepared at this moment."""

    def prepare(self, resources: Resources, is_wanted: Callable[[], bool]) -> None:
        """Have the vectors of all folders in the cache; slow.

        Args:
            resources: of the models that are to take over; open.
            is_wanted: asked often.

        Raises:
            SupersededError: they are not wanted any more. What was made by then is kept.
            VizslaError: the models do not work.
        """
        models = resources.models
        present = self._registry.resources.models
        if models is None or present is None or models.fingerprint == present.fingerprint:
            return
        work = _Work(resources=resources, models=models, is_wanted=is_wanted)
        vain = 0
        try:
            while True:
                tried = work.tried
                try:
                    left = [self._prepare_one(workspace, work) for workspace in self._workspaces()]
                except ModelError:
                    raise
                except VizslaError as error:  # a folder was closed, a store replaced, a worker died: another round
                    vain += 1
                    if vain >= _VAIN_ROUNDS:
                        raise
                    logger.warning("preparing %s goes on after: %s", models.name, error)
                    _pause(_VAIN_SECONDS, is_wanted)
                    continue
                rest, total = sum(one.rest for one in left), sum(one.total for one in left)
                if not rest:
                    return
                waits = any(one.rest and one.waits for one in left)
                vain = 0 if work.tried > tried or waits else vain + 1
                if vain >= _VAIN_ROUNDS:
                    if rest > _LARGEST_REFUSED * total:
                        raise ModelError(
                            f"{rest} of {total} functions could not be read again to embed them by {models.name}"
                        )
                    logger.warning("%d functions get their vectors of %s after the switch", rest, models.name)
                    return
                _pause(_WAITING_SECONDS if waits else _VAIN_SECONDS, is_wanted)
        finally:
            self._show(None)

    def _workspaces(self) -> list[Workspace]:
        """Those that answer by meaning already; what is hardly begun is embedded by the new models alone."""
        found = []
        for root in self._registry.all():
            workspace = root.workspace
            if workspace is None or workspace.is_closing:
                continue
            store = workspace.current_store()
            is_begun = store.meta(RECONCILED_AT) is not None
            if is_begun and store.pending_function_count <= _LARGEST_PENDING * store.function_count:
                found.append(workspace)
        return found

    def _prepare_one(self, workspace: Workspace, work: _Work) -> _Left:
        """Encode what one workspace lacks."""
        models = work.models
        lacking, total = _lacking(workspace, work)
        waits, settled = not workspace.is_writer, total - len(lacking)
        self._show(Preparing(model=models.name, done=settled, total=total, waits=waits))
        if not lacking or waits:
            return _Left(rest=len(lacking), total=total, waits=waits)
        source = texts_of(workspace, lacking, lambda: not work.is_wanted())
        queue, waiting = _Texts(), deque[tuple[_Texts, Future[npt.NDArray[np.float32]]]]()
        asked_at, is_read = 0.0, False
        try:
            while queue or waiting or not is_read:
                if not work.is_wanted():
                    raise SupersededError
                while not is_read and len(queue) < _REQUEST * _IN_FLIGHT:
                    some = next(source, None)
                    is_read = some is None
                    # Copies share a text; neighbours in length share a batch in the worker.
                    queue = sorted({**dict(queue), **dict(some or ())}.items(), key=lambda pair: len(pair[1]))
                while queue and len(waiting) < _IN_FLIGHT and self._is_my_turn(asked_at):
                    texts, queue = queue[:_REQUEST], queue[_REQUEST:]
                    future = models.encode([text for _, text in texts], is_query=False, priority=Priority.BULK)
                    waiting.append((texts, future))
                    asked_at = time.monotonic()
                if not waiting:
                    time.sleep(_POLL_SECONDS)
                elif wait((waiting[0][1],), _POLL_SECONDS).done:
                    texts, future = waiting.popleft()
                    _keep(work, texts, future.result())
                    settled += len(texts)
                    self._show(Preparing(model=models.name, done=min(settled, total), total=total))
        finally:
            for _, future in waiting:
                future.cancel()
        # Looked up once more: files may have changed meanwhile, and copies of a text may stand in several.
        return _Left(rest=len(_lacking(workspace, work)[0]), total=total, waits=False)

    def _is_my_turn(self, asked_at: float) -> bool:
        """Whether nobody searches, or so many do that nothing would ever be done without taking a turn."""
        is_quiet = self._registry.questions.quiet_seconds > _QUIET_SECONDS
        return is_quiet or time.monotonic() - asked_at > _LONGEST_WAIT_SECONDS

    def _show(self, state: Preparing | None) -> None:
        self.state = state
        self._told()


def _lacking(workspace: Workspace, work: _Work) -> tuple[dict[ContentHash, FunctionKey], int]:
    """Texts without a vector of the new model, each with a function that has it; and how many texts there are."""
    keys, hashes = workspace.current_store().all_keys_and_hashes()
    by_hash = {content_hash: FunctionKey(int(key)) for key, content_hash in zip(keys, hashes, strict=True)}
    distinct = list(by_hash)
    known = set(work.refused)
    for start in range(0, len(distinct), _LOOKED_UP):
        some = distinct[start : start + _LOOKED_UP]
        known.update(work.resources.embeddings.get(work.models.fingerprint, some))
    return {one: key for one, key in by_hash.items() if one not in known}, len(by_hash)


def _keep(work: _Work, texts: _Texts, rows: npt.NDArray[np.float32]) -> None:
    hashes = [content_hash for content_hash, _ in texts]
    work.refused.update(work.resources.embeddings.put(work.models.fingerprint, hashes, rows))
    work.tried += len(hashes)
    if len(work.refused) > max(1, _LARGEST_REFUSED * work.tried):
        raise ModelError(f"{work.models.name} makes no vector of {len(work.refused)} of {work.tried} functions")


def _pause(seconds: float, is_wanted: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not is_wanted():
            raise SupersededError
        time.sleep(_POLL_SECONDS)
