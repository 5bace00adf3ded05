"""The loss of the bi-encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def info_nce(
    queries: torch.Tensor, codes: torch.Tensor, *, scale: float, allowed: torch.Tensor | None = None
) -> torch.Tensor:
    """Each query is to find its own code among all codes of the batch.

    ``-log(e^(scale q_i·c_i) / Σ_j e^(scale q_i·c_j))``, mean over the queries.

    Args:
        queries: (queries, dimension), of length 1.
        codes: (codes, dimension), of length 1; the first ones are the right ones, in the order of the queries, hard
            negatives follow.
        scale: 1 / temperature.
        allowed: (queries, codes), which codes stand against a query; its own is never asked for. None: all.

    Source: van den Oord, Li, Vinyals, "Representation learning with contrastive predictive coding", 2018.
    """
    import torch

    scores = scale * queries @ codes.T
    target = torch.arange(len(queries), device=queries.device)
    if allowed is not None:
        is_own = torch.nn.functional.one_hot(target, num_classes=len(codes)).bool()
        scores = scores.masked_fill(~(allowed | is_own), float("-inf"))
    return torch.nn.functional.cross_entropy(scores, target)
