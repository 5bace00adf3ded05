"""The loss of the bi-encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vizsla_trainer.training.in_batch import contrastive

if TYPE_CHECKING:
    import torch


def info_nce(
    queries: torch.Tensor, codes: torch.Tensor, *, scale: float, allowed: torch.Tensor | None = None
) -> torch.Tensor:
    """Each query is to find its own code among all codes of the batch, by cosine; see ``contrastive``.

    Args:
        queries: (queries, dimension), of length 1.
        codes: (codes, dimension), of length 1; the first ones are the right ones, in the order of the queries, hard
            negatives follow.
        scale: 1 / temperature.
        allowed: (queries, codes), which codes stand against a query; its own is never asked for. None: all.
    """
    return contrastive(scale * queries @ codes.T, allowed)
