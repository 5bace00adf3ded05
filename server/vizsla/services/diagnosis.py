"""What this machine offers, what is wrong, and what to do about it. Changes nothing but its own cache folder."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vizsla.core.errors import VizslaError
from vizsla.index.database import engine_version
from vizsla.index.files import private_directory
from vizsla.models.client import Priority
from vizsla.services.resources import Resources
from vizsla.services.status import device_text

_LOW_DISK_BYTES = 500_000_000
_PROBE = "def retry_upload(path, attempts=3):\n    for attempt in range(attempts):\n        send(path)\n"
_PROBES = 128
_MODEL_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        is_good: False when something should be mended.
        detail: what was found.
        remedy: what to do; "" when it is good.
    """

    name: str
    is_good: bool
    detail: str
    remedy: str = ""


def diagnose(resources: Resources, root: Path | None) -> Iterator[Finding]:
    """Look at everything that search depends on, quick things first."""
    yield Finding(
        name="python",
        is_good=True,
        detail=f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    )
    yield Finding(name="sqlite", is_good=True, detail=engine_version())
    yield _cache(resources)
    yield _git()
    yield from _watching(root)
    yield from _models(resources)
    for sentence in resources.problems:
        yield Finding(name="settings", is_good=False, detail=sentence, remedy="mend it in your settings file")


def _cache(resources: Resources) -> Finding:
    directory = resources.cache_directory
    try:
        private_directory(directory)
        free = shutil.disk_usage(directory).free
    except (VizslaError, OSError) as error:
        return Finding(
            name="cache",
            is_good=False,
            detail=str(error),
            remedy="set VIZSLA_CACHE_DIR or cache.directory to a folder of yours; until then indexes last one process",
        )
    detail = f"{directory}, {free / 1e9:.1f} GB free"
    if free < _LOW_DISK_BYTES:
        return Finding(
            name="cache", is_good=False, detail=detail, remedy="free some space, or run 'vizsla clear --all'"
        )
    return Finding(name="cache", is_good=True, detail=detail)


def _git() -> Finding:
    found = shutil.which("git")
    if found:
        return Finding(name="git", is_good=True, detail=found)
    return Finding(
        name="git",
        is_good=False,
        detail="not found",
        remedy="install git if you want to search changed files only; ignore files are honoured without it",
    )


def _watching(root: Path | None) -> Iterator[Finding]:
    limit = Path("/proc/sys/fs/inotify/max_user_watches")
    try:
        allowed = int(limit.read_text())
    except (OSError, ValueError):
        return
    detail = f"{allowed:,} inotify watches allowed"
    wanted = sum(1 for _ in _directories(root)) if root is not None else 0
    if wanted:
        detail += f", {wanted:,} folders in {root}"
    if wanted > allowed:
        yield Finding(
            name="watching",
            is_good=False,
            detail=detail,
            remedy="raise fs.inotify.max_user_watches; until then changes are found by looking every few seconds",
        )
    else:
        yield Finding(name="watching", is_good=True, detail=detail)


def _directories(root: Path) -> Iterator[str]:
    waiting = [str(root)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False) and entry.name != ".git":
                        yield entry.path
                        waiting.append(entry.path)
        except OSError:
            continue


def _models(resources: Resources) -> Iterator[Finding]:
    started = time.perf_counter()
    models = resources.models
    if models is None:
        yield Finding(
            name="retriever",
            is_good=False,
            detail="none can be used, so answers come from words alone",
            remedy="choose another with models.retriever; 'vizsla models list' names them",
        )
        return
    try:
        first = models.encode(["where are uploads retried"], is_query=True, priority=Priority.QUERY)
        first.result(timeout=_MODEL_SECONDS)
        ready_seconds = time.perf_counter() - started
        started = time.perf_counter()
        models.encode(["where is it"], is_query=True, priority=Priority.QUERY).result(timeout=_MODEL_SECONDS)
        query_seconds = time.perf_counter() - started
        started = time.perf_counter()
        probes = [f"{_PROBE}# {number}" for number in range(_PROBES)]
        rows = models.encode(probes, is_query=False, priority=Priority.BULK).result(timeout=_MODEL_SECONDS)
        bulk_seconds = time.perf_counter() - started
    except (VizslaError, TimeoutError) as error:
        yield Finding(
            name="retriever",
            is_good=False,
            detail=f"{models.name} does not answer: {error or 'timed out'}",
            remedy="look at the log with 'vizsla --verbose doctor'",
        )
        return
    worker = models.status()
    yield Finding(
        name="retriever",
        is_good=bool(np.isfinite(rows).all()),
        detail=(
            f"{models.name} ({models.fingerprint}), {models.dimension} dimensions, on {device_text(worker.device)}; "
            f"ready in {ready_seconds:.1f} s, a question {query_seconds * 1000:.0f} ms, "
            f"{_PROBES / bulk_seconds:,.0f} short functions a second, {(worker.resident_bytes or 0) / 1e6:.0f} MB"
        ),
    )
    yield Finding(
        name="reranker",
        is_good=True,
        detail="in use" if models.has_reranker else "none installed: answers keep the fused order",
    )
