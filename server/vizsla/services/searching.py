"""A question to hits, stage by stage: retrieve, fuse, check against the files, rerank.

Between the stages there is an ``await``: a cancelled question stops there.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from vizsla.retrieval.rerank import reorder, rerank_text
from vizsla.services.answers import Answer, Hit, SearchRequest
from vizsla.services.filters import Filters, split_filters
from vizsla.services.freshness import Current, Freshness
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
        clock = _Clock()
        settings = self._workspace.resources.settings.search
        limit = max(1, min(request.limit or settings.limit, settings.candidates))
        question, filters = self._understood(request)
        notes: list[str] = []
        vector = await self._query_vector(question, notes)
        clock.lap("encode")
        allowed = await self._run(lambda: self._allowed(filters))
        fresh = Freshness(self._workspace)
        ranked = await self._on_view(lambda view: self._ranked(view, question, vector, allowed, settings.candidates))
        clock.lap("retrieve")
        models = self._workspace.resources.models
        will_rerank = request.rerank == "auto" and models is not None and models.has_reranker
        depth = max(limit, settings.rerank_depth if will_rerank else 0)
        shown = await self._run(lambda: _checked(ranked, fresh, depth))
        partial = await self._on_view(lambda view: is_partial(view.store))
        clock.lap("check")
        is_semantic = vector is not None

        def answer(pairs: Sequence[tuple[Ranked, Current]], *, is_reranked: bool) -> Answer:
            return Answer(
                query=request.query,
                hits=tuple(self._hit(*pair) for pair in pairs[:limit]),
                is_partial=partial,
                is_reranked=is_reranked,
                is_semantic=is_semantic,
                notes=tuple(notes),
                milliseconds=clock.total(),
            )

        yield answer(shown, is_reranked=False)
        if not will_rerank or models is None or not shown:
            return
        budget = settings.rerank_seconds if request.rerank_seconds is None else request.rerank_seconds
        head = shown[: settings.rerank_depth]
        texts = [rerank_text(pair[0].candidate.function, pair[1].source) for pair in head]
        try:
            scores = await asyncio.wrap_future(models.rerank(question.text, texts, budget_seconds=budget))
        except VizslaError as error:
            notes.append(f"not reranked: {error}")
            yield answer(shown, is_reranked=False)
            return
        by_key = {pair[0].candidate.function.key: pair for pair in head}
        again = reorder([pair[0] for pair in head], scores)
        clock.lap("rerank")
        pairs = [(ranked, by_key[ranked.candidate.function.key][1]) for ranked in again]
        yield answer([*pairs, *shown[len(head) :]], is_reranked=bool(np.isfinite(scores).any()))

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
        clock = _Clock()
        settings = self._workspace.resources.settings.search

        def ranked_others(view: View) -> tuple[StoredFunction, list[Ranked], bool]:
            function = view.store.function_at(path, line, character)
            if function is None:
                raise QueryError(
                    f"no function is indexed at {path}:{line + 1}; index the workspace, or name another line"
                )
            vector = view.vectors.vector_of(function.key) if view.vectors is not None else None
            if vector is None:
                raise QueryError(f"{function.qualified_name} has no vector yet; wait until the index is complete")
            question = Question.from_text(function.name)
            ranked = self._ranked(view, question, vector, None, settings.candidates, only_vector=True)
            others = [one for one in ranked if one.candidate.function.key != function.key]
            return function, others, is_partial(view.store)

        function, ranked, partial = await self._on_view(ranked_others)
        fresh = Freshness(self._workspace)
        shown = await self._run(lambda: _checked(ranked, fresh, max(1, limit or settings.limit)))
        return Answer(
            query=function.qualified_name,
            hits=tuple(self._hit(*pair) for pair in shown),
            is_partial=partial,
            is_reranked=False,
            is_semantic=True,
            notes=(),
            milliseconds=clock.total(),
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

    def _understood(self, request: SearchRequest) -> tuple[Question, Filters]:
        text, filters = split_filters(request.query[:QUERY_LIMIT], request.filters)
        if not text.strip():
            raise QueryError("the question is empty; ask for what the code does, such as 'where are uploads retried'")
        question = Question.from_text(text)
        if not question.words:
            raise QueryError(f"there is no word in the question {text[:40]!r}; ask for what the code does")
        return question, filters

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
        vectors = view.vectors if vector is not None else None
        candidates = gather(question, vector, view.store, vectors, count, allowed=allowed, use_words=not only_vector)
        if self._hurry is not None:
            self._hurry(one.function.content_hash for one in candidates if math.isnan(one.cosine))
        return fold_duplicates(fuse(question, candidates))

    def _hit(self, ranked: Ranked, current: Current) -> Hit:
        function = ranked.candidate.function
        return Hit(
            root=self._workspace.root,
            path=function.path,
            range=current.range,
            name=function.name,
            qualified_name=function.qualified_name,
            container=function.container,
            kind=function.kind,
            language=function.language,
            signature=function.signature,
            doc_line=next((line.strip() for line in function.doc.splitlines() if line.strip()), ""),
            score=ranked.score,
            why=ranked.why,
            is_stale=current.is_stale,
            source=current.source,
        )


class _Clock:
    """Milliseconds of the stages of one answer."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round((now - self._last) * 1000, 2)
        self._last = now

    def total(self) -> dict[str, float]:
        return {**self._laps, "total": round((time.perf_counter() - self._start) * 1000, 2)}


def _checked(ranked: Sequence[Ranked], fresh: Freshness, count: int) -> list[tuple[Ranked, Current]]:
    """The first ``count`` that still stand in their files."""
    found: list[tuple[Ranked, Current]] = []
    for one in ranked:
        current = fresh.current(one.candidate.function)
        if current is not None:
            found.append((one, current))
            if len(found) == count:
                break
    return found
