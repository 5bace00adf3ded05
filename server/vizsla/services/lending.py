"""The resources of a process as one workspace sees them: shared children and caches, settings of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vizsla.core.options import WORKSPACE_FILE, workspace_settings
from vizsla.services.resources import Resources

if TYPE_CHECKING:
    from vizsla.index.embeddings import EmbeddingCache
    from vizsla.models.client import ModelClient
    from vizsla.parsing.pool import ParsePool

_Stamp = tuple[int, int, int] | None


class LentResources(Resources):
    """What the process shares, with the settings that the workspace's own file changes. Closing it closes nothing."""

    def __init__(self, lender: Resources, root: Path) -> None:
        super().__init__(lender.settings)
        self._lender = lender
        self._file = root / WORKSPACE_FILE
        self._stamp: _Stamp = None
        self.problems = lender.problems
        self.refused: tuple[str, ...] = ()
        """One sentence for each thing in the workspace's file that was refused."""
        self.read_settings()

    @property
    def models(self) -> ModelClient | None:
        """Those of the process."""
        return self._lender.models

    @property
    def pool(self) -> ParsePool:
        """That of the process."""
        return self._lender.pool

    @property
    def embeddings(self) -> EmbeddingCache:
        """Those of the process."""
        return self._lender.embeddings

    def read_settings(self) -> bool:
        """Take the settings of the process and of the workspace's file as they are now; True when they changed what
        is indexed."""
        self._stamp = _stamp_of(self._file)
        before = self.settings.index
        self.settings, refused = workspace_settings(self._lender.settings, self._file.parent)
        self.refused = tuple(refused)
        return self.settings.index != before

    def has_new_file(self) -> bool:
        """Whether the workspace's file is another one than was read; one look at the disk."""
        return _stamp_of(self._file) != self._stamp

    def close(self) -> None:
        """Nothing here is ours."""


def _stamp_of(file: Path) -> _Stamp:
    try:
        found = file.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
