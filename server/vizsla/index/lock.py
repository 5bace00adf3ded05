"""The lock that makes one process the writer of a workspace. The system drops it when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from vizsla.core.errors import CacheError


class WriterLock:
    """Held by at most one process for one file; not by two objects of one process either.

    filelock is not used: it empties the file at each attempt, and with it the holder's process id.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock, on the file that is there now (it may have been deleted)."""
        return self._descriptor is not None and self._is_current(self._descriptor)

    def try_acquire(self) -> bool:
        """Take the lock if nobody holds it. True when it is held now.

        Raises:
            CacheError: the lock file cannot be made.
        """
        if self.is_held:
            return True
        self.release()
        while True:
            try:
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise CacheError(
                    f"{self._path} cannot be used as a lock ({error.strerror}); "
                    "make it writable or choose another cache directory"
                ) from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                return False
            if self._is_current(descriptor):
                break
            os.close(descriptor)  # deleted between open and flock: ours is no longer the file of that name
        # A full disk may keep the number out; the lock holds all the same.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let another process write. Does nothing when the lock is not held."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            # Closing alone leaves it locked while a child that is being started still has a copy of the descriptor.
            with contextlib.suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> int | None:
        """The process id that the holder wrote down, or None when nobody holds the lock."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            if self._descriptor is None:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None  # it could be had: nobody holds it
        except OSError:
            pass
        else:
            return os.getpid()
        finally:
            text = os.pread(descriptor, 32, 0)
            os.close(descriptor)
        return int(text) if text.isdigit() else None

    def _is_current(self, descriptor: int) -> bool:
        try:
            there = os.stat(self._path, follow_symlinks=False)  # noqa: PTH116
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(descriptor))
