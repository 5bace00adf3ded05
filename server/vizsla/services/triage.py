"""Which files to parse first when an answer is wanted before the index is ready: those that say its words most."""

from __future__ import annotations

import re
from pathlib import Path

from vizsla.services.discovery import FoundFile
from vizsla.services.indexing import Order
from vizsla.services.progress import Deadline

_READ_BYTES = 200_000
_SECONDS = 0.5  # looking takes no longer than this; files not looked at keep their place behind the others
_SHORTEST_STEM = 4


def by_words(root: Path, words: tuple[str, ...]) -> Order:
    """An order of files: more of the question's words first, in the path or in the text.

    Args:
        root: the workspace.
        words: of the question, lower case. Ends are cut off longer ones, so that "retried" finds "retry".
    """
    stems = {word[: max(_SHORTEST_STEM, len(word) - 2)] for word in words if len(word) > 2}
    patterns = [re.compile(re.escape(stem).encode(), re.IGNORECASE) for stem in sorted(stems)]

    def order(files: list[FoundFile]) -> list[FoundFile]:
        late = Deadline(_SECONDS)
        scores = {file.path: 0 if late() else _score(root, file, patterns) for file in files}
        return sorted(files, key=lambda file: -scores[file.path])

    return order


def _score(root: Path, file: FoundFile, patterns: list[re.Pattern[bytes]]) -> int:
    if file.skip_reason is not None or file.size > 4 * _READ_BYTES:
        return 0
    path = file.path.encode("utf-8", "surrogateescape")
    try:
        with (root / file.path).open("rb") as stream:
            text = stream.read(_READ_BYTES)
    except OSError:
        return 0
    return sum(2 * bool(pattern.search(path)) + 3 * bool(pattern.search(text)) for pattern in patterns)
