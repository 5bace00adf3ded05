"""Pairs to scores by a cross-encoder's network, while it is trained and between its steps."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vizsla.models.batching import Tokenised
from vizsla_trainer.training.base import Base
from vizsla_trainer.training.batching import Chunk, chunks_of
from vizsla_trainer.training.encoding import network_inputs
from vizsla_trainer.training.machine import Machine

if TYPE_CHECKING:
    import torch

_AT_ONCE = 64  # lists that are tokenised and sorted by length together


class NetworkScorer:
    """A cross-encoder's network with its tokenizer."""

    def __init__(self, base: Base, machine: Machine, *, max_tokens: int) -> None:
        """Put the network on the machine.

        Args:
            base: a cross-encoder.
            machine: what it runs on.
            max_tokens: of a query with a code; the longer of the two is cut, as when serving.
        """
        self.network = base.network.to(machine.device)
        self._base = base
        self._machine = machine
        self._reader = base.reads(max_tokens)
        self._max_tokens = min(max_tokens, base.max_tokens)
        self._takes = set(inspect.signature(self.network.forward).parameters)

    def tokens(self, query: str, texts: Sequence[str]) -> list[Tokenised]:
        """A query with each of the texts, as tokens."""
        base = self._base
        return list(self._reader.encode_pairs(base.query_prompt + query, [base.document_prompt + t for t in texts]))

    def chunks(self, pairs: Sequence[Tokenised]) -> list[Chunk]:
        """Chunks as large as the machine takes."""
        return chunks_of(
            pairs, tokens=self._machine.chunk_tokens, max_tokens=self._max_tokens, pad_id=self._reader.pad_id
        )

    def forward(self, chunk: Chunk) -> torch.Tensor:
        """Logits in the order of the chunk. (pairs,)"""
        with self._machine.autocast():
            logits: torch.Tensor = self.network(**network_inputs(chunk, self._machine, self._takes)).logits
        return logits[:, 0].float()

    def score(self, queries: Sequence[str], lists: Sequence[Sequence[str]]) -> list[NDArray[np.float32]]:
        """Logits of each query's texts, in their order."""
        import torch

        found: list[NDArray[np.float32]] = []
        with torch.inference_mode():
            for start in range(0, len(queries), _AT_ONCE):
                part = lists[start : start + _AT_ONCE]
                read = [
                    pair
                    for query, texts in zip(queries[start : start + _AT_ONCE], part, strict=True)
                    for pair in self.tokens(query, texts)
                ]
                logits = np.empty(len(read), dtype=np.float32)
                for chunk in self.chunks(read):
                    logits[list(chunk.places)] = self.forward(chunk).cpu().numpy()
                ends = np.cumsum([len(texts) for texts in part])
                found += np.split(logits, ends[:-1])
        return found
