"""Whether a buffer says what the store has of its file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from blake3 import blake3

from vizsla.index.records import FileState
from vizsla.services.reading import Skipped, SourceText, read_source

if TYPE_CHECKING:
    from vizsla.services.workspace import Workspace


class DiskTexts:
    """One thread uses it. It remembers the texts of files in another encoding than buffers, by their hashes."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._texts: dict[str, tuple[bytes, bytes]] = {}  # hash of a file's bytes, and hash of its text in UTF-8

    def forget(self, path: str) -> None:
        """A file is not asked for any more."""
        self._texts.pop(path, None)

    def same(self, path: str, source: SourceText | Skipped) -> SourceText | Skipped | None:
        """A buffer's text as it is known of its file, or None when the store has another or none.

        Args:
            path: relative to the root.
            source: the buffer's.

        Returns:
            ``source`` with the hash of the file, whose bytes may differ: by a byte order mark, or another encoding.
        """
        record = self._workspace.current_store().file(path)
        if record is None:
            return None
        if isinstance(source, Skipped):
            return source if (record.state, record.reason) == (FileState.SKIPPED, source.reason) else None
        if record.state is FileState.SKIPPED:
            return None
        if record.content_hash == source.content_hash:
            return source
        if self._texts.get(path, (b"",))[0] != record.content_hash:
            below = read_source(self._workspace.root, path, self._workspace.resources.settings.index)
            is_stored = isinstance(below, SourceText) and below.content_hash == record.content_hash
            text = below.text_utf8 if isinstance(below, SourceText) and is_stored else b""
            self._texts[path] = record.content_hash, blake3(text).digest()
        if self._texts[path][1] != blake3(source.text_utf8).digest():
            return None
        return replace(source, content_hash=record.content_hash)
