"""The GPU back end: a model folder's weights in torch, bf16 on a GPU. The tests run it on the CPU in fp32 too."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vizsla.models.manifest import Manifest
from vizsla.models.pooling import pooled
from vizsla.models.weights import load_network

if TYPE_CHECKING:
    import torch

# Padded tokens at once: enough to fill the device, few enough that a question does not wait for long.
_TOKENS_PER_BATCH = {"cuda": 65_536, "mps": 16_384, "cpu": 4_096}
_SMALLEST_BATCH = 512  # tokens

logger = logging.getLogger(__name__)


class DeviceLostError(BaseException):
    """The GPU can do nothing more for this process. No ``Exception``: only a new process helps."""


class TorchBackend:
    """One model on one device."""

    def __init__(self, folder: Path, manifest: Manifest, *, device: str) -> None:
        """Load the folder's weights and run them once, so that the first question finds all kernels ready.

        Args:
            folder: the model folder, verified by the caller.
            manifest: its manifest.
            device: "cuda", "mps" or "cpu".

        Raises:
            ModelError: the folder has no weights for torch, or they do not fit its configuration.
        """
        import torch

        self.tokens_per_batch = _TOKENS_PER_BATCH[device]
        self._manifest = manifest
        self._device = torch.device(device)
        self._network = load_network(folder, manifest).to(self._device)
        if device != "cpu":
            self._network.to(torch.bfloat16)
        self._accepted = set(inspect.signature(self._network.forward).parameters)
        warm = np.ones((1, 16), dtype=np.int64)
        self.run(warm, warm, np.zeros_like(warm))

    def run(
        self, input_ids: NDArray[np.int64], attention_mask: NDArray[np.int64], token_type_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """One forward pass, in halves where memory does not suffice; shapes as in ``Backend``.

        Raises:
            MemoryError: memory does not suffice for one text alone.
            DeviceLostError: the device has failed.
        """
        import torch

        try:
            return self._run_whole(input_ids, attention_mask, token_type_ids)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                if isinstance(error, getattr(torch, "AcceleratorError", ())):
                    raise DeviceLostError(str(error)) from error
                raise
        # Outside of the handler: the error holds the frames, and they hold the memory.
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        elif self._device.type == "mps":
            torch.mps.empty_cache()
        if len(input_ids) == 1:
            raise MemoryError(f"a text of {input_ids.shape[1]} tokens does not fit into the memory of the device")
        self.tokens_per_batch = max(_SMALLEST_BATCH, self.tokens_per_batch // 2)
        logger.warning("out of memory on %s: batches have %d tokens now", self._device, self.tokens_per_batch)
        middle = len(input_ids) // 2
        halves = [
            self.run(input_ids[part], attention_mask[part], token_type_ids[part])
            for part in (slice(None, middle), slice(middle, None))
        ]
        return np.concatenate(halves)

    def _run_whole(
        self, input_ids: NDArray[np.int64], attention_mask: NDArray[np.int64], token_type_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        import torch

        arrays = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
        with torch.inference_mode():
            inputs = {name: self._moved(array) for name, array in arrays.items() if name in self._accepted}
            output = self._network(**inputs)
            if self._manifest.kind == "cross-encoder":
                values: torch.Tensor = output.logits.float().reshape(len(input_ids), -1)[:, -1]
            else:
                mask = inputs["attention_mask"]
                values = pooled(output.last_hidden_state.float(), mask, self._manifest.pooling)
                if self._manifest.normalise:
                    values = torch.nn.functional.normalize(values, dim=-1)
            found: NDArray[np.float32] = values.cpu().numpy()
        return found

    def _moved(self, array: NDArray[np.int64]) -> torch.Tensor:
        import torch

        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if self._device.type == "cuda":
            return tensor.pin_memory().to(self._device, non_blocking=True)
        return tensor.to(self._device)


def _is_out_of_memory(error: RuntimeError) -> bool:
    import torch

    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "can't allocate memory" in text
