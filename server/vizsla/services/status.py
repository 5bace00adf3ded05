"""The truth about one workspace: what is indexed, pending and skipped, and what is not as it should be."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from vizsla.index.census import Census
from vizsla.index.records import FileState
from vizsla.index.store import Store
from vizsla.models.device import DeviceChoice
from vizsla.services.indexing import RECONCILED_AT
from vizsla.services.intake import UNREAD
from vizsla.services.recalling import refused_function_count
from vizsla.services.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One look at a workspace.

    Attributes:
        root: the workspace.
        directory: where its index lies; None when it is in memory only.
        files: number of indexed files.
        functions: number of indexed functions.
        by_language: functions by language, most first.
        unread: files that were found changed and are not read yet.
        pending: functions that have no vector yet.
        unembeddable: functions that no vector can be made of.
        skipped: path and reason of every file that is left out.
        failed: path and reason of every file that could not be parsed.
        reconciled_at: seconds since 1970 of the last complete comparison with the disk; None for never.
        index_bytes: size of the index on disk.
        model: name of the retriever; None when answers come from words alone.
        fingerprint: of the retriever.
        has_reranker: whether a reranker is in use.
        device: where the models run, and how.
        watcher: how changes are noticed: "none" for the command line, which looks each time.
        is_writer: whether this process keeps the index; another one does otherwise.
        degraded: what is not as it should be, one sentence each.
    """

    root: Path
    directory: Path | None
    files: int
    functions: int
    by_language: dict[str, int]
    unread: int
    pending: int
    unembeddable: int
    skipped: dict[str, str]
    failed: dict[str, str]
    reconciled_at: float | None
    index_bytes: int
    model: str | None
    fingerprint: str | None
    has_reranker: bool
    device: str
    watcher: str
    is_writer: bool
    degraded: tuple[str, ...]


def status_of(workspace: Workspace, census: Census | None = None) -> Status:
    """Look at a workspace. Nothing is scanned, parsed or encoded for it.

    Args:
        workspace: which.
        census: of its store; None to count now.
    """
    store, models = workspace.store, workspace.resources.models
    census = census or store.census()
    reconciled_at = store.meta(RECONCILED_AT)
    # The cache of vectors comes before the problems: opening it may add one.
    degraded = [*workspace.resources.embeddings.repairs, *workspace.repairs, *workspace.resources.problems]
    worker = models.status() if models is not None else None
    if worker is not None and worker.last_error:
        degraded.append(worker.last_error)
    if not workspace.is_writer:
        degraded.append("another process keeps this index; this one only reads it")
    return Status(
        root=workspace.root,
        directory=workspace.directory if workspace.is_persistent else None,
        files=census.indexed,
        functions=census.functions,
        by_language=dict(census.by_language),
        unread=int(store.meta(UNREAD) or 0),
        pending=census.pending,
        unembeddable=refused_function_count(store, models.fingerprint) if models is not None else 0,
        skipped={path: why for path, (state, why) in census.left_out.items() if state is FileState.SKIPPED},
        failed={path: why for path, (state, why) in census.left_out.items() if state is FileState.FAILED},
        reconciled_at=float(reconciled_at) if reconciled_at else None,
        index_bytes=_bytes_below(workspace.directory) if workspace.is_persistent else 0,
        model=models.name if models is not None else None,
        fingerprint=models.fingerprint if models is not None else None,
        has_reranker=models is not None and models.has_reranker,
        device=device_text(worker.device) if worker is not None else "none",
        watcher="none",
        is_writer=workspace.is_writer,
        degraded=tuple(degraded),
    )


def is_partial(store: Store) -> bool:
    """Whether better hits may be missing: a file was not read yet, or a function has no vector yet."""
    return store.meta(UNREAD) not in (None, "0") or store.pending_count > 0 or store.meta(RECONCILED_AT) is None


def device_text(device: DeviceChoice | None) -> str:
    """Where models run, for people."""
    if device is None:
        return "not started yet"
    bulk = f", whole workspaces in bf16 by {device.bulk}" if device.bulk != device.backend else ""
    return f"{device.kind}, {device.precision} by {device.backend}{bulk} ({device.reason})"


def _bytes_below(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):  # a temporary file may be gone by now
                found = (Path(folder) / name).lstat()
                total += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return total
