"""Tiny seeded models for tests: real transformers weights, real tokenizers, real ONNX files, in a second or two."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from vizsla.models.manifest import Manifest, ModelKind, hash_file, write_manifest

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "parse",
    "read",
    "write",
    "file",
    "json",
    "list",
    "tree",
    "sort",
    "find",
    "open",
    "close",
    "date",
    "time",
    "user",
    "name",
    "path",
    "text",
    "line",
    "node",
    "graph",
    "cache",
    "cookie",
    "sign",
    "session",
    "request",
    "answer",
    "the",
    "a",
    "of",
    "in",
    "to",
    "where",
    "how",
    "is",
    "are",
]
DIMENSION = 32
MAX_TOKENS = 64


def make_tiny_model(folder: Path, kind: ModelKind) -> Path:
    """A model folder with safetensors and an fp32 ONNX file of the same weights."""
    import torch
    import transformers

    torch.manual_seed(0)
    folder.mkdir(parents=True)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=DIMENSION,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=MAX_TOKENS,
        num_labels=1,
        initializer_range=0.5,
    )
    is_pair = kind == "cross-encoder"
    network = (transformers.BertForSequenceClassification if is_pair else transformers.BertModel)(config).eval()
    network.save_pretrained(folder)
    _save_tokenizer(folder / "tokenizer.json")
    _export(network, folder / "model.onnx", is_pair=is_pair)
    write_manifest(
        folder,
        Manifest(
            name=f"tiny-{kind}",
            kind=kind,
            dimension=1 if is_pair else DIMENSION,
            max_tokens=MAX_TOKENS,
            pooling="none" if is_pair else "mean",
            normalise=not is_pair,
            files={
                name: hash_file(folder / name)
                for name in ("tokenizer.json", "model.onnx", "model.safetensors", "config.json")
            },
        ),
    )
    return folder


def _save_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", WORDS.index("[CLS]")), ("[SEP]", WORDS.index("[SEP]"))],
    )
    tokenizer.save(str(path))


def _export(network: Any, path: Path, *, is_pair: bool) -> None:
    import torch

    class Whole(torch.nn.Module):
        """The forward pass with its pooling."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            output = self.network(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
            if is_pair:
                return output.logits[:, 0]
            weights = attention_mask.unsqueeze(-1).float()
            pooled = (output.last_hidden_state * weights).sum(1) / weights.sum(1).clamp(min=1)
            return torch.nn.functional.normalize(pooled, dim=1)

    names = ["input_ids", "attention_mask", "token_type_ids"]
    ones = torch.ones(2, 8, dtype=torch.long)
    with warnings.catch_warnings():
        # The older exporter takes a second, the newer one ten.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Whole().eval(),
            (ones, ones, torch.zeros_like(ones)),
            str(path),
            input_names=names,
            output_names=["output"],
            dynamic_axes={name: {0: "batch", 1: "length"} for name in names},
            dynamo=False,
        )
