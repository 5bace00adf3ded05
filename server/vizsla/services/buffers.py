"""Which open buffers are indexed: what a saved file with their text would be. It does not know the editor."""

from __future__ import annotations

import stat
import threading
import time
from typing import TYPE_CHECKING

from vizsla.services.ignoring import IgnoreRules
from vizsla.services.reading import Skipped, SourceText, source_of
from vizsla.services.skipping import SkipReason

if TYPE_CHECKING:
    from vizsla.services.workspace import Workspace

_RULES_SECONDS = 10.0  # after which it is looked again whether there is a repository

UNLISTED = frozenset({SkipReason.IGNORED, SkipReason.LINK, SkipReason.NOT_A_FILE, SkipReason.OUTSIDE})
"""Reasons why a path would not be looked at whatever its text: then a buffer of it changes nothing."""


class BufferRules:
    """The rules of one workspace for texts that are not saved. Any thread may call it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._rules: tuple[float, tuple[str, ...], IgnoreRules] | None = None

    def read(self, path: str, text: str) -> SourceText | Skipped:
        """What a text would be as a file that is listed.

        Args:
            path: relative to the root, with "/" between the parts; nothing need be there.
            text: as an editor has it; lone surrogates become question marks.
        """
        return source_of(path, text.encode("utf-8", "replace"), self._workspace.resources.settings.index)

    def reason(self, path: str) -> SkipReason | None:
        """Why a path is not listed now, one of ``UNLISTED``; None when it is."""
        if any(part in ("", ".", "..") or "\0" in part for part in path.split("/")):
            return SkipReason.OUTSIDE
        if self._is_ignored(path):
            return SkipReason.IGNORED
        try:
            mode = (self._workspace.root / path).lstat().st_mode
        except (OSError, ValueError):
            return None
        if stat.S_ISLNK(mode):
            return SkipReason.LINK
        return None if stat.S_ISREG(mode) else SkipReason.NOT_A_FILE

    def _is_ignored(self, path: str) -> bool:
        exclude = self._workspace.resources.settings.index.exclude
        with self._lock:
            now = time.monotonic()
            if self._rules is None or now - self._rules[0] > _RULES_SECONDS or self._rules[1] != exclude:
                self._rules = (now, exclude, IgnoreRules(self._workspace.root, exclude))
            return self._rules[2].is_ignored(path)
