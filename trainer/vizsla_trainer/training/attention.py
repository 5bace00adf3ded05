"""Attention in plain matrix products, for training on a CPU: there the way back through torch's fused kernel takes more
than half of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_NAME = "vizsla-plain"
_MOST_TOKENS = 512  # of a text: the products take memory by the square of its length


def use_plain_attention(network: torch.nn.Module) -> None:
    """Let every encoder of a network attend in plain products from now on, where it lets itself be told how.

    The numbers are those of torch's kernel, rounded otherwise. Longer texts, and encoders that share keys between
    heads or do more to the scores than mask them, are left to that kernel.

    Args:
        network: of transformers, or with such networks in it.
    """
    from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(_NAME, attend)
    AttentionMaskInterface.register(_NAME, eager_mask)
    for part in network.modules():
        if isinstance(part, PreTrainedModel) and part.config._attn_implementation == "sdpa":
            part.set_attn_implementation(_NAME)


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """What transformers calls for each layer.

    Args:
        module: the layer.
        query: (texts, heads, length, width); key and value likewise.
        key: of each token.
        value: of each token.
        attention_mask: what is added to scores, (texts, 1, length, length); None where nothing is hidden.
        dropout: of the attention.
        scaling: of the scores; one over the root of the width when None.
        others: what some architectures add.

    Returns:
        (texts, length, heads, width), and no attention.
    """
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    is_plain = dropout == 0.0 and key.shape == query.shape and query.shape[2] <= _MOST_TOKENS
    is_plain = is_plain and others.get("position_bias") is None and others.get("softcap") is None
    if attention_mask is not None:
        # The least number of a wider type would be infinity here, and a row of them no number.
        least = torch.finfo(query.dtype).min
        attention_mask = attention_mask.clamp(min=least).to(query.dtype)
    if not is_plain or (attention_mask is None and others.get("is_causal", getattr(module, "is_causal", False))):
        found, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
        return found, None
    texts, heads, length, width = query.shape
    scale = width**-0.5 if scaling is None else scaling
    folded = (texts * heads, length, width)
    scores = torch.bmm((query * scale).reshape(folded), key.reshape(folded).transpose(1, 2))
    if attention_mask is not None:
        scores = (scores.view(texts, heads, length, length) + attention_mask).view_as(scores)
    shares = scores.softmax(-1).to(value.dtype)
    return torch.bmm(shares, value.reshape(folded)).view(query.shape).transpose(1, 2).contiguous(), None
