"""Texts to token numbers of one model: truncated, unpadded, special tokens in place."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from vizsla.core.errors import ModelError
from vizsla.models.manifest import TOKENIZER_NAME, Manifest

# The model worker forks nothing and has the cores to itself; without this, a library that forks switches it off.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

_CHARACTERS_PER_TOKEN = 5  # of source code, with its white space; a text that has more is read again whole
_PAD_TOKENS = ("[PAD]", "<pad>", "<|endoftext|>", "</s>")


class TextTokenizer:
    """The tokenizer of a model folder, with the model's longest input."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Load the folder's tokenizer.

        Raises:
            ModelError: its file is none.
        """
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_NAME))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"{folder / TOKENIZER_NAME} is not a tokenizer ({error}); add the model again") from None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(manifest.max_tokens)
        self._max_tokens = manifest.max_tokens
        found = (self._tokenizer.token_to_id(token) for token in _PAD_TOKENS)
        self.pad_id = next((number for number in found if number is not None), 0)

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Tokens of each text, at most the model's length, in order."""
        return self._read(texts, lambda text: text)

    def encode_pairs(self, first: str, seconds: Sequence[str]) -> list[Encoding]:
        """Tokens of ``first`` with each of ``seconds``; the longer of the two is cut where both do not fit."""
        clean = _clean(first)
        if 2 * len(clean.encode()) > self._max_tokens:  # it may be cut as well: by how much, the other's length tells
            return self._tokenizer.encode_batch_fast([(clean, _clean(second)) for second in seconds])
        return self._read(seconds, lambda second: (clean, second))

    def _read(self, texts: Sequence[str], ask: Callable[[str], str | tuple[str, str]]) -> list[Encoding]:
        """Tokens of what is made of each text, of which no more is read than fills the model."""
        heads = [self._head(text) for text in texts]
        encoded = self._tokenizer.encode_batch_fast([ask(head) for head in heads])
        short = [
            i for i, tokens in enumerate(encoded) if len(tokens) < self._max_tokens and len(heads[i]) < len(texts[i])
        ]
        if short:
            whole = self._tokenizer.encode_batch_fast([ask(_clean(texts[i])) for i in short])
            for i, tokens in zip(short, whole, strict=True):
                encoded[i] = tokens
        return encoded

    def _head(self, text: str) -> str:
        """The start of a text that surely fills the model, cut between words so that its tokens stay the same.

        Tokenising takes a tenth of the time of embedding; a third of that goes into tokens that are cut off.
        """
        limit = self._max_tokens * _CHARACTERS_PER_TOKEN
        if len(text) > limit:
            words = text[:limit].rsplit(None, 1)
            text = words[0] if len(words) == 2 else text
        return _clean(text)


def separator_of(content: str) -> int:
    """Number of the token that ends each text of a pair.

    Args:
        content: of a ``tokenizer.json``.

    Raises:
        ModelError: it puts no such token there.
    """
    tokenizer = Tokenizer.from_str(content)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    last = tokenizer.encode("a", "b").ids[-1:]
    if not last or last[0] not in tokenizer.encode("").ids:
        raise ModelError(
            "the tokenizer does not mark where texts of a pair end, so no reranker can be made of the model"
        )
    return int(last[0])


def _clean(text: str) -> str:
    # The tokenizer takes UTF-8 only, a lone surrogate has none.
    return text.encode("utf-8", "replace").decode("utf-8")
