"""Token vectors to what a text is searched by, for training, serving and tracing alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vizsla.models.manifest import Pooling

if TYPE_CHECKING:
    import torch


def pooled(states: torch.Tensor, mask: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Token vectors to one each, padding left out; with "tokens" they stay as they are.

    Args:
        states: (batch, length, dimension).
        mask: (batch, length), 1 for a token and 0 for padding, which is on the right.
        pooling: how; "none" is not for here.

    Returns:
        (batch, dimension); with "tokens" (batch, length, dimension).
    """
    import torch

    is_token = mask.unsqueeze(-1)
    if pooling == "tokens":
        return states
    if pooling == "cls":
        return states[:, 0]
    if pooling == "max":
        return states.masked_fill(is_token == 0, torch.finfo(states.dtype).min).amax(dim=1)
    if pooling == "lasttoken":
        last = (mask.sum(dim=1) - 1).reshape(-1, 1, 1).expand(-1, 1, states.shape[-1])
        return states.gather(1, last).squeeze(1)
    weights = is_token.to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-9)
