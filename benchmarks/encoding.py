"""Vectors for benchmarks: the server's model worker behind the machine-wide cache, so that a second run is fast."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from vizsla.core.settings import Settings
from vizsla.core.text import content_hash
from vizsla.models.client import ModelClient, Priority
from vizsla.services.resources import Resources

_CHUNK = 512  # texts between two writes to the cache


def _on_stderr(done: int, total: int) -> None:
    print(f"\rencoded {done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True)


class Encoder:
    """Texts to vectors as the server computes them. Use it as a context manager."""

    def __init__(self, settings: Settings, report: Callable[[int, int], None] = _on_stderr) -> None:
        """Open the models.

        Args:
            settings: whose models, and whose cache.
            report: told how many of how many texts are encoded.
        """
        self._report = report
        self.resources = Resources(settings)
        if self.resources.models is None:
            raise SystemExit("; ".join(self.resources.problems) or "there is no retriever")
        self.models: ModelClient = self.resources.models

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.resources.close()

    def __call__(self, texts: Sequence[str], is_query: bool) -> npt.NDArray[np.float32]:
        """Encode texts, (texts, dimension); what is no question is looked up in the cache first."""
        if is_query:
            return self.models.encode(texts, is_query=True, priority=Priority.QUERY).result()
        cache, fingerprint = self.resources.embeddings, self.models.fingerprint
        hashes = [content_hash(text) for text in texts]
        known = cache.get(fingerprint, hashes)
        missing = [(value, text) for value, text in dict(zip(hashes, texts, strict=True)).items() if value not in known]
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            rows = self.models.encode([text for _, text in chunk], is_query=False, priority=Priority.BULK).result()
            cache.put(fingerprint, [value for value, _ in chunk], rows)
            known.update(zip((value for value, _ in chunk), rows, strict=True))
            self._report(start + len(chunk), len(missing))
        return np.stack([known[value] for value in hashes])
