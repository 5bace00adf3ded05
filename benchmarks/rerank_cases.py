"""Questions with the first of what was found for each, and what a reranker says of every one of them.

Read once, kept in one file, so that any manner of reading fewer can be tried on the same numbers in seconds.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from benchmarks.encoding import Encoder
from benchmarks.held_out import codes_of, held_out_pairs
from benchmarks.question_sets import build_library, encode_queries, read_sets

from vizsla.core.types import FunctionKey
from vizsla.retrieval.candidates import Candidate, gather
from vizsla.retrieval.duplicates import fold_duplicates
from vizsla.retrieval.fusion import Ranked, fuse, logit_of
from vizsla.retrieval.layers import Layer
from vizsla.retrieval.query import Question
from vizsla.retrieval.rerank import PLAIN, rerank_text
from vizsla_trainer.evaluation.asking import ask

RIGHT, WRONG, UNCOUNTED, NOTHING = 1, 0, -1, -2
"""What a candidate is: the answer, another, one that may answer as well, or none at all."""

_MARKS: dict[bool | None, int] = {True: RIGHT, False: WRONG, None: UNCOUNTED}
_PATIENCE_SECONDS = 600.0

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Candidates of questions, in the order of fusion; rows are questions, NaN and ``NOTHING`` where there are fewer.

    Attributes:
        marks: what each candidate is. (questions, candidates)
        fused: log-odds of fusion. (questions, candidates)
        cosines: with the question. (questions, candidates)
        characters: of question and text together. (questions, candidates)
        short_characters: likewise of the shortened text. (questions, candidates)
        scores: of the reranker for the whole text. (questions, candidates)
        short_scores: for the shortened text, of as many as the server reads. (questions, candidates)
        vectors: of the candidates. (questions, candidates, dimension)
        answers: how many right answers there are. (questions,)
        beyond: reciprocal rank of an answer that is not among the candidates, else 0. (questions,)
    """

    marks: npt.NDArray[np.int8]
    fused: Floats
    cosines: Floats
    characters: Floats
    short_characters: Floats
    scores: Floats
    short_scores: Floats
    vectors: npt.NDArray[np.float16]
    answers: npt.NDArray[np.int32]
    beyond: Floats

    def __len__(self) -> int:
        return len(self.marks)

    def save(self, path: Path) -> None:
        """Write them."""
        np.savez_compressed(path, **asdict(self))

    @classmethod
    def load(cls, path: Path) -> Cases:
        """Read what ``save`` wrote."""
        with np.load(path) as arrays:
            return cls(**{name: arrays[name] for name in arrays.files})


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """A question before it is read."""

    question: Question
    ranked: list[Ranked]
    texts: Mapping[FunctionKey, str]
    marks: list[int]
    answers: int


def collect(
    encoder: Encoder,
    *,
    run: Path | None,
    data: Path | None,
    sets: Sequence[str],
    queries: int,
    pool: int,
    short: int,
    candidates: int,
    seconds: float,
) -> Cases:
    """Ask questions and have the first candidates of each read.

    Args:
        encoder: the models; its reranker must be there.
        run: folder of a training run, for its held-out questions.
        data: folder of question sets.
        sets: of these sets only; all when empty.
        queries: at most so many of the run and of each set.
        pool: so many candidates are read.
        short: characters of a shortened text; 0 for no second reading.
        candidates: of each retriever.
        seconds: of reading; with what was read by then the rest goes on.
    """
    rows: list[dict[str, Any]] = []
    asked = [*(_of_run(run, encoder, queries, candidates) if run else ())]
    asked += [*(_of_sets(data, sets, encoder, queries, candidates) if data else ())]
    random.Random(1).shuffle(asked)  # so that whatever is read in time is of all kinds
    end = time.monotonic() + seconds
    for number, one in enumerate(asked, start=1):
        if time.monotonic() > end:
            break
        rows.append(_read(one, encoder, pool, short))
        print(f"\rread {number} of {len(asked)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return Cases(**{name: np.stack([row[name] for row in rows]) for name in rows[0]})


def _of_run(run: Path, encoder: Encoder, queries: int, candidates: int) -> Iterator[_One]:
    pairs = held_out_pairs(run, "test", most=queries)
    for asked in ask(pairs, codes_of(run), encoder, count=candidates):
        ranked = asked.fused(encoder.models.calibration.cosine)
        marks = [_MARKS[asked.is_right(one)] for one in ranked]
        yield _One(question=asked.question, ranked=ranked, texts=asked.texts, marks=marks, answers=1)


def _of_sets(data: Path, sets: Sequence[str], encoder: Encoder, queries: int, candidates: int) -> Iterator[_One]:
    for one in read_sets(data, sets, most_queries=queries):
        if one.has_files:  # several functions of a file answer alike: that is measured by quality.py
            continue
        for group in one.groups:
            codes, asked = one.codes_of(group), one.queries_of(group)
            library = build_library(codes, encoder)
            text_of = {code["cid"]: code["code"] for code in codes}
            for query, vector in zip(asked, encode_queries(asked, encoder), strict=True):
                question, right = Question.from_text(query["query"]), one.answers[query["qid"]]
                layers = [Layer(store=library.store, vectors=library.vectors)]
                ranked = _fused(question, gather(question, vector, layers, candidates), encoder)
                functions = [found.candidate.function for found in ranked]
                cids = [library.code_of[function.key] for function in functions]
                texts = {
                    function.key: rerank_text(function, text_of[cid])
                    for function, cid in zip(functions, cids, strict=True)
                }
                marks = [RIGHT if cid in right else WRONG for cid in cids]
                yield _One(question=question, ranked=ranked, texts=texts, marks=marks, answers=len(right))


def _fused(question: Question, found: Sequence[Candidate], encoder: Encoder) -> list[Ranked]:
    return fold_duplicates(fuse(question, found, cosine=encoder.models.calibration.cosine))


def _read(one: _One, encoder: Encoder, pool: int, short: int) -> dict[str, Any]:
    """One row of ``Cases``."""
    head, query = one.ranked[:pool], one.question.text
    texts = [one.texts[ranked.candidate.function.key] for ranked in head]
    depth = (encoder.models.calibration.reading or PLAIN).depth
    cut = [text[:short] for text in texts[:depth]] if short else texts

    def scores(some: list[str]) -> Floats:
        return encoder.models.rerank(query, some, budget_seconds=_PATIENCE_SECONDS).result()

    whole = scores(texts)
    is_beyond = RIGHT not in one.marks[:pool]
    place, reciprocal = 1, 0.0
    for mark in one.marks if is_beyond else ():
        if mark == RIGHT:
            reciprocal = 1 / place
            break
        place += mark != UNCOUNTED
    vectors = np.full((pool, encoder.models.dimension), np.nan, dtype=np.float16)
    vectors[: len(head)] = encoder(texts, False)
    return {
        "marks": _padded(one.marks[:pool], pool, NOTHING).astype(np.int8),
        "fused": _padded([logit_of(ranked.score) for ranked in head], pool),
        "cosines": _padded([ranked.candidate.cosine for ranked in head], pool),
        "characters": _padded([len(query) + len(text) for text in texts], pool),
        "short_characters": _padded([len(query) + len(text) for text in cut], pool),
        "scores": _padded(whole, pool),
        "short_scores": _padded(scores(cut) if short else whole, pool),
        "vectors": vectors,
        "answers": np.int32(one.answers),
        "beyond": np.float32(reciprocal),
    }


def _padded(values: Sequence[float] | Floats, length: int, filler: float = np.nan) -> Floats:
    row = np.full(length, filler, dtype=np.float32)
    row[: len(values)] = values
    return row
