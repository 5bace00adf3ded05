"""Globs that people write to say which files they mean."""

from __future__ import annotations

from collections.abc import Sequence

from vizsla.core.errors import QueryError
from vizsla.core.ignore_patterns import PatternList, can_match


class PathGlobs:
    """Globs that choose files wherever they lie; one that fits a directory chooses all that is in it."""

    def __init__(self, globs: Sequence[str]) -> None:
        """Read globs, each one a line of an ignore file; a later one with ``!`` takes back what an earlier one chose.

        Raises:
            QueryError: one of them can match nothing.
        """
        lines = [_line(glob) for glob in globs]
        self._patterns = PatternList(b"\n".join(lines))
        self._directories: dict[bytes, bool] = {b"": False}

    def choose(self, path: bytes) -> bool:
        """Whether the file with this path, relative to the root, is chosen."""
        folder, _, name = path.rpartition(b"/")
        decided = self._patterns.decide(name, path, is_directory=False)
        return self._chooses_directory(folder) if decided is None else decided

    def _chooses_directory(self, path: bytes) -> bool:
        known = self._directories.get(path)
        if known is None:
            above, _, name = path.rpartition(b"/")
            decided = self._patterns.decide(name, path, is_directory=True)
            known = self._directories[path] = self._chooses_directory(above) if decided is None else decided
        return known


def _line(glob: str) -> bytes:
    try:
        line = glob.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which no path holds
        line = b""
    if not can_match(line):
        raise QueryError(f"{glob!r} is no pattern for paths; write one like src/**, *.py or tests/")
    return line
