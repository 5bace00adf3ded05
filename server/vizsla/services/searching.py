"""A question to hits, stage by stage: retrieve, fuse, check against the files, rerank.

Between the stages there is an ``await``: a cancelled question stops there.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import QueryError, VizslaError
from vizsla.core.text import query_text
from vizsla.core.types import ContentHash
from vizsla.index.database import DamagedError
from vizsla.index.records import StoredFunction
from vizsla.models.client import Priority
from vizsla.retrieval.candidates import gather
from vizsla.retrieval.duplicates import fold_duplicates
from vizsla.retrieval.fusion import Ranked, fuse
from vizsla.retrieval.query import Question
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.filters import Filters, split_filters
from vizsla.services.found import Clock, Found, Shown
from vizsla.services.freshness import Freshness
from vizsla.services.reranking import staged_answers, wanted_count, will_rerank
from vizsla.services.selecting import allowed_keys
from vizsla.services.status import is_partial
from vizsla.services.workspace import View, Workspace

logger = logging.getLogger(__name__)

QUERY_LIMIT = 2_000
"""Characters of a question that are read: models read 256 tokens, and full text needs no more."""

_LOAD_SECONDS = 20.0  # a worker that was just started takes less, also on a busy laptop
_REPLACEMENTS = 5  # of a store beneath one question: more than that is no replacement but a fault
_ENCODE_SECONDS = 3.0  # beyond this the answer comes from words alone: the worker is dead or stuck
_T = TypeVar("_T")


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
    """Answers questions about one workspace. Any number at once; each sees the index as it is at its stages."""

    def __init__(self, workspace: Workspace, *, hurry: Callable[[Iterable[ContentHash]], None] | None = None) -> None:
        """Make a service.

        Args:
            workspace: what is searched.
            hurry: told of functions that were found by their words and have no vector yet, to embed them first.
        """
        self._workspace = workspace
        self._hurry = hurry
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="search")

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
        allowed = await self._run(lambda: self._allowed(filters))
        fresh = Freshness(self._workspace)
        ranked = await self._on_view(lambda view: self._ranked(view, question, vector, allowed, settings.candidates))
        clock.lap("retrieve")
        depth = max(wanted_count(request, settings), settings.rerank_depth if will_rerank(request, models) else 0)
        shown = await self._run(lambda: self._checked(ranked, fresh, depth))
        partial = await self._on_view(lambda view: is_partial(view.store))
        clock.lap("check")
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
        count = max(1, limit or self._workspace.resources.settings.search.limit)
        sample = await self.sample(path, line, character)
        return (await self.near(sample, count)).answer(sample.name, count, clock.total())

    async def sample(self, path: str, line: int, character: int) -> Sample:
        """The function at a place, for ``near``; arguments and errors as of ``similar``."""

        def look(view: View) -> Sample:
            function = view.store.function_at(path, line, character)
            if function is None:
                raise QueryError(
                    f"no function is indexed at {path}:{line + 1}; index the workspace, or name another line"
                )
            vector = view.vectors.vector_of(function.key) if view.vectors is not None else None
            if vector is None:
                raise QueryError(f"{function.qualified_name} has no vector yet; wait until the index is complete")
            return Sample(workspace=self._workspace, function=function, vector=vector)

        return await self._on_view(look)

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

        def others(view: View) -> tuple[list[Ranked], bool]:
            allowed = self._allowed(Filters(not_folders=not_folders))
            ranked = self._ranked(view, question, sample.vector, allowed, settings.candidates, only_vector=True)
            return [one for one in ranked if one.candidate.function.key != own], is_partial(view.store)

        ranked, partial = await self._on_view(others)
        fresh = Freshness(self._workspace)
        return Found(
            question=question,
            shown=await self._run(lambda: self._checked(ranked, fresh, count)),
            is_partial=partial,
            is_semantic=True,
            notes=(),
        )

    def close(self) -> None:
        """Wait for the stages that run, and end the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _run(self, stage: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, stage)

    async def _on_view(self, stage: Callable[[View], _T]) -> _T:
        """Run a stage on store and vectors that belong together; again if they were replaced beneath it."""

        def run() -> _T:
            for _ in range(_REPLACEMENTS):
                store = self._workspace.current_store()
                try:
                    return stage(self._workspace.view())  # to load the vectors for a view reads the store as well
                except QueryError:
                    raise
                except Exception as error:
                    if self._workspace.current_store() is store:
                        self._workspace.is_damaged |= isinstance(error, DamagedError)  # the next upkeep mends it
                        raise
            return stage(self._workspace.view())

        return await self._run(run)

    async def _query_vector(self, question: Question, notes: list[str]) -> npt.NDArray[np.float32] | None:
        models = self._workspace.resources.models
        if models is None:
            notes.extend(self._workspace.resources.problems)
            return None
        future = models.encode([query_text(question.text)], is_query=True, priority=Priority.QUERY)
        try:
            # In a new process the vectors are loaded while the worker starts.
            vectors = await self._on_view(lambda view: view.vectors)
            if not vectors:
                future.cancel()
                notes.append("answered from words alone: no function has a vector yet")
                return None
            seconds = _LOAD_SECONDS if models.status().load_seconds is None else _ENCODE_SECONDS
            rows = await asyncio.wait_for(asyncio.wrap_future(future), seconds)
        except (VizslaError, TimeoutError) as error:
            notes.append(f"answered from words alone: {str(error) or 'the model worker does not answer'}")
            return None
        finally:
            future.cancel()  # of a question that was given up
        row: npt.NDArray[np.float32] = rows[0]
        return row if bool(np.isfinite(row).all()) else None

    def _allowed(self, filters: Filters) -> npt.NDArray[np.int64] | None:
        return None if filters.is_empty else allowed_keys(self._workspace, filters)

    def _ranked(
        self,
        view: View,
        question: Question,
        vector: npt.NDArray[np.float32] | None,
        allowed: npt.NDArray[np.int64] | None,
        count: int,
        *,
        only_vector: bool = False,
    ) -> list[Ranked]:
        with view.layers() as layers:
            candidates = gather(question, vector, layers, count, allowed=allowed, use_words=not only_vector)
        if self._hurry is not None:
            self._hurry(one.function.content_hash for one in candidates if math.isnan(one.cosine))
        return fold_duplicates(fuse(question, candidates))

    def _checked(self, ranked: Sequence[Ranked], fresh: Freshness, count: int) -> tuple[Shown, ...]:
        """The first ``count`` that still stand in their files."""
        found: list[Shown] = []
        for one in ranked:
            current = fresh.current(one.candidate.function)
            if current is not None:
                found.append(Shown(root=self._workspace.root, ranked=one, current=current))
                if len(found) == count:
                    break
        return tuple(found)


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
