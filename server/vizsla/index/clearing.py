"""Deletes a workspace's directory with all that is in it."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from vizsla.core.errors import CacheError
from vizsla.core.types import ContentHash
from vizsla.index.files import sync_directory
from vizsla.index.store import FILE_NAME, Store


def hashes_of(directory: Path) -> list[ContentHash]:
    """The contents of all functions of a workspace, each once; none when its store is missing or of no use.

    Nothing is made or repaired. Call while holding the directory's ``WriterLock``.
    """
    if not (directory / FILE_NAME).exists():
        return []
    try:
        store = Store.open(directory, writable=False)
    except CacheError:
        return []
    try:
        return list(dict.fromkeys(store.all_keys_and_hashes()[1]))
    except CacheError:
        return []
    finally:
        with contextlib.suppress(CacheError):
            store.close()


def delete_directory(directory: Path) -> int:
    """Delete ``directory``; call while holding its ``WriterLock``. How many bytes were freed.

    Raises:
        CacheError: it is a link, or something in it could not be deleted.
    """
    if directory.is_symlink():
        raise CacheError(f"cache directory {directory} is a symbolic link; delete what it points to yourself")
    try:
        freed = sum(path.lstat().st_size for path in directory.rglob("*") if not path.is_dir())
        shutil.rmtree(directory)
        sync_directory(directory.parent)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise CacheError(f"{directory} could not be deleted ({error.strerror}); delete it by hand") from error
    return freed
