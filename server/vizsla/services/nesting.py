"""Workspace folders within workspace folders: whose a file is, and what the outer ones leave to the inner."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def inner_folders(root: Path, roots: Iterable[Path]) -> tuple[str, ...]:
    """Those of ``roots`` that lie below ``root``, relative to it, sorted; none that lies in another of them."""
    below = sorted(other for other in roots if other != root and other.is_relative_to(root))
    outermost: list[Path] = []
    for folder in below:  # sorted by parts, so an outer folder comes before what is in it
        if not (outermost and folder.is_relative_to(outermost[-1])):
            outermost.append(folder)
    return tuple(folder.relative_to(root).as_posix() for folder in outermost)


def resolved(path: Path) -> Path:
    """An absolute path without links, whether or not something is there."""
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):  # a link to itself, or a home that is not known
        return path.absolute()


class Places:
    """Real paths of many files at once: each folder is looked at once. For names of files that may be links."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path] = {}

    def of(self, path: Path) -> Path:
        """The path with the links of its folders resolved; its own last part stays as it is."""
        folder = self._folders.get(path.parent)
        if folder is None:
            folder = self._folders[path.parent] = resolved(path.parent)
        return folder / path.name if path.name else folder
