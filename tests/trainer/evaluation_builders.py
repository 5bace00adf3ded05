"""Codes, pairs and models of words for tests of evaluation: what shares words is near."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trainer import builders
from vizsla_trainer.records import Code, Pair, Source, make_pair


def a_code(name: str, body: str, *, doc: str = "", language: str = "python", workspace: str = "w") -> Code:
    text, bare = f"{name}\n{doc}\n{body}", f"{name}\n{body}"
    return builders.a_code(text, f"{name}.py", workspace, bare=bare, doc=doc, name=name, language=language)


def a_pair(code: Code, query: str, source: Source = "commit") -> Pair:
    return make_pair(code, query, source, text="bare" if source == "docstring" else "full")


class WordEncoder:
    """Vectors that count words, by a hash of each; what it embedded is remembered."""

    def __init__(self, dimension: int = 256, *, fill: float | None = None) -> None:
        self.texts: list[str] = []
        self._dimension, self._fill = dimension, fill

    def encode(self, texts: Sequence[str], *, is_query: bool) -> npt.NDArray[np.float32]:
        if not is_query:
            self.texts.extend(texts)
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"[a-z0-9]+", text.lower()):
                vectors[row, sum(ord(letter) * 31**i for i, letter in enumerate(word)) % self._dimension] += 1
        if self._fill is not None:
            vectors[:] = self._fill
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors
