"""The loss of the cross-encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def listwise(logits: torch.Tensor, is_there: torch.Tensor, *, scale: float) -> torch.Tensor:
    """Of the codes read with a query, the right one is to score highest.

    ``-log(e^(scale s_0) / Σ_j e^(scale s_j))`` with ``s = tanh(logit)``, summed over the queries. What is exported
    is the logit, which orders alike; bounded, a wrong label costs no more than ``2 scale``, however sure the model is.

    Args:
        logits: (queries, 1 + negatives), the right code first.
        is_there: (queries, 1 + negatives), False where a query has fewer negatives.
        scale: 1 / temperature.

    Source: Dong et al., arXiv 2305.04508, for the bounded score and its temperature.
    """
    import torch

    scores = (scale * torch.tanh(logits)).masked_fill(~is_there, float("-inf"))
    right = torch.zeros(len(logits), dtype=torch.int64, device=logits.device)
    return torch.nn.functional.cross_entropy(scores, right, reduction="sum")
