"""What a back end promises, how texts go through it in order, and the choice of the file for a device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vizsla.core.errors import ModelError
from vizsla.models.batching import Tokenised, batches_in_order, padded
from vizsla.models.manifest import Manifest

INPUT_NAMES = ("input_ids", "attention_mask", "token_type_ids")
"""What our ONNX files may take, in the order of ``Backend.run``; some models have no token types."""

Tokens = NDArray[np.int64]
"""Token numbers, or a mask over them. (batch, length)"""


class Backend(Protocol):
    """Runs the forward pass of one model on one device."""

    @property
    def tokens_per_batch(self) -> int:
        """Padded tokens that this back end likes to get at once; a text longer than that comes alone."""

    def run(self, input_ids: Tokens, attention_mask: Tokens, token_type_ids: Tokens) -> NDArray[np.float32]:
        """One forward pass, pooling included.

        Args:
            input_ids: (batch, length), padded on the right.
            attention_mask: (batch, length), 1 for a token and 0 for padding.
            token_type_ids: (batch, length), 1 for the second text of a pair.

        Returns:
            A bi-encoder gives (batch, dimension), pooled and, where the manifest says so, of length 1. A
            cross-encoder gives (batch,) logits, higher for a better match. Late interaction gives
            (batch, length, dimension), a vector of length 1 for each token; those of padding mean nothing.
        """


class OnnxFile:
    """What all back ends need of a model folder's ONNX file, whoever runs it."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Find it.

        Raises:
            ModelError: there is none.
        """
        if manifest.onnx_name is None:
            raise ModelError(f"the model in {folder} has no ONNX file for the CPU; add the model again")
        self.path = folder / manifest.onnx_name
        self._inputs: list[str] = []

    def check(self, inputs: Sequence[str], *, outputs: int) -> None:
        """Note which inputs it takes, by the library that has read it.

        Raises:
            ModelError: it has others than the files that we make.
        """
        if not set(inputs) <= set(INPUT_NAMES) or outputs != 1:
            raise ModelError(f"{self.path} has other inputs or outputs than we made; add the model again")
        self._inputs = list(inputs)

    def feeds(self, *tokens: Tokens) -> dict[str, Tokens]:
        """The arguments of ``Backend.run`` by name, without what it does not take."""
        given = dict(zip(INPUT_NAMES, tokens, strict=True))
        return {name: given[name] for name in self._inputs}


def run_in_order(
    backend: Backend, texts: Sequence[Tokenised], *, max_tokens: int, pad_id: int
) -> Iterator[tuple[tuple[int, ...], NDArray[np.float32], int]]:
    """Run texts that somebody waits for, in their order, in batches so small that a deadline is met.

    Args:
        backend: what runs them.
        texts: or pairs, as tokens.
        max_tokens: the model's longest input.
        pad_id: number of the padding token.

    Yields:
        Places of a batch, what the back end gave for it, and its tokens, padding left out.
    """
    for batch in batches_in_order(
        [len(text.ids) for text in texts],
        # To a few tens of milliseconds.
        tokens_per_batch=backend.tokens_per_batch // 2,
        max_tokens=max_tokens,
    ):
        inputs = padded([texts[i] for i in batch.indices], length=batch.length, pad_id=pad_id)
        yield batch.indices, backend.run(*inputs), int(inputs[1].sum())


def open_backend(folder: Path, manifest: Manifest, *, device: str, threads: int) -> Backend:
    """Open a model on a device.

    Args:
        folder: the model folder, verified by the caller.
        manifest: the folder's manifest.
        device: "cpu", "cuda" or "mps", already decided: "auto" is not known here.
        threads: of a forward pass on a CPU; 0 is one per physical core.

    Raises:
        ModelError: the folder has no file for this device, or the file cannot be loaded.
    """
    if device != "cpu":
        from vizsla.models.torch_backend import TorchBackend

        return TorchBackend(folder, manifest, device=device)
    from vizsla.models.onnx_backend import OnnxBackend

    return OnnxBackend(folder, manifest, threads=threads)
