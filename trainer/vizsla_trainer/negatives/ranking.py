"""The corpus ranked for each query by a retriever: from these ranks negatives are sampled and pairs are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vizsla_trainer.errors import StoppedError, TrainingError
from vizsla_trainer.progress import Cancelled, Progress, Report, never, unheard
from vizsla_trainer.records import View, published
from vizsla_trainer.training.encoding import Encoder
from vizsla_trainer.training.examples import Corpus, Example, forbidden_codes, kin_of

_AT_ONCE = 4_096  # texts that are encoded between two looks at the clock
_SCORES = 20_000_000  # cosines that memory holds at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """For each example its best codes, those left out that may be right too.

    Attributes:
        codes: places in the corpus (examples, depth) int32, best first, ties by place; -1 where there are no more.
        scores: cosines of query and code (examples, depth) float32, falling; -1 where there are no more.
        alike: cosines of the right code and the code (examples, depth) float32.
        positive_scores: cosines of query and right code (examples,) float32.
        positive_ranks: of the right code among all that were not left out (examples,) int32, best is 1; a tie counts
            against it.
    """

    codes: NDArray[np.int32]
    scores: NDArray[np.float32]
    alike: NDArray[np.float32]
    positive_scores: NDArray[np.float32]
    positive_ranks: NDArray[np.int32]


def rank_corpus(
    encoder: Encoder,
    examples: Sequence[Example],
    corpus: Corpus,
    *,
    depth: int,
    within_language: bool = False,
    stage: str = "ranking",
    report: Report = unheard,
    cancelled: Cancelled = never,
) -> Ranking:
    """Rank all codes for each example's query, in the view that the query is compared in.

    The example's own code, its twins and codes documented alike are removed first. Memory holds the vectors of one
    view and a block of scores.

    Args:
        encoder: the retriever.
        examples: at least one.
        corpus: at least one code.
        depth: codes kept of each query.
        within_language: whether only codes of the right code's language, or its kin, are ranked.
        stage: its name in reports.
        report: told how many texts are encoded.
        cancelled: asked between blocks.

    Raises:
        StoppedError: ``cancelled`` said so.
    """
    depth = max(1, min(depth, len(corpus)))
    ranking = Ranking(
        codes=np.full((len(examples), depth), -1, dtype=np.int32),
        scores=np.full((len(examples), depth), -1, dtype=np.float32),
        alike=np.full((len(examples), depth), -1, dtype=np.float32),
        positive_scores=np.zeros(len(examples), dtype=np.float32),
        positive_ranks=np.ones(len(examples), dtype=np.int32),
    )
    forbidden = forbidden_codes(examples, corpus)
    views: tuple[View, ...] = ("bare", "full")
    rows_of = {view: [i for i, example in enumerate(examples) if example.view == view] for view in views}
    todo = sum(len(corpus) + 2 * len(rows) for rows in rows_of.values() if rows)
    done = 0

    def encoded(texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        nonlocal done
        found = []
        for start in range(0, len(texts), _AT_ONCE):
            if cancelled():
                raise StoppedError("ranking was stopped; run it again")
            part = texts[start : start + _AT_ONCE]
            found.append(encoder.encode(part, is_query=is_query))
            done += len(part)
            report(Progress(stage=stage, done=done, total=todo, unit="texts"))
        return np.concatenate(found)

    for view, rows in rows_of.items():
        if not rows:
            continue
        codes = encoded(corpus.texts(view), is_query=False)
        queries = encoded([examples[i].query for i in rows], is_query=True)
        own = encoded([examples[i].text for i in rows], is_query=False)
        for asked, places in _kin(examples, rows, corpus, within_language):
            block = max(1, _SCORES // len(places))
            among = codes[places] if within_language else codes
            for start in range(0, len(asked), block):
                part = asked[start : start + block]
                numbers = [rows[i] for i in part]
                _rank_block(ranking, numbers, queries[part], own[part], among, places, forbidden)
    return ranking


def save_ranking(path: Path, ranking: Ranking) -> None:
    """Publish a ranking as one file without pickles."""
    arrays = {name: getattr(ranking, name) for name in Ranking.__slots__}
    with published(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load_ranking(path: Path) -> Ranking:
    """Read a ranking.

    Raises:
        TrainingError: there is none, or it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Ranking(**{name: arrays[name] for name in Ranking.__slots__})
    except Exception as error:  # the library passes on whatever its parts raise
        raise TrainingError(f"{path} cannot be read ({error}); delete it and run the stage that makes it") from None


def _kin(
    examples: Sequence[Example], rows: Sequence[int], corpus: Corpus, within_language: bool
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Places in ``rows``, each with the places of the codes that are ranked for them."""
    if not within_language:
        return [(np.arange(len(rows)), np.arange(len(corpus)))]
    kinds = np.array([kin_of(code) for code in corpus.codes])
    of_rows = kinds[[examples[i].code for i in rows]]
    return [(np.flatnonzero(of_rows == kind), np.flatnonzero(kinds == kind)) for kind in np.unique(of_rows)]


def _rank_block(
    ranking: Ranking,
    rows: Sequence[int],
    queries: NDArray[np.float32],
    own: NDArray[np.float32],
    codes: NDArray[np.float32],
    places: NDArray[np.int64],
    forbidden: Sequence[frozenset[int]],
) -> None:
    """Fill in some rows of a ranking.

    ``queries`` and ``own``: (rows, dimension), ``codes``: (codes, dimension), ``places``: theirs in the corpus, rising.
    """
    depth = ranking.codes.shape[1]
    scores = queries @ codes.T
    positive = np.einsum("ij,ij->i", queries, own)
    for i, row in enumerate(rows):
        out = np.fromiter(forbidden[row], dtype=np.int64, count=len(forbidden[row]))
        at = np.searchsorted(places, out)
        at = at[at < len(places)]
        scores[i, at[np.isin(places[at], out)]] = -np.inf
        ranking.positive_scores[row] = positive[i]
        # Written so that what is no number comes last: a dead model finds nothing.
        ranking.positive_ranks[row] = 1 + int((~(scores[i] < positive[i])).sum())
        best = _best(scores[i], depth)
        ranking.codes[row, : len(best)] = places[best]
        ranking.scores[row, : len(best)] = scores[i, best]
        ranking.alike[row, : len(best)] = codes[best] @ own[i]


def _best(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Places of the highest finite scores, best first, ties by place."""
    if count < len(scores):
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        found = np.flatnonzero((scores >= least) & np.isfinite(scores))
    else:
        found = np.flatnonzero(np.isfinite(scores))
    order = np.argsort(-scores[found], kind="stable")
    best: NDArray[np.int64] = found[order][:count]
    return best
