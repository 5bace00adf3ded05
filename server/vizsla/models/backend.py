"""What a back end promises, and the choice of the file that runs a model on a device."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vizsla.models.manifest import Manifest

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
