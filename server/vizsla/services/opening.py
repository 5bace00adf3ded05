"""Opening files and folders below a root, whatever the path is like: never through a link, never waiting."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PASSING = _FOLDER | getattr(os, "O_PATH", os.O_RDONLY)  # O_PATH: a folder that may be entered but not listed
_LONGEST_PATH = 3_000  # bytes the kernel takes at once, with room to spare


def open_root(root: Path) -> int:
    """A descriptor of the root folder itself, which may be a link."""
    return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def open_file(root: int, path: str) -> tuple[int, int]:
    """Open a file to read, each folder on the way by itself, so that no link can lead elsewhere.

    Args:
        root: descriptor of the root.
        path: relative to it, with "/" between its parts.

    Returns:
        The descriptor of the file, and that of its folder; the caller closes both.

    Raises:
        OSError: ELOOP or ENOTDIR where a part is a link.
        ValueError: the path is empty, absolute, holds a NUL or leads upward.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise ValueError(f"not a path below the root: {path!r}")
    folder = os.dup(root)
    try:
        for part in parts[:-1]:
            folder = _step(folder, part)
        file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except BaseException:
        os.close(folder)
        raise
    return file, folder


def open_folder(root: int, path: str) -> int:
    """Open a folder to list; "" is the root. Paths beyond the limit of the system are taken in stretches."""
    if not path:
        return os.dup(root)
    rest = os.fsencode(path)
    folder = os.dup(root)
    try:
        while len(rest) > _LONGEST_PATH:
            end = rest.rindex(b"/", 0, _LONGEST_PATH)
            folder = _step(folder, rest[:end])
            rest = rest[end + 1 :]
        return os.open(rest, os.O_RDONLY | _FOLDER, dir_fd=folder)
    finally:
        os.close(folder)


def _step(folder: int, inner: str | bytes) -> int:
    """Trade the descriptor of a folder for that of one in it; on failure ``folder`` stays open."""
    deeper = os.open(inner, _PASSING, dir_fd=folder)
    os.close(folder)
    return deeper
