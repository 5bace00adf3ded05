"""Questions and codes read apart and matched token by token, by a network while it is trained and between steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vizsla_trainer.training.base import Base
from vizsla_trainer.training.batching import Chunk
from vizsla_trainer.training.encoding import NetworkEncoder
from vizsla_trainer.training.machine import Machine

if TYPE_CHECKING:
    import torch
    from tokenizers import Encoding

_COSINES = 1 << 23  # that memory holds together, of 4 bytes each; their gradients take three times as much again
_AT_ONCE = 16  # lists whose texts are read together


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenVectors:
    """Texts as the vectors of their tokens, padded to one length.

    Attributes:
        vectors: of length 1 each, (texts, length, dimension).
        inner: False for padding and for special tokens, which are not matched, (texts, length).
    """

    vectors: torch.Tensor
    inner: torch.Tensor

    def means(self) -> torch.Tensor:
        """The texts as one vector each, the direction of the mean of their inner tokens. (texts, dimension)"""
        import torch

        return torch.nn.functional.normalize((self.vectors * self.inner[:, :, None]).sum(dim=1), dim=-1)

    def of(self, places: Sequence[int]) -> TokenVectors:
        """Some of the texts."""
        return TokenVectors(vectors=self.vectors[list(places)], inner=self.inner[list(places)])


def match_all(queries: TokenVectors, codes: TokenVectors, *, reverse: float = 0.0) -> torch.Tensor:
    """How well each code matches each query: the mean over the query's tokens of the largest cosine with one of it.

    Codes are taken a few at a time, and their cosines anew when gradients are wanted, so that memory holds
    ``_COSINES`` of them however many texts there are; one code alone may exceed it.

    Args:
        queries: a query without inner tokens matches everything by 0.
        codes: a code without inner tokens matches everything by -1.
        reverse: what the mean over the code's tokens of the largest cosine with one of the query counts beside it.
            Nothing serves that; it is for learning. A query or a code without inner tokens has 0 there.

    Returns:
        (queries, codes), in [-1, 1] without ``reverse``.

    Source: Khattab and Zaharia, "ColBERT", SIGIR 2020, there the sum, which would let long queries decide the loss.
    """
    import torch
    from torch.utils.checkpoint import checkpoint

    # Queries are short and codes are long: without their padding, a tenth of all cosines is left.
    asked = queries.vectors[queries.inner]  # (query tokens, dimension)
    match = partial(_matched, sizes=queries.inner.sum(dim=1).tolist(), reverse=reverse)
    width = max(1, _COSINES // max(1, len(asked) * codes.vectors.shape[1]))
    found = []
    for vectors, inner in zip(torch.split(codes.vectors, width), torch.split(codes.inner, width), strict=True):
        if torch.is_grad_enabled():
            found.append(checkpoint(match, asked, vectors, inner, use_reentrant=False, preserve_rng_state=False))
        else:
            found.append(match(asked, vectors, inner))
    return torch.cat(found, dim=1)


class TokenScorer:
    """The network of late interaction with its tokenizer."""

    def __init__(self, base: Base, machine: Machine, *, query_tokens: int, code_tokens: int) -> None:
        """Put the network on the machine.

        Args:
            base: of late interaction.
            machine: what it runs on.
            query_tokens: at which queries are cut, special tokens included; ``code_tokens`` likewise.
        """
        self._encoder = NetworkEncoder(base, machine, query_tokens=query_tokens, code_tokens=code_tokens)
        self._machine = machine
        self.network = self._encoder.network

    def tokens(self, queries: Sequence[str], codes: Sequence[str]) -> list[Encoding]:
        """Queries, then codes, as tokens."""
        read = self._encoder.tokens(queries, is_query=True)
        return read + self._encoder.tokens(codes, is_query=False)

    def chunks(self, read: Sequence[Encoding]) -> list[Chunk]:
        """Chunks as large as the machine takes."""
        return self._encoder.chunks(read)

    def forward(self, chunk: Chunk, *, length: int) -> torch.Tensor:
        """Token vectors in the order of the chunk, padded to a length. (texts, length, dimension)"""
        import torch

        vectors = self._encoder.forward(chunk)
        return torch.nn.functional.pad(vectors, (0, 0, 0, length - vectors.shape[1]))

    def inner(self, read: Sequence[Encoding], *, length: int) -> torch.Tensor:
        """Which tokens are matched. (texts, length)"""
        import torch

        found = np.zeros((len(read), length), dtype=np.bool_)
        for row, text in enumerate(read):
            found[row, : len(text.ids)] = np.array(text.special_tokens_mask) == 0
        return torch.from_numpy(found).to(self._machine.device)

    def score(self, queries: Sequence[str], lists: Sequence[Sequence[str]]) -> list[NDArray[np.float32]]:
        """Matches of each query's texts, in their order; each list has a text or more."""
        import torch

        found: list[NDArray[np.float32]] = []
        with torch.inference_mode():
            for start in range(0, len(queries), _AT_ONCE):
                asked, part = queries[start : start + _AT_ONCE], lists[start : start + _AT_ONCE]
                # What stands in several lists is read once.
                places = {text: place for place, text in enumerate(dict.fromkeys(t for own in part for t in own))}
                read = self._vectors(self.tokens(asked, list(places)))
                for row, own in enumerate(part):
                    codes = read.of([len(asked) + places[text] for text in own])
                    found.append(match_all(read.of([row]), codes)[0].cpu().numpy())
        return found

    def _vectors(self, read: Sequence[Encoding]) -> TokenVectors:
        import torch

        chunks = self.chunks(read)
        length = longest(chunks)
        order = torch.argsort(torch.tensor([place for chunk in chunks for place in chunk.places]))
        vectors = torch.cat([self.forward(chunk, length=length) for chunk in chunks])[order.to(self._machine.device)]
        return TokenVectors(vectors=vectors, inner=self.inner(read, length=length))


def longest(chunks: Sequence[Chunk]) -> int:
    """The padded length that all chunks have room in."""
    return int(max(chunk.input_ids.shape[1] for chunk in chunks))


def _matched(
    asked: torch.Tensor, vectors: torch.Tensor, inner: torch.Tensor, *, sizes: list[int], reverse: float
) -> torch.Tensor:
    """``match_all`` of a few codes; ``asked`` has the inner tokens of all queries, of each ``sizes`` many.

    Returns:
        (queries, codes)
    """
    import torch

    cosines = torch.einsum("td,bcd->tbc", asked, vectors)
    forward = cosines.masked_fill(~inner, -1.0).amax(dim=2)
    found = torch.stack([part.sum(dim=0) / max(1, len(part)) for part in torch.split(forward, sizes)])
    if not reverse:
        return found
    best = torch.stack([part.amax(dim=0) if len(part) else part.sum(dim=0) for part in torch.split(cosines, sizes)])
    return found + reverse * (best * inner).sum(dim=2) / inner.sum(dim=1).clamp(min=1)
