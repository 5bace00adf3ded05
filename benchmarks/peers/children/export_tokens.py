"""A transformer as ONNX that gives the vectors of tokens, unpooled. Needs the ``train`` extra."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from transformers import AutoModel

_NAMES = ("input_ids", "attention_mask", "token_type_ids")


class Tokens(torch.nn.Module):
    """Takes what exported models take, in their order, and gives (batch, length, dimension)."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        found = self.model(input_ids=ids, attention_mask=mask, token_type_ids=types)
        vectors: torch.Tensor = found.last_hidden_state
        return vectors


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    model = Tokens(AutoModel.from_pretrained(source, attn_implementation="eager")).eval()
    ids = torch.full((2, 8), 7, dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0  # with ones alone masking would be left out of what is traced
    axes = {name: {0: "batch", 1: "length"} for name in (*_NAMES, "last_hidden_state")}
    torch.onnx.export(
        model,
        (ids, mask, torch.zeros_like(ids)),
        str(target / "new.onnx"),
        input_names=list(_NAMES),
        output_names=["last_hidden_state"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    (target / "new.onnx").rename(target / "model.onnx")
