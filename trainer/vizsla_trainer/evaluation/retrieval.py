"""Where a retriever puts the right code of each held-out query, among all code of its workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizsla_trainer.evaluation.metrics import Ranks
from vizsla_trainer.negatives.ranking import rank_corpus
from vizsla_trainer.progress import Cancelled, Report, never, unheard
from vizsla_trainer.records import Code, Pair, positive_text
from vizsla_trainer.training.encoding import Encoder
from vizsla_trainer.training.examples import Corpus, examples_of, group_of, rival_text
from vizsla_trainer.training.vectors import RememberingEncoder

_NOBODY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The answers of a retriever to some pairs' queries.

    Attributes:
        ranks: place of each pair's own code, a tie counts against it. (pairs,)
        candidates: indices into the codes, its own among them, best first, -1 where there are no more. (pairs, depth)
        cosines: of the candidates, NaN where there are none. (pairs, depth)
    """

    ranks: Ranks
    candidates: npt.NDArray[np.int64]
    cosines: npt.NDArray[np.float32]


def rank_pairs(
    encoder: Encoder,
    pairs: Sequence[Pair],
    codes: Sequence[Code],
    *,
    depth: int,
    report: Report = unheard,
    cancelled: Cancelled = never,
) -> Ranking:
    """Rank all code of its workspace for each pair's query.

    Other codes that may be just as right (see ``training.examples.forbidden_codes``) are no candidates.

    Args:
        encoder: the model to be measured.
        pairs: with the queries.
        codes: of all workspaces.
        depth: how many candidates are kept of each.
        report: told of the embedding.
        cancelled: asked now and then.

    Raises:
        StoppedError: it was cancelled.
    """
    found = Ranking(
        ranks=np.empty(len(pairs), dtype=np.int64),
        candidates=np.full((len(pairs), depth), _NOBODY, dtype=np.int64),
        cosines=np.full((len(pairs), depth), np.nan, dtype=np.float32),
    )
    for workspace in sorted({pair.workspace for pair in pairs}):
        here = np.array([i for i, code in enumerate(codes) if code.workspace == workspace], dtype=np.int64)
        members = [i for i, pair in enumerate(pairs) if pair.workspace == workspace]
        corpus = Corpus(tuple(codes[i] for i in here))
        examples = examples_of([pairs[i] for i in members], corpus)
        ranked = rank_corpus(
            # One that remembers is not asked to through another: vectors would be in memory twice.
            encoder if isinstance(encoder, RememberingEncoder) else RememberingEncoder(encoder),
            examples,
            corpus,
            depth=depth,
            stage="evaluate",
            report=report,
            cancelled=cancelled,
        )
        for row, i in enumerate(members):
            others = ranked.codes[row] >= 0
            place = int(ranked.positive_ranks[row]) - 1
            found.ranks[i] = place + 1
            order, cosines = here[ranked.codes[row, others]], ranked.scores[row, others]
            if place <= len(order):
                order = np.insert(order, place, here[examples[row].code])
                cosines = np.insert(cosines, place, ranked.positive_scores[row])
            count = min(depth, len(order))
            found.candidates[i, :count] = order[:count]
            found.cosines[i, :count] = cosines[:count]
    return found


def candidate_text(pair: Pair, code: Code) -> str:
    """The text of a candidate for a pair's query: its own code's without what would give it away, others' alike."""
    return positive_text(pair, code) if code.id == pair.code else rival_text(code, group_of(pair), pair.query)
