"""A question and functions to scores, read apart and matched token by token; what was read is remembered.

Who types asks a slightly different question of much the same functions: then only the question goes through the model.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray
from tokenizers import Encoding

from vizsla.models.backend import Backend, run_in_order
from vizsla.models.manifest import Manifest
from vizsla.models.tokenising import TextTokenizer

SPREAD = 20.0
"""What similarities are multiplied with, so that they fill a logit's range: the trainer's scale."""
MIDDLE = 0.5
"""The similarity that becomes the logit 0."""

_REMEMBERED_BYTES = 32_000_000  # some 400 functions

Vectors = NDArray[np.float16]


def maxsim(question: NDArray[np.floating], function: NDArray[np.floating]) -> float:
    """Mean over the question's tokens of the largest cosine with one of the function's.

    Args:
        question: (tokens, dimension), of length 1 each.
        function: likewise.

    Returns:
        In [-1, 1]; 0 for a question without tokens, -1 for a function without any.

    Source: Khattab and Zaharia, "ColBERT", SIGIR 2020, there the sum.
    """
    if not len(question):
        return 0.0
    if not len(function):
        return -1.0
    cosines = question.astype(np.float32) @ function.astype(np.float32).T
    return float(cosines.max(axis=1).mean())


class LateInteraction:
    """Scores texts with one loaded model. Not thread-safe: its process gives it one thread."""

    def __init__(self, manifest: Manifest, tokenizer: TextTokenizer, backend: Backend) -> None:
        self.manifest = manifest
        self._tokenizer = tokenizer
        self._backend = backend
        self._remembered: OrderedDict[bytes, Vectors] = OrderedDict()
        self._bytes = 0
        self.tokens = 0
        """Tokens of functions that went through the model so far, special ones and padding left out."""

    def score_batches(
        self, query: str, texts: Sequence[str]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Score texts for a question; see ``Reranker.score_batches``. Those that are remembered come first."""
        ((_, (question,)),) = self._read([self.manifest.query_prompt + query])
        prompted = [self.manifest.document_prompt + text for text in texts]
        found = [self._recalled(text) for text in prompted]
        known = {place: vectors for place, vectors in enumerate(found) if vectors is not None}
        if known:  # at once and apart: they cost nothing, and must not tell how long reading takes
            yield _scores(question, known)
        unread = [place for place in range(len(texts)) if place not in known]
        for rows, read in self._read([prompted[place] for place in unread]):
            self.tokens += sum(map(len, read))
            places = [unread[row] for row in rows]
            for place, vectors in zip(places, read, strict=True):
                self._remember(prompted[place], vectors)
            yield _scores(question, dict(zip(places, read, strict=True)))

    def score(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score all texts; logits in the order of the texts. (texts,)"""
        scores = np.empty(len(texts), dtype=np.float32)
        for places, batch in self.score_batches(query, texts):
            scores[places] = batch
        return scores

    def _read(self, texts: Sequence[str]) -> Iterator[tuple[tuple[int, ...], list[Vectors]]]:
        """Places of texts, a batch at a time, and the vectors of their tokens, the special ones left out."""
        encoded = self._tokenizer.encode(texts)
        for places, states, _ in run_in_order(
            self._backend, encoded, max_tokens=self.manifest.max_tokens, pad_id=self._tokenizer.pad_id
        ):
            inner = [_inner(encoded[i]) for i in places]
            yield places, [states[row, matched].astype(np.float16) for row, matched in enumerate(inner)]

    def _recalled(self, text: str) -> Vectors | None:
        key = _key(text)
        if key in self._remembered:
            self._remembered.move_to_end(key)
        return self._remembered.get(key)

    def _remember(self, text: str, vectors: Vectors) -> None:
        key = _key(text)
        if key in self._remembered or not np.isfinite(vectors).all():
            return
        self._remembered[key] = vectors
        self._bytes += vectors.nbytes
        while self._bytes > _REMEMBERED_BYTES:
            self._bytes -= self._remembered.popitem(last=False)[1].nbytes


def _scores(question: Vectors, functions: Mapping[int, Vectors]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places and logits."""
    logits = [SPREAD * (maxsim(question, vectors) - MIDDLE) for vectors in functions.values()]
    return np.array(list(functions), dtype=np.int64), np.array(logits, dtype=np.float32)


def _inner(tokens: Encoding) -> NDArray[np.int64]:
    return np.flatnonzero(np.array(tokens.special_tokens_mask) == 0)


def _key(text: str) -> bytes:
    return blake3(text.encode("utf-8", "surrogatepass")).digest(16)
