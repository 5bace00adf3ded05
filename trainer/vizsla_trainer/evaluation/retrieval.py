"""Where a retriever puts the right code of each held-out query, among all code of its workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vizsla_trainer.errors import StoppedError
from vizsla_trainer.evaluation.metrics import Ranks, rank_of
from vizsla_trainer.progress import Cancelled, Progress, Report, never, unheard
from vizsla_trainer.records import Code, Pair, positive_text, text_in, view_of
from vizsla_trainer.training.examples import Corpus, examples_of, forbidden_codes

Vectors = npt.NDArray[np.float32]

_TEXTS_AT_ONCE = 256
_NOBODY = -1


class Encoder(Protocol):
    """What embeds texts, such as ``vizsla.models.bi_encoder.BiEncoder``."""

    def encode(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        """Vectors of length 1 in the order of the texts. (texts, dimension)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The answers of a retriever to some pairs' queries.

    Attributes:
        ranks: place of each pair's own code. (pairs,)
        candidates: indices into the codes, best first, -1 where there are no more. (pairs, depth)
        cosines: of the candidates, NaN where there are none. (pairs, depth)
    """

    ranks: Ranks
    candidates: npt.NDArray[np.int64]
    cosines: npt.NDArray[np.float32]


class TextVectors:
    """Vectors of texts by one model, each text embedded once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._rows: dict[str, int] = {}
        self._blocks: list[Vectors] = []
        self._all: Vectors | None = None

    def of(
        self, texts: Sequence[str], *, report: Report = unheard, cancelled: Cancelled = never, stage: str = "evaluate"
    ) -> Vectors:
        """Vectors of code texts, in their order. (texts, dimension)

        Raises:
            StoppedError: it was cancelled.
        """
        missing = sorted(
            set(texts) - self._rows.keys(), key=lambda text: (len(text), text)
        )  # like lengths together: less padding
        for start in range(0, len(missing), _TEXTS_AT_ONCE):
            if cancelled():
                raise StoppedError("stopped while measuring; run it again to go on")
            block = missing[start : start + _TEXTS_AT_ONCE]
            self._blocks.append(self._encoder.encode(block, is_query=False))
            first = len(self._rows)
            self._rows.update((text, first + i) for i, text in enumerate(block))
            report(Progress(stage=stage, done=start + len(block), total=len(missing), unit="texts"))
            self._all = None
        if self._all is None:
            self._all = np.concatenate(self._blocks) if self._blocks else np.empty((0, 1), np.float32)
            self._blocks = [self._all]
        return self._all[[self._rows[text] for text in texts]]

    def of_queries(self, queries: Sequence[str]) -> Vectors:
        """Vectors of queries, in their order. (queries, dimension)"""
        return self._encoder.encode(queries, is_query=True)


def rank_pairs(
    vectors: TextVectors,
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
        vectors: of the model to be measured.
        pairs: with the queries.
        codes: of all workspaces.
        depth: how many candidates are kept of each.
        report: told of the embedding.
        cancelled: asked now and then.

    Raises:
        StoppedError: it was cancelled.
    """
    corpus = Corpus(tuple(codes))
    examples = examples_of(pairs, corpus)
    may_be_right = forbidden_codes(examples, corpus)
    ranks = np.empty(len(pairs), dtype=np.int64)
    candidates = np.full((len(pairs), depth), _NOBODY, dtype=np.int64)
    cosines = np.full((len(pairs), depth), np.nan, dtype=np.float32)
    for members, here, texts in _corpora(pairs, codes):
        matrix = vectors.of(texts, report=report, cancelled=cancelled)
        own = vectors.of([examples[i].text for i in members])
        asked = vectors.of_queries([pairs[i].query for i in members])
        row_of = {int(code): row for row, code in enumerate(here)}
        for i, query, right in zip(members, asked, own, strict=True):
            scores = matrix @ query
            row = row_of[examples[i].code]
            scores[row] = query @ right
            is_other = np.ones(len(here), dtype=bool)
            is_other[[row_of[code] for code in may_be_right[i] if code in row_of]] = False
            is_other[row] = False
            ranks[i] = rank_of(float(scores[row]), scores[is_other])
            is_other[row] = True
            kept = np.flatnonzero(is_other)
            # Last among equals, as its rank says.
            order = kept[np.lexsort((kept == row, -np.nan_to_num(scores[kept], nan=-2.0)))][:depth]
            candidates[i, : len(order)] = here[order]
            cosines[i, : len(order)] = scores[order]
    return Ranking(ranks=ranks, candidates=candidates, cosines=cosines)


def candidate_text(pair: Pair, code: Code) -> str:
    """The text of a candidate for a pair's query: its own code's without what would give it away."""
    return positive_text(pair, code) if code.id == pair.code else text_in(code, view_of(pair))


def _corpora(
    pairs: Sequence[Pair], codes: Sequence[Code]
) -> Iterator[tuple[list[int], npt.NDArray[np.int64], list[str]]]:
    """Pairs that share their candidates: their indices, the candidates' indices and texts."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index, pair in enumerate(pairs):
        groups.setdefault((pair.workspace, view_of(pair)), []).append(index)
    for (workspace, view), members in groups.items():
        here = np.array([i for i, code in enumerate(codes) if code.workspace == workspace], dtype=np.int64)
        yield members, here, [text_in(codes[i], view) for i in here]  # type: ignore[arg-type]
