"""Owns what is said of the machine that measures: its facts, and how fast it can multiply matrices."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

_FLAGS = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "asimddp",
    "i8mm",
    "bf16",
)
_PACKAGES = (
    "vizsla", "numpy", "onnxruntime", "tokenizers", "usearch", "numkong", "tree-sitter", "torch", "transformers",
    "sentence-transformers",
)  # fmt: skip
_SIZE = 2048  # of the square matrices: larger ones are no faster, smaller ones are slower
_SECONDS = 0.4


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def facts() -> dict[str, object]:
    """What a reader must know of the machine to compare with another."""
    info = _read("/proc/cpuinfo")
    flags = next((line.split() for line in info.splitlines() if line.startswith(("flags", "Features"))), [])
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "")
    memory = next((line.split()[1] for line in _read("/proc/meminfo").splitlines() if line.startswith("MemTotal")), "0")
    return {
        "cpu": model or platform.processor() or platform.machine(),
        "cores": cores(),
        "flags": [flag for flag in _FLAGS if flag in flags],
        "memory_gb": round(int(memory) / 1e6, 1),
        "system": platform.platform(),
        "load_average": [round(value, 1) for value in os.getloadavg()],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def matmul_rate() -> tuple[float, str]:
    """The most that this machine multiplies now, in operations a second, and in what precision.

    bf16 by torch where torch is installed and that is faster, else fp32 by numpy. All cores.
    """
    size = _SIZE
    a32 = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    found = [(_rate(lambda: a32 @ a32, size), "fp32 numpy")]
    if importlib.util.find_spec("torch"):
        import torch

        a16 = torch.from_numpy(a32).to(torch.bfloat16)
        found.append((_rate(lambda: torch.mm(a16, a16), size), "bf16 torch"))
    return max(found)


def _rate(multiply: Callable[[], object], size: int) -> float:
    multiply()
    best, end = float("inf"), time.perf_counter() + _SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        multiply()
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
