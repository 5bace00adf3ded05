"""What a schedule tells of folders to whoever watches them, so that nothing falls between looking and watching."""

from __future__ import annotations

from collections.abc import Collection


class FolderListener:
    """Hears of folders, in the schedule's thread. This one does not care."""

    def entering(self, path: str) -> None:
        """A folder, by its relative path, is listed next: what changes in it from now on must be told."""

    def walked(self, folders: Collection[str]) -> None:
        """The whole workspace was walked, and these are its folders: no others need to be watched."""

    def drain(self, seconds: float) -> bool:
        """Wait until everything that happened before the call was told to the schedule; False when it took longer."""
        return True
