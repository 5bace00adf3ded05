"""A toy language: every query word has one code word, and a model that learned which finds codes it never saw."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.tiny_models import WORDS, save_tokenizer
from trainer import builders
from vizsla_trainer.recipe import RerankerRecipe, RetrieverRecipe
from vizsla_trainer.records import Code, Pair, Source, make_pair
from vizsla_trainer.training.examples import Corpus, Example, examples_of

QUERY_WORDS = ["parse", "read", "write", "sort", "find", "open", "close", "sign", "answer", "request"]
CODE_WORDS = ["json", "file", "text", "list", "tree", "path", "cookie", "session", "user", "cache"]


@dataclass(frozen=True)
class Toy:
    """A corpus and its pairs: a query of three words, a code of the three that answer them, in another order."""

    corpus: Corpus
    train: list[Example]
    dev: list[Example]


def a_code(
    text: str,
    *,
    doc: str = "",
    name: str = "f",
    bare: str | None = None,
    path: str = "",
) -> Code:
    return builders.a_code(text, path or f"{len(text)}.py", "toy", bare=bare, doc=doc, name=name)


def a_corpus(codes: Sequence[Code]) -> Corpus:
    return Corpus(tuple(codes))


def examples(pairs: Sequence[tuple[Code, str]], corpus: Corpus, source: Source = "commit") -> list[Example]:
    made: list[Pair] = [
        make_pair(code, query, source, text="bare" if source == "docstring" else "full") for code, query in pairs
    ]
    return examples_of(made, corpus)


def make_toy(*, seed: int = 0, dev: int = 30) -> Toy:
    chance = random.Random(seed)
    pairs = []
    for chosen in itertools.combinations(range(len(QUERY_WORDS)), 3):
        asked, coded = list(chosen), list(chosen)
        chance.shuffle(asked)
        chance.shuffle(coded)
        code = a_code(" ".join(CODE_WORDS[i] for i in coded), name="_".join(CODE_WORDS[i] for i in coded))
        pairs.append((code, " ".join(QUERY_WORDS[i] for i in asked)))
    chance.shuffle(pairs)
    corpus = a_corpus([code for code, _ in pairs])
    found = examples(pairs, corpus)
    return Toy(corpus=corpus, train=found[dev:], dev=found[:dev])


def tiny_base(folder: Path, *, seed: int = 0) -> Path:
    """A plain BERT folder as transformers writes it: one layer, weights drawn, nothing learned."""
    import torch
    import transformers

    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=64,
    )
    transformers.utils.logging.disable_progress_bar()
    transformers.BertModel(config).save_pretrained(folder)
    save_tokenizer(folder / "tokenizer.json")
    return folder


def retriever_recipe(**changes: object) -> RetrieverRecipe:
    numbers: dict[str, object] = {
        "epochs": 100,
        "most_steps": 120,
        "batch": 24,
        "learning_rate": 3e-3,
        "query_tokens": 16,
        "code_tokens": 16,
        "freezes_embeddings": False,
        "precision": "fp32",
        "evaluate_every": 30,
        "checkpoint_every": 30,
        "chunk_tokens": 256,
    }
    return RetrieverRecipe(**(numbers | changes))  # type: ignore[arg-type]


def reranker_recipe(**changes: object) -> RerankerRecipe:
    numbers: dict[str, object] = {
        "epochs": 100,
        "most_steps": 150,
        "batch": 8,
        "learning_rate": 2e-3,
        "query_tokens": 16,
        "code_tokens": 16,
        "freezes_embeddings": False,
        "precision": "fp32",
        "evaluate_every": 50,
        "checkpoint_every": 50,
        "chunk_tokens": 1024,
    }
    return RerankerRecipe(**(numbers | changes))  # type: ignore[arg-type]
