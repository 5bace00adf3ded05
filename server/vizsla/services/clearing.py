"""Deletes indexes so that nothing of the code stays behind."""

from __future__ import annotations

from pathlib import Path

from vizsla.core.errors import CacheError, IndexBusyError
from vizsla.index.clearing import delete_directory, hashes_of
from vizsla.index.lock import WriterLock
from vizsla.services.feedback import forget_opened
from vizsla.services.index_directory import LOCK_NAME, workspace_directory
from vizsla.services.resources import Resources

DAMAGED = ".damaged"
"""How the names of databases end that were moved aside."""


def clear_workspace(root: Path, resources: Resources) -> int:
    """Delete the index of ``root``, which need not exist any more, the vectors of its functions, and what was noted of
    hits in it.

    A vector that another workspace shares is deleted too: it is made again when it is missed.

    Returns:
        Bytes freed.

    Raises:
        IndexBusyError: another process keeps this index.
        CacheError: something could not be deleted.
    """
    real = root.expanduser().resolve()
    directory = workspace_directory(resources.cache_directory, real)
    freed = _clear_directory(directory, resources) if directory.exists() else 0
    return freed + forget_opened(resources.cache_directory, real)


def clear_all(resources: Resources) -> int:
    """Delete every index, every vector, the log of opened hits and every run of training; added models stay.

    Returns:
        Bytes freed.

    Raises:
        IndexBusyError: another process keeps one of the indexes; the others are deleted.
        CacheError: something could not be deleted.
    """
    busy: list[str] = []
    freed = 0
    workspaces = resources.cache_directory / "workspaces"
    for directory in sorted(workspaces.iterdir()) if workspaces.is_dir() else ():
        try:
            freed += _clear_directory(directory, resources)
        except IndexBusyError as error:
            busy.append(str(error))
    training = resources.cache_directory / "training"
    for directory in sorted(training.iterdir()) if training.is_dir() else ():
        try:
            freed += _clear_run(directory)
        except IndexBusyError as error:
            busy.append(str(error))
    freed += resources.embeddings.clear() + forget_opened(resources.cache_directory)
    for aside in resources.cache_directory.glob(f"*{DAMAGED}"):
        freed += aside.lstat().st_size
        aside.unlink(missing_ok=True)
    if busy:
        raise IndexBusyError("; ".join(busy))
    return freed


def _clear_directory(directory: Path, resources: Resources) -> int:
    lock = WriterLock(directory / LOCK_NAME)
    if not lock.try_acquire():
        raise IndexBusyError(f"another process keeps the index {directory.name}; end it, then clear again")
    try:
        hashes = hashes_of(directory)
        if hashes:
            resources.embeddings.forget(hashes)
        return delete_directory(directory)
    except OSError as error:
        raise CacheError(f"{directory} could not be deleted ({error}); delete it by hand") from error
    finally:
        lock.release()


def _clear_run(directory: Path) -> int:
    """Delete a run of training, which holds functions and questions as text."""
    lock = WriterLock(directory / ".lock")
    if not lock.try_acquire():
        raise IndexBusyError(f"a training keeps {directory.name}; end it, then clear again")
    try:
        return delete_directory(directory)
    finally:
        lock.release()
