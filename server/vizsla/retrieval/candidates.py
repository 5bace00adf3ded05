"""Retrieve: the functions nearest in meaning and those that share words, as one list of candidates.

It does not know which of the two to believe.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizsla.core.types import FunctionKey
from vizsla.index.records import StoredFunction
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex
from vizsla.retrieval.query import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A function that may answer, and what each retriever thinks of it.

    Attributes:
        function: as the store knows it.
        cosine: between question and function, in [-1, 1]; NaN when one of them has no vector.
        dense_rank: place among the nearest, from 1; None when it is not among them.
        match: BM25 as a share of what the question's words could reach, in [0, 1]; 0 without any word.
        lexical_rank: place among those that share words, from 1; None when it is not among them.
    """

    function: StoredFunction
    cosine: float
    dense_rank: int | None
    match: float
    lexical_rank: int | None


def gather(
    question: Question,
    query_vector: npt.NDArray[np.float32] | None,
    store: Store,
    vectors: VectorIndex | None,
    count: int,
    *,
    allowed: npt.NDArray[np.int64] | None = None,
    use_words: bool = True,
) -> list[Candidate]:
    """The union of what the two retrievers find.

    Args:
        question: what is asked.
        query_vector: of the question, (dimension,), of length 1; None: words alone.
        store: where functions and their words are.
        vectors: of the functions; None: words alone.
        count: at most so many from each retriever.
        allowed: keys that may answer, ascending; None allows all.
        use_words: False leaves full text out.

    Returns:
        Candidates by ascending key, none twice.
    """
    dense: list[FunctionKey] = []
    if query_vector is not None and vectors is not None:
        nearest, _ = vectors.nearest(query_vector, count, allowed)
        dense = [FunctionKey(int(key)) for key in nearest]
    matches: dict[FunctionKey, float] = {}
    if use_words and question.words:
        best = _best_possible(store.word_counts(question.words), store.function_count)
        for found in store.search_words(question.words, count, allowed):
            matches[found.key] = min(found.score / best, 1.0)
    keys = sorted({*dense, *matches})
    cosines = [math.nan] * len(keys)
    if query_vector is not None and vectors is not None:
        cosines = vectors.cosines(query_vector, keys).tolist()
    cosine_of = dict(zip(keys, cosines, strict=True))
    dense_ranks = {key: rank for rank, key in enumerate(dense, start=1)}
    lexical_ranks = {key: rank for rank, key in enumerate(matches, start=1)}
    return [
        Candidate(
            function=function,
            cosine=cosine_of[key],
            dense_rank=dense_ranks.get(key),
            match=matches.get(key, 0.0),
            lexical_rank=lexical_ranks.get(key),
        )
        for key, function in store.functions(keys).items()
    ]


def _best_possible(counts: Mapping[str, int], functions: int) -> float:
    """What a function would score that is made of nothing but the question's words: the sum of their rarities."""
    return sum(math.log1p((functions - count + 0.5) / (count + 0.5)) for count in counts.values() if count <= functions)
