"""Which files to parse first when an answer is wanted before the index is ready: those that say its words most."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from vizsla.parsing.languages import language_of
from vizsla.services.discovery import FoundFile
from vizsla.services.meanwhile import Order
from vizsla.services.opening import open_file, open_root
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
    wanted = [stem.encode("utf-8", "surrogatepass") for stem in sorted(stems)]

    def order(files: list[FoundFile]) -> list[FoundFile]:
        late = Deadline(_SECONDS)
        try:
            top = open_root(root)
        except OSError:
            return files
        try:
            scores = {file.path: 0 if late() else _score(top, file, wanted) for file in files}
        finally:
            os.close(top)
        # Among equals the small come first: more of them are parsed in the same time, and they say it more densely.
        return sorted(files, key=lambda file: (-scores[file.path], file.size if scores[file.path] else 0))

    return order


def _score(top: int, file: FoundFile, wanted: list[bytes]) -> int:
    if file.skip_reason is not None or file.size > 4 * _READ_BYTES:
        return 0
    if language_of(PurePosixPath(file.path).name) is None:  # reading what is not parsed would cost the time of others
        return 0
    path = file.path.lower().encode("utf-8", "surrogateescape")
    try:
        opened, folder = open_file(top, file.path)  # it may have become a link or a pipe meanwhile
    except (OSError, ValueError):
        return 0
    try:
        text = os.read(opened, _READ_BYTES)
    except OSError:
        return 0
    finally:
        os.close(opened)
        os.close(folder)
    text = text.lower()
    return sum(2 * (stem in path) + 3 * (stem in text) for stem in wanted)
