"""The choice of the device that models run on. It does not run them."""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vizsla.core.settings import Device

DeviceKind = Literal["cpu", "cuda", "mps"]

_EXTRA = "install vizsla[gpu]"
_FASTER = "with vizsla[amx], which is not installed, whole workspaces would be embedded about twice as fast"
_PROCESSORS = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChoice:
    """Where models run, and why there.

    Attributes:
        kind: the device.
        precision: of the forward pass, such as "int8" or "bf16".
        backend: the library that runs it.
        reason: one sentence for ``status`` and ``doctor``.
        is_fallback: whether the user wanted, or had reason to expect, a better one.
        bulk: the library that embeds whole workspaces, once there is much to embed.
    """

    kind: DeviceKind
    precision: str
    backend: Literal["onnx", "torch"]
    reason: str
    is_fallback: bool = False
    bulk: Literal["onnx", "openvino", "torch"] = "onnx"


def choose_device(wanted: Device = "auto", *, nodes: Path = Path("/dev")) -> DeviceChoice:
    """Choose the device: what is wanted where it works, else the CPU with the reason.

    torch is imported only where a GPU is plausible: importing it takes seconds and 400 MB.

    Args:
        wanted: the user's setting; "auto" takes cuda before mps before cpu.
        nodes: where the kernel shows its devices.
    """
    if wanted == "cpu":
        return cpu("the settings choose the CPU")
    for kind in ("cuda", "mps"):
        if wanted not in ("auto", kind):
            continue
        problem = problem_with(kind, nodes)
        if problem is None:
            return DeviceChoice(
                kind=kind,
                precision="bf16",
                backend="torch",
                bulk="torch",
                reason="the settings choose it" if wanted == kind else "it was found",
            )
        if wanted == kind:
            return cpu(f"{kind} is wanted, but {problem}; running on the CPU", is_fallback=True)
        if _is_plausible(kind, nodes):
            # Somebody with a GPU should learn why it idles.
            return cpu(f"{kind} cannot be used: {problem}", is_fallback=True)
    return cpu("no GPU was found")


def cpu(reason: str, *, is_fallback: bool = False, processors: Path = _PROCESSORS) -> DeviceChoice:
    """The CPU, for this reason.

    Args:
        reason: why no other device.
        is_fallback: whether a better one was to be expected.
        processors: where Linux describes them.
    """
    choice = DeviceChoice(kind="cpu", precision="int8", backend="onnx", reason=reason, is_fallback=is_fallback)
    if not _has_matrix_units(processors):
        return choice
    if any(importlib.util.find_spec(name) is None for name in ("openvino", "onnx")):
        return replace(choice, reason=f"{reason}; {_FASTER}")
    return replace(choice, bulk="openvino")


def _has_matrix_units(processors: Path) -> bool:
    try:
        return re.search(r"^flags\s*:.*\bamx_bf16\b", processors.read_text(encoding="ascii"), re.MULTILINE) is not None
    except (OSError, UnicodeDecodeError):
        return False


def problem_with(kind: Literal["cuda", "mps"], nodes: Path = Path("/dev")) -> str | None:
    """Why models cannot run on a device of this machine; None when they can."""
    if not _is_plausible(kind, nodes):
        return "this machine shows no NVIDIA GPU" if kind == "cuda" else "this machine is no Mac with Apple silicon"
    return problem_of_torch_with(kind)


def problem_of_torch_with(kind: Literal["cuda", "mps"]) -> str | None:
    """The same as torch sees it, to which GPUs of AMD are "cuda" too. Asking takes seconds."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers", "safetensors")):
        return f"torch is not installed; {_EXTRA}"
    try:
        import torch
    except (ImportError, OSError) as error:
        return f"torch cannot be loaded ({error}); {_EXTRA} anew"
    is_there = torch.cuda.is_available() if kind == "cuda" else torch.backends.mps.is_available()
    return None if is_there else f"torch {torch.__version__} finds no {kind} device; look at the driver"


def _is_plausible(kind: Literal["cuda", "mps"], nodes: Path) -> bool:
    if kind == "mps":
        return sys.platform == "darwin" and platform.machine() == "arm64"
    # nvidia0, nvidia1, … are the GPUs; WSL has dxg in their place.
    return any(nodes.glob("nvidia[0-9]*")) or (nodes / "dxg").exists()
