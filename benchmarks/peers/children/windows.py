"""Source files as overlapping windows of lines: how a plain script cuts a tree into pieces."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

LINES, STEP = 40, 30
_MOST_BYTES = 1_000_000
_SUFFIXES = (
    ".py", ".pyi", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".go", ".rs", ".java", ".kt", ".scala", ".c", ".h",
    ".cc", ".cpp", ".hpp", ".cs", ".php", ".rb", ".swift", ".lua", ".jl", ".hs", ".ml", ".ex", ".exs", ".sh", ".zig",
    ".sql", ".nu",
)  # fmt: skip

Window = tuple[str, int, int, str]
"""Path below the root, first line, last line (from 1), text."""


def source_files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The source files below a folder in order of their paths, hidden ones left out."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix.lower() in _SUFFIXES and (found := path.stat()).st_size <= _MOST_BYTES:
                yield path.relative_to(root).as_posix(), found


def windows_of(root: Path, path: str) -> list[Window]:
    """The windows of one file; a short file is one."""
    lines = (root / path).read_text(encoding="utf-8", errors="replace").splitlines()
    starts = range(0, max(1, len(lines) - (LINES - STEP)), STEP)
    ends = [min(start + LINES, len(lines)) for start in starts]
    cut = [(path, start + 1, end, "\n".join(lines[start:end])) for start, end in zip(starts, ends, strict=True)]
    return [window for window in cut if window[3].strip()]
