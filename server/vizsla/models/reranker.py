"""Whatever scores candidates for a question: which sort a folder holds, and how it is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vizsla.models.backend import Backend, open_backend
from vizsla.models.cross_encoder import CrossEncoder
from vizsla.models.late_interaction import LateInteraction
from vizsla.models.manifest import Manifest, read_manifest, verify
from vizsla.models.tokenising import TextTokenizer


class Reranker(Protocol):
    """Scores texts with one loaded model. Not thread-safe: its process gives it one thread."""

    manifest: Manifest
    tokens: int

    def score_batches(
        self, query: str, texts: Sequence[str]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Score texts for a question, a batch at a time.

        Args:
            query: the question.
            texts: candidates, best first; what must be read is read in that order, so that a caller out of time has
                the best scored.

        Yields:
            Indices into ``texts`` (batch,), ascending, and their logits (batch,), higher for a better match.
        """

    def score(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score all texts; logits in the order of the texts. (texts,)"""


def reranker_of(folder: Path, manifest: Manifest, backend: Backend) -> Reranker:
    """What scores with a model that runs already; the folder is for its tokenizer."""
    family = LateInteraction if manifest.kind == "late-interaction" else CrossEncoder
    return family(manifest, TextTokenizer(folder, manifest), backend)


def load_reranker(folder: Path, *, device: str, threads: int) -> Reranker:
    """Load a verified reranker; arguments and errors as for ``load_bi_encoder``."""
    manifest = read_manifest(folder, role="reranker")
    verify(folder, manifest)
    return reranker_of(folder, manifest, open_backend(folder, manifest, device=device, threads=threads))
