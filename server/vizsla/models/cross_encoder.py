"""A question and functions to scores, best candidates first, so that a budget can stop at any batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vizsla.models.backend import Backend, run_in_order
from vizsla.models.manifest import Manifest
from vizsla.models.tokenising import TextTokenizer


class CrossEncoder:
    """Scores pairs with one loaded model. Not thread-safe: its process gives it one thread."""

    def __init__(self, manifest: Manifest, tokenizer: TextTokenizer, backend: Backend) -> None:
        self.manifest = manifest
        self._tokenizer = tokenizer
        self._backend = backend
        self.tokens = 0
        """Tokens that went through the model so far, padding left out."""

    def score_batches(
        self, query: str, texts: Sequence[str]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Score texts for a question, a batch at a time; see ``Reranker.score_batches``."""
        encoded = self._tokenizer.encode_pairs(
            self.manifest.query_prompt + query, [self.manifest.document_prompt + text for text in texts]
        )
        for places, values, tokens in run_in_order(
            self._backend, encoded, max_tokens=self.manifest.max_tokens, pad_id=self._tokenizer.pad_id
        ):
            self.tokens += tokens
            yield np.asarray(places, dtype=np.int64), values

    def score(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score all texts; logits in the order of the texts. (texts,)"""
        scores = np.empty(len(texts), dtype=np.float32)
        for indices, batch in self.score_batches(query, texts):
            scores[indices] = batch
        return scores
