"""Ignore files that lie outside of a workspace and hold in it. Nobody tells of their changes: they are looked at."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from vizsla.services.repository import excludes_file, find_repository

_Stamp = tuple[int, ...]


class OuterRules:
    """Those of the folders above the workspace, of the repository, and of the user."""

    def __init__(self, root: Path) -> None:
        """Look at them for the first time.

        Args:
            root: of the workspace, absolute and without links.
        """
        self._root = root
        self._repositories: tuple[_Stamp, ...] | None = None
        self._files: tuple[Path, ...] = ()
        self._seen = self._look()

    def have_changed(self) -> bool:
        """Whether one of them is another one than when this was last asked. A few looks at the disk."""
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def _look(self) -> tuple[object, ...]:
        # Of a repository only which it is: git writes into its folder all the time.
        repositories = tuple(_stamp(folder / ".git", _which) for folder in (self._root, *self._root.parents))
        if repositories != self._repositories:
            self._repositories, self._files = repositories, _files_for(self._root)
        return repositories, tuple(_stamp(file, _which_and_when) for file in self._files)


def _files_for(root: Path) -> tuple[Path, ...]:
    """The files with git's rules for a workspace that its own watcher does not see."""
    repository = find_repository(root)
    if repository is None:
        return ()
    above = [folder / ".gitignore" for folder in root.parents if folder.is_relative_to(repository.work_tree)]
    of_user = excludes_file(repository)
    return (*above, repository.common_directory / "info" / "exclude", *([of_user] if of_user is not None else []))


def _stamp(path: Path, parts: Callable[[os.stat_result], _Stamp]) -> _Stamp:
    try:
        return parts(path.stat())
    except (OSError, ValueError):
        return ()


def _which(status: os.stat_result) -> _Stamp:
    return status.st_dev, status.st_ino


def _which_and_when(status: os.stat_result) -> _Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
