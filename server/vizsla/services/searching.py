"""A question to hits, stage by stage: encode, then retrieve, fuse and check against the files, then rerank.

A cancelled question is given up at once, also while a thread works on it: what comes of that is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import QueryError, VizslaError, WorkerDiedError
from vizsla.core.text import query_text
from vizsla.core.types import ContentHash
from vizsla.index.records import KeyFilter, StoredFunction
from vizsla.models.client import ModelClient, Priority
from vizsla.retrieval.candidates import gather
from vizsla.retrieval.duplicates import fold_duplicates
from vizsla.retrieval.fusion import AS_IT_IS, Ranked, fuse
from vizsla.retrieval.query import Question
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.filters import Filters, split_filters
from vizsla.services.found import Clock, Found, Shown
from vizsla.services.freshness import Freshness
from vizsla.services.reranking import rerank_depth, staged_answers, will_rerank
from vizsla.services.selecting import allowed_keys, key_filter
from vizsla.services.stages import GivenUp, Stages
from vizsla.services.status import is_partial
from vizsla.services.workspace import View, Workspace

logger = logging.getLogger(__name__)

QUERY_LIMIT = 2_000
"""Characters of a question that are read: models read 256 tokens, and full text needs no more."""

_LOAD_SECONDS = 20.0  # a worker that was just started takes less, also on a busy laptop
_LOOK_SECONDS = 0.05  # between two looks at whether the worker is still alive
_SETTLE_SECONDS = 0.5  # that the newest text of a buffer is waited for, to find a place in it
_ENCODE_SECONDS = 3.0  # beyond this the answer comes from words alone: the worker is dead or stuck


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A function that others shall be like: whose it is, as the store knows it, and its vector (dimension,)."""

    workspace: Workspace
    function: StoredFunction
    vector: npt.NDArray[np.float32]

    @property
    def name(self) -> str:
        """What to call it."""
        return self.function.qualified_name


class SearchService:
    """Answers questions about one workspace. Any number at once; each sees the index as it is at its stages.

    They are asked on one event loop.
    """

    def __init__(self, workspace: Workspace, *, hurry: Callable[[Iterable[ContentHash]], None] | None = None) -> None:
        """Make a service.

        Args:
            workspace: what is searched.
            hurry: told of functions that were found by their words and have no vector yet, to embed them first.
        """
        self._workspace = workspace
        self._hurry = hurry
        self._stages = Stages(workspace)

    async def search(self, request: SearchRequest) -> Answer:
        """The last and best answer to a question.

        Raises:
            QueryError: the question cannot be answered as it stands.
        """
        return [answer async for answer in self.answers(request)][-1]

    async def answers(self, request: SearchRequest) -> AsyncIterator[Answer]:
        """The fused answer at once, then, if there is a reranker, the reranked one.

        Raises:
            QueryError: the question cannot be answered as it stands.
        """
        clock = Clock()
        found = await self.find(request, clock)
        resources = self._workspace.resources
        async for answer in staged_answers(found, request, resources.settings.search, resources.models, clock):
            yield answer

    async def find(self, request: SearchRequest, clock: Clock) -> Found:
        """Retrieve, fuse and check against the files; what is found is ready to be shown, or reranked.

        Raises:
            QueryError: the question cannot be answered as it stands.
        """
        settings, models = self._workspace.resources.settings.search, self._workspace.resources.models
        question, filters = understood(request)
        notes: list[str] = []
        vector = await self._query_vector(question, notes)
        clock.lap("encode")
        wanted = None if filters.is_empty else await self._stages.run(lambda _: key_filter(self._workspace, filters))
        read = rerank_depth(settings, models) if will_rerank(request, models) else 0
        depth = max(settings.hits(request.limit), read)

        def look(view: View, given_up: GivenUp) -> tuple[tuple[Shown, ...], bool]:
            ranked = self._ranked(view, question, vector, wanted, max(settings.candidates, depth))
            clock.lap("retrieve")
            given_up.check()
            shown = self._checked(ranked, depth, given_up)
            partial = self._is_partial(view)
            clock.lap("check")
            return shown, partial

        shown, partial = await self._stages.on_view(look)
        return Found(
            question=question,
            shown=shown,
            is_partial=partial,
            is_semantic=vector is not None,
            notes=tuple(notes),
        )

    async def similar(self, path: str, line: int, character: int, *, limit: int | None = None) -> Answer:
        """Functions like the one at a place, which itself is left out.

        Args:
            path: relative path of the file.
            line: from 0.
            character: from 0, in UTF-16 units.
            limit: hits wanted; None for the setting's.

        Raises:
            QueryError: there is no indexed function at that place, or it has no vector yet.
        """
        clock = Clock()
        count = self._workspace.resources.settings.search.hits(limit)
        sample = await self.sample(path, line, character)
        return (await self.near(sample, count)).answer(sample.name, count, clock.total())

    async def sample(self, path: str, line: int, character: int) -> Sample:
        """The function at a place, for ``near``; arguments and errors as of ``similar``."""

        def look(view: View, _: GivenUp) -> Sample:
            if path in self._workspace.overlay.paths():
                self._workspace.overlay.wait_settled(_SETTLE_SECONDS)
            with view.layers() as layers:
                for layer in reversed(layers):
                    function = layer.store.function_at(path, line, character)
                    if function is None or function.key in layer.hidden:
                        continue
                    vector = layer.vectors.vector_of(function.key) if layer.vectors is not None else None
                    if vector is None:
                        raise QueryError(
                            f"{function.qualified_name} has no vector yet; wait until the index is complete"
                        )
                    return Sample(workspace=self._workspace, function=function, vector=vector)
            raise QueryError(f"no function is indexed at {path}:{line + 1}; index the workspace, or name another line")

        return await self._stages.on_view(look)

    async def near(self, sample: Sample, count: int, not_folders: tuple[str, ...] = ()) -> Found:
        """The functions most like one that may be of another workspace, but for itself.

        Args:
            sample: what they shall be like.
            count: at most so many.
            not_folders: relative folders that are left out.
        """
        settings = self._workspace.resources.settings.search
        question = Question.from_text(sample.function.name)
        own = sample.function.key if sample.workspace is self._workspace else None

        def others(view: View, given_up: GivenUp) -> tuple[tuple[Shown, ...], bool]:
            wanted = key_filter(self._workspace, Filters(not_folders=not_folders))
            most = max(settings.candidates, count + 1)  # one of them is the function itself
            ranked = self._ranked(view, question, sample.vector, wanted, most, only_vector=True)
            rest = [one for one in ranked if one.candidate.function.key != own]
            return self._checked(rest, count, given_up), self._is_partial(view)

        shown, partial = await self._stages.on_view(others)
        return Found(question=question, shown=shown, is_partial=partial, is_semantic=True, notes=())

    def close(self) -> None:
        """Wait for the stages that run, and end the threads."""
        self._stages.close()

    async def _query_vector(self, question: Question, notes: list[str]) -> npt.NDArray[np.float32] | None:
        models = self._workspace.resources.models
        if models is None:
            notes.extend(self._workspace.resources.problems)
            return None
        future = models.encode([query_text(question.text)], is_query=True, priority=Priority.QUERY)
        try:
            # In a new process the vectors are loaded while the worker starts.
            has_vectors = await self._stages.on_view(lambda view, _: bool(view.vectors))
            if not has_vectors and not self._workspace.overlay.changed_paths():
                notes.append("answered from words alone: no function has a vector yet")
                return None
            rows = await _encoded(models, future)
        except (VizslaError, TimeoutError) as error:
            notes.append(f"answered from words alone: {str(error) or 'the model worker does not answer'}")
            return None
        finally:
            future.cancel()  # of a question that was given up
        row: npt.NDArray[np.float32] = rows[0]
        return row if bool(np.isfinite(row).all()) else None

    def _is_partial(self, view: View) -> bool:
        return is_partial(view.store) or not self._workspace.overlay.is_settled

    def _ranked(
        self,
        view: View,
        question: Question,
        vector: npt.NDArray[np.float32] | None,
        wanted: KeyFilter | None,
        count: int,
        *,
        only_vector: bool = False,
    ) -> list[Ranked]:
        with view.layers() as layers:
            allowed = allowed_keys(layers, wanted)
            candidates = gather(question, vector, layers, count, allowed=allowed, use_words=not only_vector)
        models = self._workspace.resources.models
        ranked = fuse(question, candidates, cosine=models.calibration.cosine if models is not None else AS_IT_IS)
        if self._hurry is not None:
            unseen = [one.candidate for one in ranked if math.isnan(one.candidate.cosine)]
            self._hurry(one.function.content_hash for one in unseen)
        return fold_duplicates(ranked)

    def _checked(self, ranked: Sequence[Ranked], count: int, given_up: GivenUp) -> tuple[Shown, ...]:
        """The first ``count`` that still stand in their files; for one that is gone, a copy of it."""
        fresh, found = Freshness(self._workspace), list[Shown]()
        for one in ranked:
            given_up.check()
            for place, same in enumerate((one, *one.copies)):
                current = fresh.current(same.candidate.function)
                if current is not None:
                    kept = one if place == 0 else replace(same, copies=one.copies[place:])
                    found.append(Shown(root=self._workspace.root, ranked=kept, current=current))
                    break
            if len(found) == count:
                break
        return tuple(sorted(found, key=lambda shown: -shown.ranked.score))


async def _encoded(models: ModelClient, future: Future[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """What the worker answers; a worker that just started is waited for, one that died is not.

    Raises:
        VizslaError: there will be no answer.
        TimeoutError: it takes too long.
    """
    loop = asyncio.get_running_loop()
    waiting = asyncio.wrap_future(future)
    until = loop.time() + (_LOAD_SECONDS if models.status().load_seconds is None else _ENCODE_SECONDS)
    try:
        while not (await asyncio.wait((waiting,), timeout=_LOOK_SECONDS))[0]:
            status = models.status()
            if status.restarts and status.state in ("loading", "restarting", "resting"):
                models.start()
                raise WorkerDiedError("the model worker ended and is started again; ask again in a moment")
            if loop.time() > until:
                raise TimeoutError
        return waiting.result()
    finally:
        waiting.cancel()


def understood(request: SearchRequest) -> tuple[Question, Filters]:
    """What is asked, and of what; filters may be written into the question.

    Raises:
        QueryError: there is nothing to look for.
    """
    text, filters = split_filters(request.query[:QUERY_LIMIT], request.filters)
    if not text.strip():
        raise QueryError("the question is empty; ask for what the code does, such as 'where are uploads retried'")
    question = Question.from_text(text)
    if not question.words:
        raise QueryError(f"there is no word in the question {text[:40]!r}; ask for what the code does")
    return question, filters
