"""Where the index of a workspace lies in the cache."""

from __future__ import annotations

import re
from pathlib import Path

from blake3 import blake3

from vizsla.index.files import cache_root, private_directory

LOCK_NAME = "writer.lock"
"""The file that the process that writes an index holds locked."""


def workspace_directory(cache: Path, root: Path) -> Path:
    """Where the index of ``root`` lies: named after it for people, by its hash for us."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", root.name)[:40].strip("-") or "root"
    digest = blake3(str(root).encode("utf-8", "surrogateescape")).hexdigest(8)
    return cache / "workspaces" / f"{readable}-{digest}"


def make_index_directory(cache: Path, directory: Path) -> None:
    """Make an index's directory and those above it, private, where they are missing.

    Raises:
        CacheError: one of them cannot be made, or is not ours alone.
    """
    cache_root(cache)
    private_directory(directory.parent)
    private_directory(directory)


def inode_of(path: Path) -> int:
    """The number of a file on its disk; 0 when there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0
