"""How many threads a forward pass on the CPU should have."""

from __future__ import annotations

import os
from pathlib import Path

_CPUS = Path("/sys/devices/system/cpu")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(*, cpus: Path = _CPUS, quota: Path = _QUOTA) -> int:
    """Physical cores that this process may use, at least 1: a second thread on one core only gets in the way.

    ONNX Runtime's own default counts the cores of the whole machine, also in a container that may use two.

    Args:
        cpus: where Linux describes its processors.
        quota: where a container's share of them stands.
    """
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    allowed = os.sched_getaffinity(0)
    cores = {_read(cpus / f"cpu{cpu}" / "topology" / "thread_siblings_list") or str(cpu) for cpu in allowed}
    share, _, period = _read(quota).partition(" ")
    limit = int(share) // int(period) if share.isdigit() and period.isdigit() and int(period) else len(cores)
    return max(1, min(len(cores), limit))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
