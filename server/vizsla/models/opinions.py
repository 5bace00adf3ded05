"""What a reranker said of pairs of a question and a text, so that it need not read them again.

It belongs to one reranker: with another one comes another memory.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vizsla.core.text import content_hash
from vizsla.core.types import ContentHash


class Opinions:
    """Scores by question and text, those that were not wanted for longest forgotten first. Any thread may use it.

    A text is known by its content, so one that was edited is unknown.
    """

    def __init__(self, most: int = 16_384) -> None:
        """Begin with none.

        Args:
            most: scores that are kept; each takes some 300 bytes.
        """
        self._most = most
        self._lock = threading.Lock()
        self._scores: OrderedDict[tuple[str, ContentHash], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._scores)

    def of(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """What is known of texts for a question, in their order; NaN for what is not. (texts,)"""
        keys = [(query, content_hash(text)) for text in texts]
        found = np.full(len(keys), np.nan, dtype=np.float32)
        with self._lock:
            for row, key in enumerate(keys):
                if key in self._scores:
                    self._scores.move_to_end(key)
                    found[row] = self._scores[key]
        return found

    def note(self, query: str, texts: Sequence[str], scores: npt.NDArray[np.float32]) -> None:
        """Remember scores (texts,); NaN says nothing."""
        told = [
            ((query, content_hash(text)), score)
            for text, score in zip(texts, scores.tolist(), strict=True)
            if math.isfinite(score)
        ]
        with self._lock:
            for key, score in told:
                self._scores[key] = score
                self._scores.move_to_end(key)
            while len(self._scores) > self._most:
                self._scores.popitem(last=False)
