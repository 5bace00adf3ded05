"""Deleting what was kept: a workspace's directory, and its vectors in the machine-wide cache."""

from __future__ import annotations

import shutil
from pathlib import Path

from vizsla.core.errors import CacheError, IndexBusyError
from vizsla.index.embeddings import EmbeddingCache
from vizsla.index.files import sync_directory
from vizsla.index.lock import WriterLock
from vizsla.index.store import Store

LOCK_NAME = "writer.lock"
"""The lock file of a workspace's directory."""


def clear_workspace(directory: Path, embeddings: EmbeddingCache | None = None) -> int:
    """Delete a workspace's directory with all that is in it.

    Args:
        directory: of the workspace, as ``Store.open`` had it.
        embeddings: when given, the vectors of the workspace's functions are deleted from it, of every model.

    Returns:
        How many bytes were freed in the directory.

    Raises:
        IndexBusyError: another process writes the workspace.
        CacheError: something could not be deleted.
    """
    if directory.is_symlink():
        raise CacheError(f"cache directory {directory} is a symbolic link; delete what it points to yourself")
    if not directory.exists():
        return 0
    lock = WriterLock(directory / LOCK_NAME)
    if not lock.try_acquire():
        raise IndexBusyError(f"process {lock.holder()} is using the index in {directory}; stop it and clear again")
    try:
        if embeddings is not None:
            store = Store.open(directory)
            try:
                embeddings.forget(store.all_keys_and_hashes()[1])
            finally:
                store.close()
        freed = sum(path.lstat().st_size for path in directory.rglob("*") if not path.is_dir())
        shutil.rmtree(directory)
        sync_directory(directory.parent)
    except OSError as error:
        raise CacheError(f"{directory} could not be deleted ({error.strerror}); delete it by hand") from error
    finally:
        lock.release()
    return freed
