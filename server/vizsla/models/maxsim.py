"""A cross-encoder made of a bi-encoder: question and function are read together, then matched token by token.

It has no weights of its own: its folder is the encoder's, with a line in ``modules.json`` that says how it scores.
Importing this module imports torch.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import torch

SPREAD = 1.5
"""What similarities are multiplied with, so that they fill a logit's range."""
MIDDLE = 0.5
"""The similarity that becomes the logit 0."""


class MaxSimScorer(torch.nn.Module):
    """Encoder and late interaction; called like a network of transformers with one label.

    Each token of the question takes the most similar token of the function; the logit is the mean of these cosines,
    moved and stretched. As both texts went through all layers together, their tokens know of each other.

    Source: Khattab and Zaharia, "ColBERT", SIGIR 2020, for the sum of maxima, there between texts read apart.
    """

    def __init__(self, encoder: torch.nn.Module, separator: int) -> None:
        """Put the matching above an encoder.

        Args:
            encoder: a transformers encoder.
            separator: number of the token that ends the question, as ``separator_of`` gives it.
        """
        super().__init__()
        self.encoder = encoder
        self._separator = separator
        self._takes_types = "token_type_ids" in inspect.signature(encoder.forward).parameters

    @property
    def config(self) -> Any:
        """Of the encoder."""
        return self.encoder.config

    def get_input_embeddings(self) -> torch.nn.Module:
        """Word vectors of the encoder."""
        encoder: Any = self.encoder
        embeddings: torch.nn.Module = encoder.get_input_embeddings()
        return embeddings

    def save_pretrained(self, folder: Path, *, max_shard_size: str) -> None:
        """Write the encoder as transformers does.

        Raises:
            SafetensorError: the disk is full.
        """
        encoder: Any = self.encoder
        encoder.save_pretrained(folder, max_shard_size=max_shard_size)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor | None = None,
    ) -> Any:
        """One logit for each pair, in ``logits``. (batch, 1)"""
        from transformers.modeling_outputs import SequenceClassifierOutput

        types = {} if token_type_ids is None or not self._takes_types else {"token_type_ids": token_type_ids}
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **types).last_hidden_state
        with torch.autocast(states.device.type, enabled=False):  # in bf16 many scores would be the same number
            similarity = maxsim(states.float(), *sides(input_ids, attention_mask, self._separator))
            return SequenceClassifierOutput(logits=(SPREAD * (similarity - MIDDLE)).unsqueeze(1))


def sides(input_ids: torch.Tensor, attention_mask: torch.Tensor, separator: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Which tokens are the question's and which the function's; the special ones are neither's.

    Args:
        input_ids: (batch, length), a special token first, one or more separators between the texts and one at the end.
        attention_mask: (batch, length), 1 for a token and 0 for padding.
        separator: its number.

    Returns:
        Two masks, 1.0 for a token of that side. (batch, length)
    """
    ends = (input_ids == separator).to(torch.int64)
    is_second = (ends.cumsum(dim=1) > 0).to(torch.int64)
    is_first = torch.cat([torch.zeros_like(is_second[:, :1]), 1 - is_second[:, 1:]], dim=1)
    inner = attention_mask * (1 - ends)
    return (inner * is_first).float(), (inner * is_second).float()


def maxsim(states: torch.Tensor, question: torch.Tensor, function: torch.Tensor) -> torch.Tensor:
    """Mean over the question's tokens of the largest cosine with one of the function's.

    Args:
        states: of all tokens. (batch, length, dimension)
        question: 1.0 for its tokens. (batch, length)
        function: likewise; without any, every similarity is -1.

    Returns:
        (batch,); 0 for a question without tokens.
    """
    vectors = torch.nn.functional.normalize(states, dim=-1)
    cosines = vectors @ vectors.transpose(1, 2)
    best = cosines.masked_fill(function.unsqueeze(1) == 0, -1.0).amax(dim=2)
    return (best * question).sum(dim=1) / question.sum(dim=1).clamp(min=1.0)
