"""Tiny seeded models for tests: real transformers weights, real tokenizers, real ONNX files, in a second or two."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from vizsla.models.export import export
from vizsla.models.manifest import Manifest, ModelKind, Pooling, hash_file, write_manifest

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
DIMENSION = 64  # large enough that the product of two layers is worth eight bits
MAX_TOKENS = 64
POOLINGS: Mapping[ModelKind, Pooling] = {"bi-encoder": "mean", "cross-encoder": "none", "late-interaction": "tokens"}


def make_tiny_model(folder: Path, kind: ModelKind, *, seed: int = 0) -> Path:
    """A model folder with safetensors and an fp32 ONNX file of the same weights; other weights for another seed."""
    return Path(shutil.copytree(_made(kind, seed), folder))


@functools.cache
def _made(kind: ModelKind, seed: int) -> Path:
    """Such a folder, made once in a session: to export one takes longer than most tests that need it."""
    import torch
    import transformers

    root = tempfile.mkdtemp(prefix="tiny-model-")
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    folder = Path(root) / "made"
    torch.manual_seed(seed)
    folder.mkdir()
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=DIMENSION,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=MAX_TOKENS,
        num_labels=1,
        attn_implementation="eager",
        initializer_range=0.5,
    )
    is_pair = kind == "cross-encoder"
    network = (transformers.BertForSequenceClassification if is_pair else transformers.BertModel)(config).eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            # Left to themselves biases are 0, and nobody would miss them.
            if name.endswith("bias"):
                parameter.normal_(std=0.1)
    network.save_pretrained(folder)
    save_tokenizer(folder / "tokenizer.json")
    pooling: Pooling = POOLINGS[kind]
    export(network, folder / "model.onnx", pooling=pooling, normalise=not is_pair)
    write_manifest(
        folder,
        Manifest(
            name=f"tiny-{kind}",
            kind=kind,
            dimension=1 if is_pair else DIMENSION,
            max_tokens=MAX_TOKENS,
            pooling=pooling,
            normalise=not is_pair,
            files={
                name: hash_file(folder / name)
                for name in ("tokenizer.json", "model.onnx", "model.safetensors", "config.json")
            },
        ),
    )
    return folder


def save_tokenizer(path: Path) -> None:
    """The tokenizer of the words above, as ``tokenizer.json``."""
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
