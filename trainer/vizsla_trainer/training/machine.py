"""What a training runs on: device, precision, and how many tokens go through it at once."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal

from vizsla_trainer.recipe import Precision

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

_GPU_CHUNK = 65_536  # tokens of one forward pass that keep a large GPU busy
_KEPT = {"cpu": 16_384, "cuda": 131_072, "mps": 16_384}
"""Tokens whose activations are kept until the gradients come: 140 kB each for a model of MiniLM's size."""
_LEAST_CHUNK = 512
_WORDS = ("out of memory", "DefaultCPUAllocator", "Failed to allocate memory")


class Machine:
    """One device in one precision. Its chunks shrink where memory does not suffice."""

    def __init__(
        self, *, device: str | None = None, precision: Precision = "auto", threads: int = 2, chunk_tokens: int = 4_096
    ) -> None:
        """Choose device and precision.

        Args:
            device: "cpu", "cuda" or "mps"; None takes cuda before mps before cpu.
            precision: of forward passes; weights and their updates are always fp32.
            threads: on a CPU, for the whole process.
            chunk_tokens: padded tokens of one forward pass on a CPU; a GPU takes at least 65,536.
        """
        import torch

        self.device = torch.device(device or _best_device())
        self.precision: Literal["fp32", "bf16"] = _suited(self.device) if precision == "auto" else precision
        if self.device.type == "cpu":
            torch.set_num_threads(threads)
        self.chunk_tokens = chunk_tokens if self.device.type == "cpu" else max(chunk_tokens, _GPU_CHUNK)
        self.kept_tokens = max(_KEPT[self.device.type], self.chunk_tokens)

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """Within it, forward passes are in the chosen precision."""
        import torch

        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def moved(self, array: NDArray[np.int64]) -> torch.Tensor:
        """An array as a tensor on the device."""
        import torch

        tensor = torch.from_numpy(array)
        if self.device.type == "cuda":
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)

    def shrink(self) -> bool:
        """After running out of memory: smaller chunks from now on. False when they are as small as can be."""
        import torch

        if self.chunk_tokens <= _LEAST_CHUNK:
            return False
        self.chunk_tokens //= 2
        self.kept_tokens = max(self.chunk_tokens, self.kept_tokens // 2)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return True


def ran_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory did not suffice, be it a device's or the machine's own.

    Torch has a class for that of some devices, and the runtime of served models has none: both say it in words.
    """
    return isinstance(error, MemoryError) or any(words in str(error) for words in _WORDS)


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _suited(device: torch.device) -> Literal["fp32", "bf16"]:
    """By what the device can, not by a measurement: a resumed training must choose the same.

    With instructions for bf16 a CPU trains MiniLM 1.7 times as fast as in fp32; without, slower.
    """
    import torch

    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.type == "cpu":
        # The library has no public question for it.
        can = (getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
        return "bf16" if any(asked is not None and asked() for asked in can) else "fp32"
    return "fp32"
