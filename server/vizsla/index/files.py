"""Private directories and files that are whole or not there: nothing is published in any other way."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vizsla.core.errors import CacheError

_TEMPORARY = ".tmp"
_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This file marks a cache directory of Vizsla; see https://bford.info/cachedir/\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file as it was read back from the disk: its size in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


def private_directory(path: Path) -> Path:
    """Make sure that ``path`` is a directory of ours that nobody else can enter; created when missing.

    Raises:
        CacheError: it is a link, no directory, somebody else's, writable for others, or cannot be made.
    """
    with _named(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise CacheError(f"cache directory {path} is a symbolic link; give the real directory instead")
        if not stat.S_ISDIR(found.st_mode):
            raise CacheError(f"cache directory {path} is not a directory; remove it or choose another")
        if found.st_uid != os.geteuid():
            raise CacheError(f"cache directory {path} belongs to user {found.st_uid}; choose a directory of your own")
        if found.st_mode & 0o022:
            raise CacheError(
                f"cache directory {path} is writable for others (mode {found.st_mode & 0o777:o}); "
                f"run: chmod 700 '{path}'"
            )
        if found.st_mode & 0o777 != 0o700:
            path.chmod(0o700)
    return path


def cache_root(path: Path) -> Path:
    """``private_directory`` that back-up programs and git leave out."""
    private_directory(path)
    for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
        with _named(path), contextlib.suppress(FileExistsError):
            os.close(os.open(path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
            (path / name).write_text(text, encoding="ascii")
    return path


def write_atomic(path: Path, write: Callable[[Path], int | None]) -> Written:
    """Publish a file: after a crash at any moment ``path`` is the old file or the whole new one.

    Args:
        path: what to replace or create; its directory is there.
        write: fills the empty file that it is given. It may return how many bytes it meant to write: a library
            that writes through stdio can lose the last ones on a full disk without a word.

    Returns:
        Size and hash, read back from the file before it was published.

    Raises:
        CacheError: it could not be written in full; ``path`` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}{_TEMPORARY}")
    with _named(path):
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        try:
            meant = write(temporary)
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
                written = Written(
                    size=os.fstat(file.fileno()).st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest()
                )
            if meant is not None and meant != written.size:
                raise CacheError(
                    f"{path} could not be written: {written.size} of {meant} bytes arrived; "
                    "is the disk full? Free some space and try again"
                )
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)
    return written


def read_back(path: Path) -> Written | None:
    """Size and hash of a file as it is now, or None when it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            return Written(size=size, sha256=hashlib.file_digest(file, "sha256").hexdigest())
    except OSError:
        return None


def sync_directory(directory: Path) -> None:
    """Make renames in ``directory`` last through a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_temporaries(directory: Path) -> list[Path]:
    """Delete temporary files that dead processes left; those of living ones stay.

    Returns:
        What was deleted.
    """
    swept = []
    for path in directory.glob(f".*{_TEMPORARY}"):
        owner = path.name.split(".")[-3]
        if owner.isdigit() and _is_alive(int(owner)):
            continue
        with contextlib.suppress(OSError):
            path.unlink()
            swept.append(path)
    return swept


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn what the system says into a sentence for the user."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise CacheError(f"{path} could not be written: the disk is full; free some space and try again") from error
        raise CacheError(
            f"{path} cannot be used ({error.strerror}); make it writable or choose another cache directory"
        ) from error
