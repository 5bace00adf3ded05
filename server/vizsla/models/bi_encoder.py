"""Texts to vectors: tokenisation, batches and a back end, in the order that was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vizsla.models.backend import Backend, open_backend
from vizsla.models.batching import batches, padded
from vizsla.models.manifest import Manifest, read_manifest, verify
from vizsla.models.tokenising import TextTokenizer

_BATCHES_AT_ONCE = 80
"""Texts of about so many batches are tokenised and sorted by length together: more would keep a question waiting."""

_TOKENS_OF_A_TEXT = 128  # about; only for the line above


class BiEncoder:
    """Embeds texts with one loaded model. Not thread-safe: its process gives it one thread."""

    def __init__(self, manifest: Manifest, tokenizer: TextTokenizer, backend: Backend) -> None:
        self.manifest = manifest
        self._tokenizer = tokenizer
        self._backend = backend
        self.tokens = 0
        """Tokens that went through the model so far, padding left out."""

    def on(self, backend: Backend) -> BiEncoder:
        """The same model on another back end, with a count of tokens of its own."""
        return BiEncoder(self.manifest, self._tokenizer, backend)

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return self.manifest.dimension

    def encode_batches(
        self, texts: Sequence[str], *, is_query: bool
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Embed texts batch by batch, so that the caller may do something else in between.

        Args:
            texts: any texts; longer ones are cut to the model's length.
            is_query: whether the texts are questions, which some models mark with a prompt.

        Yields:
            Indices into ``texts`` (batch,) and their vectors (batch, dimension); each text once, in an order
            that suits the device.
        """
        prompt = self.manifest.query_prompt if is_query else self.manifest.document_prompt
        at_once = max(1, _BATCHES_AT_ONCE * self._backend.tokens_per_batch // _TOKENS_OF_A_TEXT)
        for start in range(0, len(texts), at_once):
            encoded = self._tokenizer.encode([prompt + text for text in texts[start : start + at_once]])
            lengths = [len(tokens) for tokens in encoded]
            for batch in batches(
                lengths, tokens_per_batch=self._backend.tokens_per_batch, max_tokens=self.manifest.max_tokens
            ):
                inputs = padded([encoded[i] for i in batch.indices], length=batch.length, pad_id=self._tokenizer.pad_id)
                values = self._backend.run(*inputs)
                self.tokens += int(inputs[1].sum())
                yield np.asarray(batch.indices, dtype=np.int64) + start, values

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        """Embed texts; vectors in the order of the texts. (texts, dimension)"""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for indices, batch in self.encode_batches(texts, is_query=is_query):
            vectors[indices] = batch
        return vectors


def load_bi_encoder(folder: Path, *, device: str, threads: int) -> BiEncoder:
    """Load a verified bi-encoder.

    Args:
        folder: a model folder.
        device: "cpu", "cuda" or "mps".
        threads: of a forward pass on a CPU; 0 is one per physical core.

    Raises:
        ModelError: the folder is damaged, refused, or holds another kind of model.
    """
    manifest = read_manifest(folder, role="retriever")
    verify(folder, manifest)
    return BiEncoder(
        manifest, TextTokenizer(folder, manifest), open_backend(folder, manifest, device=device, threads=threads)
    )
