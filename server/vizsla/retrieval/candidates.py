"""Retrieve: the functions nearest in meaning and those that share words, as one list of candidates.

It does not know which of the two to believe.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizsla.core.types import FunctionKey
from vizsla.index.records import StoredFunction
from vizsla.retrieval.layers import Layer, snapshots
from vizsla.retrieval.query import Question

_Found = tuple[FunctionKey, float]


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
    layers: Sequence[Layer],
    count: int,
    *,
    allowed: npt.NDArray[np.int64] | None = None,
    use_words: bool = True,
) -> list[Candidate]:
    """The union of what the two retrievers find.

    Args:
        question: what is asked.
        query_vector: of the question, (dimension,), of length 1; None: words alone.
        layers: where functions, their words and vectors are; what is found does not show how they are divided.
        count: at most so many from each retriever.
        allowed: keys that may answer, ascending; None allows all.
        use_words: False leaves full text out.

    Returns:
        Candidates by ascending key, or rather the place of it in the lowest layer, none twice.
    """
    with snapshots(layers):
        nearest: list[_Found] = []
        if query_vector is not None:
            nearest = _best(count, [(layer, layer.nearest(query_vector, count, allowed)) for layer in layers])
        matching: list[_Found] = []
        best = 1.0
        if use_words and question.words:
            corpus = functools.reduce(operator.add, (layer.corpus(question.words) for layer in layers))
            best = _best_possible(corpus.frequencies, corpus.functions)
            found = [(layer, layer.by_words(question.words, count, allowed, corpus)) for layer in layers]
            matching = _best(count, found)
        dense_ranks = {key: rank for rank, (key, _) in enumerate(nearest, start=1)}
        lexical_ranks = {key: rank for rank, (key, _) in enumerate(matching, start=1)}
        matches = {key: min(score / best, 1.0) for key, score in matching}
        found_by_place: list[tuple[FunctionKey, Candidate]] = []
        for layer in layers:
            functions = layer.store.functions(dense_ranks.keys() | matches.keys())
            keys = list(functions)
            cosines = [math.nan] * len(keys) if query_vector is None else layer.cosines(query_vector, keys)
            for (key, function), cosine in zip(functions.items(), cosines, strict=True):
                candidate = Candidate(
                    function=function,
                    cosine=cosine,
                    dense_rank=dense_ranks.get(key),
                    match=matches.get(key, 0.0),
                    lexical_rank=lexical_ranks.get(key),
                )
                found_by_place.append((layer.place(key), candidate))
    found_by_place.sort(key=operator.itemgetter(0))
    return [candidate for _, candidate in found_by_place]


def _best(count: int, found: Sequence[tuple[Layer, list[_Found]]]) -> list[_Found]:
    """The ``count`` best of all layers, equal ones by their places."""
    if len(found) == 1:
        return found[0][1]
    placed = [(-score, layer.place(key), key) for layer, some in found for key, score in some]
    return [(key, -score) for score, _, key in sorted(placed)[:count]]


def _best_possible(counts: Mapping[str, int], functions: int) -> float:
    """What a function would score that is made of nothing but the question's words: the sum of their rarities."""
    return sum(math.log1p((functions - count + 0.5) / (count + 0.5)) for count in counts.values() if count <= functions)
