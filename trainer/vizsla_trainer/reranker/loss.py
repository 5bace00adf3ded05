"""The losses of rerankers: of the cross-encoder, and of late interaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vizsla_trainer.reranker.matching import TokenVectors, match_all
from vizsla_trainer.training.in_batch import contrastive

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


def late_info_nce(
    queries: TokenVectors,
    codes: TokenVectors,
    *,
    scale: float,
    allowed: torch.Tensor | None = None,
    reverse: float = 0.0,
    means: float = 0.0,
) -> torch.Tensor:
    """Each query is to match its own code better than all other codes of the batch; see ``contrastive``.

    Only the match of the query's tokens is served. Learned alone, it becomes one of the words that such codes have;
    with the other two, tokens go on to mean what the whole text means.

    Args:
        queries: (queries, length, dimension).
        codes: (codes, length, dimension); the first ones are the right ones, in the order of the queries, hard
            negatives follow.
        scale: 1 / temperature, of a match in [-1, 1].
        allowed: (queries, codes), which codes stand against a query; its own is never asked for. None: all.
        reverse: what the match of the code's tokens counts beside that of the query's, see ``match_all``.
        means: what the same loss of the texts' mean vectors, by cosine, counts beside this one.
    """
    loss = contrastive(scale * match_all(queries, codes, reverse=reverse), allowed)
    if not means:
        return loss
    return loss + means * contrastive(scale * queries.means() @ codes.means().T, allowed)
