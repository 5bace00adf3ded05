"""A transformer as ONNX that gives the vectors of tokens, unpooled. Needs the ``train`` extra."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from transformers import AutoModel

_NAMES = ("input_ids", "attention_mask", "token_type_ids")

if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    model = AutoModel.from_pretrained(source, attn_implementation="eager", return_dict=False).eval()
    ids = torch.full((2, 8), 7, dtype=torch.int64)
    axes = {name: {0: "batch", 1: "length"} for name in (*_NAMES, "last_hidden_state")}
    torch.onnx.export(
        model,
        (ids, torch.ones_like(ids), torch.zeros_like(ids)),
        str(target / "new.onnx"),
        input_names=list(_NAMES),
        output_names=["last_hidden_state"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    (target / "new.onnx").rename(target / "model.onnx")
