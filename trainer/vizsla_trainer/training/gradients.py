"""Gradients of a loss over many texts in the memory of a few: gradient caching."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vizsla_trainer.training.batching import Chunk

if TYPE_CHECKING:
    import torch


def accumulate(
    chunks: Sequence[Chunk],
    forward: Callable[[Chunk], torch.Tensor],
    loss_of: Callable[[torch.Tensor], torch.Tensor],
    *,
    kept_tokens: int,
) -> float:
    """Add the gradients of a loss to the network's parameters, as if all texts had gone through it at once.

    Chunks go through the network one by one; the loss gives its gradient with respect to their outputs; with it each
    chunk goes back. Activations are kept for the first chunks only: the others go forward a second time when their
    turn comes. So memory is bounded by ``kept_tokens`` and a chunk, while the loss sees all texts.

    Args:
        chunks: whose ``places`` are 0 … texts - 1, each once.
        forward: outputs of a chunk (texts of the chunk, …), the same each time it is called.
        loss_of: from all outputs (texts, …), fp32 and in the order of the places, to a number.
        kept_tokens: padded tokens whose activations memory holds.

    Returns:
        The loss; where it is no finite number nothing is added.

    Source: Gao, Zhang, Han, Callan, "Scaling deep contrastive learning batch size under memory limited setup",
    RepL4NLP 2021.
    """
    import torch

    outputs: list[torch.Tensor] = []
    room = kept_tokens
    for chunk in chunks:
        room -= chunk.input_ids.size
        if room >= 0:
            outputs.append(forward(chunk).float())
        else:
            with torch.no_grad():
                outputs.append(forward(chunk).float())
    places = torch.tensor([place for chunk in chunks for place in chunk.places], device=outputs[0].device)
    leaf = torch.cat([output.detach() for output in outputs])[torch.argsort(places)].requires_grad_()
    loss = loss_of(leaf)
    if not torch.isfinite(loss):
        return float(loss.detach())
    (gradients,) = torch.autograd.grad(loss, leaf)
    # Last kept, first back: what is kept is freed before anything goes forward again.
    for chunk, output in sorted(zip(chunks, outputs, strict=True), key=lambda pair: not pair[1].requires_grad):
        again = output if output.requires_grad else forward(chunk).float()
        torch.autograd.backward(again, gradients[torch.tensor(chunk.places, device=gradients.device)])
    return float(loss.detach())
