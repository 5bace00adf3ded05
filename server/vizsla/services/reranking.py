"""What was found becomes answers: the fused one at once, then the one whose head the reranker has read.

It does not know whether one workspace was asked or several: their scores are comparable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import VizslaError
from vizsla.core.settings import SearchSettings
from vizsla.models.client import ModelClient
from vizsla.retrieval.rerank import PLAIN, affordable, choose_depth, reorder, rerank_text
from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.found import Clock, Found


def will_rerank(request: SearchRequest, models: ModelClient | None) -> bool:
    """Whether the reranker is to read the first of what is found."""
    return request.rerank == "auto" and models is not None and models.has_reranker


def rerank_seconds(request: SearchRequest, settings: SearchSettings) -> float:
    """The reranker's time: as the request wants it, else as the user does."""
    return settings.rerank_seconds if request.rerank_seconds is None else request.rerank_seconds


def rerank_depth(settings: SearchSettings, models: ModelClient | None) -> int:
    """How many of the first are read: as the user wants it, else as was best when the reranker was measured."""
    if settings.rerank_depth is not None:
        return settings.rerank_depth
    reading = models.calibration.reading if models is not None else None
    return min((reading or PLAIN).depth, settings.candidates)


async def staged_answers(
    found: Found, request: SearchRequest, settings: SearchSettings, models: ModelClient | None, clock: Clock
) -> AsyncIterator[Answer]:
    """The fused answer, then, if there is a reranker and something to read, the reranked one."""
    limit = settings.hits(request.limit)
    yield found.answer(request.query, limit, clock.total())
    if models is None or not will_rerank(request, models):
        return
    reading = models.calibration.reading or PLAIN
    depth = choose_depth([one.ranked for one in found.shown], rerank_depth(settings, models), reading)
    if not depth:
        return
    budget = rerank_seconds(request, settings)
    texts = [rerank_text(one.ranked.candidate.function, one.current.source) for one in found.shown[:depth]]
    try:
        scores = await _opinions(models, found.question.text, texts, budget)
    except VizslaError as error:
        found = replace(found, notes=(*found.notes, f"not reranked: {error}"))
        yield found.answer(request.query, limit, clock.total())
        return
    # By the candidate itself: keys of two workspaces may be equal.
    by_candidate = {id(one.ranked.candidate): one for one in found.shown}
    again = reorder([one.ranked for one in found.shown], scores, reading)
    shown = tuple(replace(by_candidate[id(ranked.candidate)], ranked=ranked) for ranked in again)
    clock.lap("rerank")
    is_reranked = bool(np.isfinite(scores).any())
    yield replace(found, shown=shown).answer(request.query, limit, clock.total(), is_reranked=is_reranked)


async def _opinions(
    models: ModelClient, query: str, texts: Sequence[str], budget_seconds: float
) -> npt.NDArray[np.float32]:
    """What the reranker says of texts, best first: as it said before, or says within the budget, else NaN.

    What was asked before costs nothing, so that the time goes to the others. A reranker that remembers texts is asked
    for all: what it read for another question costs nothing either, and it holds the deadline itself.

    Raises:
        VizslaError: it cannot be asked.
    """
    scores = models.opinions.of(query, texts)
    unread = np.flatnonzero(np.isnan(scores)).tolist()
    if budget_seconds <= 0 or not models.remembers_texts:
        expected = models.pace.seconds([len(query) + len(texts[row]) for row in unread])
        unread = unread[: affordable(expected, budget_seconds)]
    if unread:
        asked = [texts[row] for row in unread]
        said = await asyncio.wrap_future(models.rerank(query, asked, budget_seconds=budget_seconds))
        models.opinions.note(query, asked, said)
        scores[unread] = said
    return scores
