"""Tiny seeded models as others publish them: folders of sentence-transformers with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.tiny_models import WORDS

SPECIAL = {"bert": "[CLS] $A [SEP]", "roberta": "<s> $A </s>"}
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_().:=,\"'[]"


def publish(
    folder: Path,
    architecture: str = "bert",
    *,
    pooling: str = "pooling_mode_mean_tokens",
    normalise: bool = True,
    labels: int | None = None,
    prompts: dict[str, str] | None = None,
) -> Path:
    """Write a sentence-transformers folder; with ``labels`` a cross-encoder of so many outputs instead."""
    import torch
    import transformers

    torch.manual_seed(1)
    vocabulary = _vocabulary(architecture)
    sizes: dict[str, Any] = {
        "vocab_size": len(vocabulary),
        "max_position_embeddings": 80,
        "initializer_range": 0.2,
        "pad_token_id": 0 if architecture in ("bert", "distilbert") else 1,
    }
    if architecture == "distilbert":
        sizes |= {"dim": 64, "n_layers": 2, "n_heads": 4, "hidden_dim": 128}
    else:
        sizes |= {
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 128,
        }
    if labels is not None:
        sizes["num_labels"] = labels
    config = transformers.AutoConfig.for_model(architecture, **sizes)
    family = transformers.AutoModelForSequenceClassification if labels is not None else transformers.AutoModel
    family.from_config(config).eval().save_pretrained(folder)
    _save_tokenizer(folder, architecture, vocabulary)
    if labels is None:
        _save_modules(folder, pooling, normalise, prompts)
    return folder


def _vocabulary(architecture: str) -> list[str]:
    special = (
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        if architecture in ("bert", "distilbert")
        else ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    )
    return [*special, *WORDS[5:], *LETTERS.replace("a", ""), *(f"##{letter}" for letter in LETTERS)]


def _save_tokenizer(folder: Path, architecture: str, vocabulary: list[str]) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    is_bert = architecture in ("bert", "distilbert")
    start, end, unknown, pad = ("[CLS]", "[SEP]", "[UNK]", "[PAD]") if is_bert else ("<s>", "</s>", "<unk>", "<pad>")
    numbers = {word: i for i, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token=unknown))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    second = 1 if architecture == "bert" else 0
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} $B:{second} {end}:{second}",
        special_tokens=[(start, numbers[start]), (end, numbers[end])],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 64,
            "pad_token": pad,
            "unk_token": unknown,
            "cls_token": start,
            "sep_token": end,
            "mask_token": vocabulary[4],
            "model_input_names": ["input_ids", "attention_mask", *(["token_type_ids"] if second else [])],
        },
    )


def _save_modules(folder: Path, pooling: str, normalise: bool, prompts: dict[str, str] | None) -> None:
    parts = ["Transformer", "Pooling", *(["Normalize"] if normalise else [])]
    _write(
        folder / "modules.json",
        [
            {
                "idx": i,
                "name": str(i),
                "path": "" if i == 0 else f"{i}_{part}",
                "type": f"sentence_transformers.models.{part}",
            }
            for i, part in enumerate(parts)
        ],
    )
    (folder / "1_Pooling").mkdir()
    (folder / "2_Normalize").mkdir()
    _write(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": 64, "pooling_mode_mean_tokens": False, pooling: True},
    )
    _write(folder / "sentence_bert_config.json", {"max_seq_length": 48, "do_lower_case": False})
    _write(folder / "config_sentence_transformers.json", {"prompts": prompts or {}, "default_prompt_name": None})


def edit_json(path: Path, **values: object) -> None:
    """Set values in a JSON file; a file that is not there counts as empty."""
    _write(path, {**(json.loads(path.read_text()) if path.exists() else {}), **values})


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
