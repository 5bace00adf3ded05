"""Several workspaces asked as one: side by side, merged by score, one reranking over all.

A workspace that fails adds a note, and the others answer. It does not know how workspaces are opened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from vizsla.core.errors import QueryError, VizslaError
from vizsla.core.settings import SearchSettings
from vizsla.models.client import ModelClient
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.engine import Engine
from vizsla.services.found import Clock, Found
from vizsla.services.nesting import inner_folders
from vizsla.services.newcomer import Asked
from vizsla.services.reranking import staged_answers
from vizsla.services.root import Root
from vizsla.services.searching import SearchService

logger = logging.getLogger(__name__)

_REPLACEMENTS = 3  # of what answers for a root beneath one question: more is no change of settings but a fault
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A root as it is asked, without the folders that an inner root answers for.

    Attributes:
        root: the folder.
        engine: what answers for it; that of the root when None.
        hidden: relative folders.
    """

    root: Root
    engine: Engine | None = None
    hidden: tuple[str, ...] = ()


def parts_of(roots: Sequence[Root], asked: Asked) -> tuple[list[Part], list[str]]:
    """The roots that can be asked, each without what an inner one answers for, and why the others cannot.

    Raises:
        QueryError: none of them can be asked.
    """
    opened = [(root, engine) for root in roots if (engine := asked.engines.get(root)) is not None]
    shut = [root for root in roots if asked.engines.get(root) is None]
    notes = [f"{root.path} is not searched: {root.problem or 'it is being opened'}" for root in shut]
    if not opened:
        raise QueryError(notes[0] if notes else "no folder is open; open one, then ask again")
    paths = [root.path for root, _ in opened]
    return [Part(root=root, engine=engine, hidden=inner_folders(root.path, paths)) for root, engine in opened], notes


async def federated_answers(
    parts: Sequence[Part],
    request: SearchRequest,
    settings: SearchSettings,
    models: ModelClient | None,
    notes: Sequence[str] = (),
) -> AsyncIterator[Answer]:
    """The fused answer of all, then, if there is a reranker, the reranked one.

    Args:
        parts: whom to ask.
        request: what to ask.
        settings: of the process.
        models: of the process; they read the first of all that was found.
        notes: why others are not asked.

    Raises:
        QueryError: no part could answer.
    """
    clock = Clock()
    clocks = [clock] if len(parts) == 1 else [Clock() for _ in parts]
    founds = await _all(
        _ask(part, partial(SearchService.find, request=_without(request, part.hidden), clock=own))
        for part, own in zip(parts, clocks, strict=True)
    )
    if len(parts) > 1:
        clock.lap("roots")
    found = merged(parts, founds, notes)
    async for answer in staged_answers(found, request, settings, models, clock):
        yield answer


def merged(parts: Sequence[Part], founds: Sequence[Found | Exception | None], notes: Sequence[str]) -> Found:
    """What all parts found as if it were one workspace: by score, equal ones in the order of the parts.

    Args:
        parts: who was asked.
        founds: what each found, or why not; None for one that is no root any more.
        notes: why others could not be asked; come first.

    Raises:
        QueryError: no part could answer; or whatever else kept all of them from it.
    """
    good = [found for found in founds if isinstance(found, Found)]
    if not good:
        failures = sorted(
            (found for found in founds if isinstance(found, Exception)),
            key=lambda failure: not isinstance(failure, VizslaError),
        )
        raise next(iter(failures), QueryError("the folder that was asked is no longer open; ask again"))
    is_behind = bool(notes) or any(isinstance(found, Exception) for found in founds)
    is_behind = is_behind or not all(part.root.is_current for part, found in zip(parts, founds, strict=True) if found)
    shown = sorted((one for found in good for one in found.shown), key=lambda one: -one.ranked.score)
    return Found(
        question=good[0].question,
        shown=tuple(shown),
        is_partial=is_behind or any(found.is_partial for found in good),
        is_semantic=any(found.is_semantic for found in good),
        notes=tuple(dict.fromkeys([*notes, *_told(parts, founds)])),
    )


async def federated_similar(
    parts: Sequence[Part], home: Part, path: str, line: int, character: int, *, limit: int, notes: Sequence[str] = ()
) -> Answer:
    """Functions of all parts like the one at a place, which itself is left out.

    Args:
        parts: whom to ask, ``home`` among them.
        home: whose file it is.
        path: relative path of the file.
        line: from 0.
        character: from 0, in UTF-16 units.
        limit: hits wanted.
        notes: why others are not asked.

    Raises:
        QueryError: there is no indexed function at that place, it has no vector yet, or ``home`` cannot answer.
    """
    clock = Clock()
    sample = await _ask(home, partial(SearchService.sample, path=path, line=line, character=character))
    if isinstance(sample, Exception):
        raise sample
    if sample is None:
        raise QueryError(f"{home.root.path} is no longer open; ask again")
    founds = await _all(
        _ask(part, partial(SearchService.near, sample=sample, count=limit, not_folders=part.hidden)) for part in parts
    )
    return merged(parts, founds, notes).answer(sample.name, limit, clock.total())


async def _ask(part: Part, ask: Callable[[SearchService], Awaitable[_T]]) -> _T | Exception | None:
    """What a part says, or why it does not; once more if it was replaced meanwhile."""
    engine = part.engine or part.root.engine
    for _ in range(_REPLACEMENTS):
        if engine is None:
            return None
        try:
            return await ask(engine.searching)
        except Exception as error:
            if isinstance(error, QueryError) or part.root.engine is engine:
                return error
            engine = part.root.engine
    return None


async def _all(asked: Iterable[Coroutine[object, object, _T]]) -> list[_T]:
    """All at once; when the question is given up, or one fails unheard of, so are the others."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in asked]
    return [task.result() for task in tasks]


def _without(request: SearchRequest, folders: tuple[str, ...]) -> SearchRequest:
    if not folders:
        return request
    return replace(request, filters=replace(request.filters, not_folders=folders))


def _told(parts: Sequence[Part], founds: Sequence[Found | Exception | None]) -> Iterator[str]:
    """What the parts have to say, each with its name where the others do not say the same."""
    said: list[tuple[Part, tuple[str, ...]]] = []
    for part, found in zip(parts, founds, strict=True):
        if isinstance(found, Exception) and not isinstance(found, VizslaError):
            logger.error("%s could not be asked", part.root.path, exc_info=found)
        if found is not None:
            said.append((part, _sentences(found)))
    for part, sentences in said:
        for sentence in sentences:
            is_common = all(sentence in others for _, others in said)
            yield sentence if is_common else f"{part.root.path.name}: {sentence}"


def _sentences(found: Found | Exception) -> tuple[str, ...]:
    if isinstance(found, Found):
        return found.notes
    return (str(found) if isinstance(found, VizslaError) else "could not be searched; see the log",)
