"""Fuse: one calibrated score from what both retrievers and all signals say.

A logistic model: the weighted sum of a few features through a sigmoid. The weights were fitted on several sets at
once by ``benchmarks/fit_fusion.py``; see ``docs/decisions/0004-fusion.md``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from vizsla.models.calibration import Line
from vizsla.retrieval.candidates import Candidate
from vizsla.retrieval.query import Question
from vizsla.retrieval.signals import Signals, containers, signals_of
from vizsla.retrieval.weights import WEIGHTS, Weights

AS_IT_IS = Line()
"""For the model that the weights were fitted to, and for one of which nothing is known."""

_SIZE_UNIT = 20  # bytes: below it a function's size says nothing
_USUAL_SIZE = 6.0  # logarithm of some 400 bytes: so that scores of questions of a change mean what others do


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What led to a score.

    Attributes:
        dense_rank: among the nearest in meaning, from 1; None when not among them.
        lexical_rank: among those that share words, from 1; None when not among them.
        cosine: with the question; None without a vector.
        match: share of what BM25 could reach.
        fused: the score before the reranker read it.
        rerank: the reranker's logit; None when it did not read it.
        signals: names of the other signals that spoke.
    """

    dense_rank: int | None
    lexical_rank: int | None
    cosine: float | None
    match: float
    fused: float
    rerank: float | None = None
    signals: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON; numbers rounded to four places."""
        rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}
        return {**rounded, "signals": list(self.signals)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate with its score.

    Attributes:
        score: the probability that it answers, in [0, 1], comparable between questions.
        fused: the score before the reranker read it.
        rerank: the reranker's logit; None when it did not read it.
        copies: what says the same and gave way to it, best first; see ``duplicates``.
    """

    candidate: Candidate
    signals: Signals
    score: float
    fused: float
    rerank: float | None = None
    copies: tuple[Ranked, ...] = ()

    @property
    def why(self) -> Why:
        """What led to the score; put together when asked for, as most candidates are never shown."""
        cosine = self.candidate.cosine
        return Why(
            dense_rank=self.candidate.dense_rank,
            lexical_rank=self.candidate.lexical_rank,
            cosine=None if math.isnan(cosine) else cosine,
            match=self.candidate.match,
            fused=self.fused,
            rerank=self.rerank,
            signals=self.signals.spoken,
        )


def fuse(
    question: Question, candidates: Sequence[Candidate], weights: Weights = WEIGHTS, *, cosine: Line = AS_IT_IS
) -> list[Ranked]:
    """Rank candidates. Works without any vector and without any word found.

    Args:
        question: what was asked.
        candidates: in the order that equal scores shall have, no function twice.
        weights: how much each feature counts.
        cosine: from the cosines of the candidates to those that the weights were fitted to.

    Returns:
        All of them, best first, equal scores in their order.
    """
    around = containers(candidate.function for candidate in candidates)
    signals = [signals_of(question, candidate.function, around) for candidate in candidates]
    pool = Pool.of(question, candidates)
    of_features = weights.of_features
    logits = [
        weights.bias + math.fsum(map(operator.mul, of_features, features_of(candidate, seen, pool, weights, cosine)))
        for candidate, seen in zip(candidates, signals, strict=True)
    ]
    support = support_of_files([candidate.function.path for candidate in candidates], logits)
    ranked = []
    for candidate, seen, logit, supported in zip(candidates, signals, logits, support, strict=True):
        score = sigmoid(logit + weights.support * supported)
        ranked.append(Ranked(candidate=candidate, signals=seen, score=score, fused=score))
    return sorted(ranked, key=lambda one: -one.score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What all candidates of a question have in common.

    Attributes:
        best_match: the highest of their matches.
        word_weight: logarithm of the number of words asked for; one word alone singles nothing out.
        documented: share of the candidates with documentation: where it is high, meaning is the better guide.
        nameless: share of the candidates without a name, as snippets are: their words say less.
        change: 1 where the question tells of a change, else 0.
    """

    best_match: float
    word_weight: float
    documented: float
    nameless: float
    change: float

    @classmethod
    def of(cls, question: Question, candidates: Sequence[Candidate]) -> Pool:
        """Look over the candidates once."""
        count = max(len(candidates), 1)
        return cls(
            best_match=max((candidate.match for candidate in candidates), default=0.0),
            word_weight=math.log(max(len(question.words), 1)),
            documented=sum(bool(candidate.function.doc) for candidate in candidates) / count,
            nameless=sum(not candidate.function.name for candidate in candidates) / count,
            change=float(question.tells_of_change),
        )


def features_of(
    candidate: Candidate, signals: Signals, pool: Pool, weights: Weights, cosine: Line = AS_IT_IS
) -> tuple[float, ...]:
    """The numbers that are weighted, in the order of ``Weights.of_features``."""
    near = cosine(candidate.cosine)
    if math.isnan(near):  # as near as its words let one expect
        near = weights.expected_cosine + weights.expected_cosine_per_match * candidate.match
    lead = candidate.match / pool.best_match if pool.best_match else 0.0
    span = candidate.function.span
    size = math.log(_SIZE_UNIT + span.end - span.start)
    return (
        near,
        candidate.match,
        lead * pool.word_weight,
        lead * pool.documented,
        lead * pool.nameless,
        signals.name,
        signals.path,
        signals.file_name,
        signals.defines,
        float(signals.is_test),
        float(signals.is_example),
        float(signals.is_generated),
        float(signals.is_vendored),
        float(signals.is_lobby),
        float(signals.is_outline),
        size,
        pool.change * lead * pool.word_weight,
        pool.change * lead * pool.documented,
        pool.change * (size - _USUAL_SIZE),
    )


def support_of_files(paths: Sequence[str], logits: Sequence[float]) -> list[float]:
    """How many good candidates each file has besides the one looked at, damped.

    A candidate supports by its odds against the best of all, so that a long tail of poor ones adds little.

    Args:
        paths: the file of each candidate.
        logits: of each candidate.

    Returns:
        For each candidate the logarithm of one plus its neighbours' support; 0 when it is alone.
    """
    if not logits:
        return []
    best = max(logits)
    odds = [math.exp(logit - best) for logit in logits]
    of_file: dict[str, float] = {}
    for path, value in zip(paths, odds, strict=True):
        of_file[path] = of_file.get(path, 0.0) + value
    return [math.log1p(max(of_file[path] - own, 0.0)) for path, own in zip(paths, odds, strict=True)]


def sigmoid(logit: float) -> float:
    """A logit as a probability, without overflow."""
    return 1.0 / (1.0 + math.exp(-logit)) if logit >= 0 else 1.0 - 1.0 / (1.0 + math.exp(logit))


def logit_of(score: float) -> float:
    """The logit of a probability; its ends are taken as very near to 0 and 1."""
    bounded = min(max(score, 1e-6), 1.0 - 1e-6)
    return math.log(bounded / (1.0 - bounded))


def with_score(ranked: Ranked, score: float, rerank: float | None) -> Ranked:
    """The same with another score and the reranker's logit."""
    return replace(ranked, score=score, rerank=rerank)
