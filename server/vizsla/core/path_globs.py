"""Globs that people write to say which files they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vizsla.core.errors import QueryError
from vizsla.core.ignore_patterns import PatternList, can_match

_ELSEWHERE = re.compile(
    r"\{[^}]*,"  # alternatives, of which ignore files know nothing
    r"|\\(?=[\w.-])"  # a folder as Windows writes it; an ignore file reads the next character as it stands
    r"|(?:^|/)\.{1,2}(?:/|$)"  # a way, where a pattern is meant
)
"""What other languages of patterns have, and what no path holds that is matched."""


class PathGlobs:
    """Globs that choose files wherever they lie; one that fits a directory chooses all that is in it."""

    def __init__(self, globs: Sequence[str]) -> None:
        """Read globs, each one a line of an ignore file; a later one with ``!`` takes back what an earlier one chose.

        With ``!`` alone, all but what fits is chosen. ``./`` before a glob and a doubled slash mean nothing.

        Raises:
            QueryError: one of them can match nothing.
        """
        lines = [_line(glob) for glob in globs]
        self._patterns = PatternList(b"\n".join(lines))
        self._directories: dict[bytes, bool] = {b"": all(line.startswith(b"!") for line in lines)}

    def choose(self, path: bytes) -> bool:
        """Whether the file with this path, relative to the root, is chosen."""
        folder, _, name = path.rpartition(b"/")
        decided = self._patterns.decide(name, path, is_directory=False)
        return self._chooses_directory(folder) if decided is None else decided

    def _chooses_directory(self, path: bytes) -> bool:
        unknown: list[bytes] = []
        while (known := self._directories.get(path)) is None:
            above, _, name = path.rpartition(b"/")
            unknown.append(path)
            known = self._patterns.decide(name, path, is_directory=True)
            if known is not None:
                break
            path = above
        self._directories.update(dict.fromkeys(unknown, known))
        return known


def _line(glob: str) -> bytes:
    plain = re.sub(r"^(!?)(?:\./+)+", r"\1", re.sub("//+", "/", glob))
    try:
        line = plain.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which no path holds
        line = b""
    is_foreign = _ELSEWHERE.search(plain) is not None or plain.count("{") != plain.count("}")
    if is_foreign or not can_match(line):
        raise QueryError(f"{glob!r} is no pattern for paths; write one like src/**, *.py or tests/, or several")
    return line
