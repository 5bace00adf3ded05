"""A process that does nothing but answer questions about one index, and measures itself. Started by ``query_speed``.

A process of its own, so that its memory is that of a server and of nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
from benchmarks.commands import settings

from vizsla.core.text import query_text
from vizsla.models.client import ModelClient, Priority
from vizsla.models.model_status import resident_bytes
from vizsla.models.opinions import Opinions
from vizsla.retrieval.candidates import gather
from vizsla.retrieval.duplicates import fold_duplicates
from vizsla.retrieval.fusion import fuse
from vizsla.retrieval.query import Question
from vizsla.services.answers import SearchRequest
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService
from vizsla.services.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")
Samples = dict[str, list[float]]  # milliseconds by stage


def main() -> None:
    """Arguments: root, cache directory, file of questions, rounds. Prints one JSON object."""
    root, cache, questions_file, rounds = sys.argv[1:]
    questions = Path(questions_file).read_text(encoding="utf-8").splitlines()
    with Resources(settings(Path(cache))) as resources, Workspace(Path(root), resources) as workspace:
        models = resources.models
        if models is None:
            raise SystemExit("; ".join(resources.problems))
        result: dict[str, object] = {"units": workspace.store.function_count}
        result["search"] = asyncio.run(_searches(workspace, questions, int(rounds), rerank=False))
        result["memory"] = resident_bytes(os.getpid())
        result["worker_memory"] = models.status().resident_bytes
        if models.has_reranker:
            result["reranked"] = asyncio.run(_searches(workspace, questions, int(rounds), rerank=True))
            result["typed"] = asyncio.run(_searches(workspace, questions, int(rounds), rerank=True, typed=True))
            result["worker_memory_reranked"] = models.status().resident_bytes
        result["retrieval"] = _retrievals(workspace, models, questions, int(rounds))
    print(json.dumps(result))


async def _searches(
    workspace: Workspace, questions: Sequence[str], rounds: int, *, rerank: bool, typed: bool = False
) -> Samples:
    """Whole searches, one after the other; the first round warms up and is not counted.

    Args:
        workspace: that is asked.
        questions: each once a round.
        rounds: that are counted.
        rerank: whether the first hits are read again; what was said of a pair in an earlier round is forgotten.
        typed: whether each question was asked without its last word just before.
    """
    service, models = SearchService(workspace), workspace.resources.models
    assert models is not None
    samples: Samples = {}
    try:
        for turn in range(rounds + 1):
            for question in questions:
                request = SearchRequest(query=question, rerank="auto" if rerank else "off")
                models.opinions = Opinions()
                if typed:
                    await service.search(replace(request, query=question.rpartition(" ")[0] or question))
                start = time.perf_counter()
                answer = await service.search(request)
                seconds = time.perf_counter() - start
                if not answer.hits or not answer.is_semantic:
                    raise SystemExit(f"no semantic answer to {question!r}: {answer.notes}")
                if turn:
                    for stage, value in {**answer.milliseconds, "total": seconds * 1000}.items():
                        samples.setdefault(stage, []).append(value)
    finally:
        service.close()
    return samples


def _retrievals(workspace: Workspace, models: ModelClient, questions: Sequence[str], rounds: int) -> Samples:
    """Retrieval alone, the question's vector given: words, neighbours, functions, fusion."""
    vectors, store = workspace.vectors, workspace.store
    assert vectors is not None
    count = workspace.resources.settings.search.candidates
    samples: Samples = {}

    def timed(stage: str, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        start = time.perf_counter()
        found = work(*given, **named)
        samples.setdefault(stage, []).append((time.perf_counter() - start) * 1000)
        return found

    for turn in range(rounds + 1):
        if turn == 1:
            samples.clear()
        for text in questions:
            question = Question.from_text(text)
            encoded = models.encode([query_text(text)], is_query=True, priority=Priority.QUERY).result()
            row = np.asarray(encoded[0], dtype=np.float32)
            timed("nearest", vectors.nearest, row, count)
            timed("words", store.search_words, question.words, count)
            start = time.perf_counter()
            with workspace.view().layers() as layers:
                candidates = timed("gather", gather, question, row, layers, count)
            ranked = timed("fuse", fuse, question, candidates)
            timed("fold", fold_duplicates, ranked)
            samples.setdefault("total", []).append((time.perf_counter() - start) * 1000)
    return samples


if __name__ == "__main__":
    main()
