"""Batches of a bounded number of padded tokens, in a few lengths, so that little is computed for padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_STEPS = ((64, 8), (128, 16), (256, 32), (1_024, 128))  # up to a length, padded lengths are multiples of the step
_LONGEST_STEP = 512
_MAX_PADDING = 0.25  # of a text in its batch, before the text rather starts another batch


class Tokenised(Protocol):
    """Tokens of one text or pair, as ``tokenizers.Encoding`` has them."""

    @property
    def ids(self) -> list[int]:
        """Token numbers."""

    @property
    def type_ids(self) -> list[int]:
        """1 for tokens of the second text of a pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Texts that go through the model together.

    Attributes:
        indices: which texts, by their place in the input.
        length: tokens that each is padded to.
    """

    indices: tuple[int, ...]
    length: int


def padded_length(length: int, *, max_tokens: int) -> int:
    """The bucket of a text: the smallest padded length that holds it, at most ``max_tokens``."""
    step = next((step for limit, step in _STEPS if length <= limit), _LONGEST_STEP)
    return max(1, min(-(-length // step) * step, max_tokens))


def batches(lengths: Sequence[int], *, tokens_per_batch: int, max_tokens: int) -> Iterator[Batch]:
    """Plan batches over texts in any order: longest first, each text once, the same plan for the same lengths.

    Args:
        lengths: tokens of each text, at most ``max_tokens``.
        tokens_per_batch: bound on texts times padded length; one text alone may exceed it.
        max_tokens: the model's longest input.
    """
    # Longest first: memory is at its highest in the first batch, so running out of it shows at once.
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    yield from _cut(order, lengths, tokens_per_batch=tokens_per_batch, max_tokens=max_tokens)


def batches_in_order(lengths: Sequence[int], *, tokens_per_batch: int, max_tokens: int) -> Iterator[Batch]:
    """Plan batches that keep the order of the texts; arguments as for ``batches``."""
    chosen: list[int] = []
    length = 0
    for i, tokens in enumerate(lengths):
        longest = max(length, padded_length(tokens, max_tokens=max_tokens))
        if chosen and longest * (len(chosen) + 1) > tokens_per_batch:
            yield Batch(indices=tuple(chosen), length=length)
            chosen, longest = [], padded_length(tokens, max_tokens=max_tokens)
        chosen.append(i)
        length = longest
    if chosen:
        yield Batch(indices=tuple(chosen), length=length)


def padded(
    texts: Sequence[Tokenised], *, length: int, pad_id: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Token numbers, attention mask and token types of a batch, padded on the right. Each (texts, length)."""
    shape = (len(texts), length)
    input_ids = np.full(shape, pad_id, dtype=np.int64)
    attention_mask = np.zeros(shape, dtype=np.int64)
    token_type_ids = np.zeros(shape, dtype=np.int64)
    for row, text in enumerate(texts):
        ids = text.ids
        input_ids[row, : len(ids)] = ids
        attention_mask[row, : len(ids)] = 1
        token_type_ids[row, : len(ids)] = text.type_ids
    return input_ids, attention_mask, token_type_ids


def _cut(order: Sequence[int], lengths: Sequence[int], *, tokens_per_batch: int, max_tokens: int) -> Iterator[Batch]:
    chosen: list[int] = []
    length = 0
    for i in order:
        own = padded_length(lengths[i], max_tokens=max_tokens)
        is_full = length * (len(chosen) + 1) > tokens_per_batch
        # A batch that is mostly empty is topped up with shorter texts: a start of its own costs more than padding.
        is_wasteful = own < length * (1 - _MAX_PADDING) and length * len(chosen) * 4 >= tokens_per_batch
        if chosen and (is_full or is_wasteful):
            yield Batch(indices=tuple(chosen), length=length)
            chosen = []
        if not chosen:
            length = own
        chosen.append(i)
    if chosen:
        yield Batch(indices=tuple(chosen), length=length)
