"""A workspace as plain dictionaries: files, open buffers and ignore files, and which functions must be visible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from vizsla.core.types import Kind
from vizsla.services.nesting import inner_folders
from vizsla.services.roots import Roots

_LETTERS = "bcdfghjklmnprtvwz"  # no vowels and no "s": nothing that a stemmer takes for an ending; nor "q" and "x"


@dataclass(frozen=True, slots=True)
class Text:
    """A file of functions, each with a word that stands nowhere else."""

    markers: tuple[str, ...]

    def source(self) -> str:
        """As a file in Python."""
        return "\n\n".join(f'def do_{one}(x):\n    """About {one}."""\n    return x\n' for one in self.markers)


@dataclass(slots=True)
class Tree:
    """What is on the disk and in the editor, by relative paths."""

    disk: dict[str, Text] = field(default_factory=dict)
    buffers: dict[str, Text] = field(default_factory=dict)
    ignore_files: dict[str, str] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    made: int = 0

    def new_text(self, count: int) -> Text:
        """Functions that were never seen."""
        return Text(tuple(self._marker() for _ in range(count)))

    def visible(self) -> dict[str, list[str]]:
        """Names of the functions by path: of the disk, of buffers where they are open, of nothing that is ignored."""
        texts = {**self.disk, **self.buffers}
        return {
            path: sorted(f"do_{one}" for one in text.markers)
            for path, text in texts.items()
            if text.markers and not path.startswith("../") and not self.is_ignored(path)
        }

    def places(self) -> dict[str, set[str]]:
        """The paths at which each marker is visible."""
        found: dict[str, set[str]] = {}
        for path, names in self.visible().items():
            for name in names:
                found.setdefault(name.removeprefix("do_"), set()).add(path)
        return found

    def is_ignored(self, path: str) -> bool:
        """By the few kinds of patterns that the tests write: "/a.py", "/lib/", "c.py"."""
        for file, text in self.ignore_files.items():
            folder = PurePosixPath(file).parent.as_posix()
            inside = "" if folder == "." else folder + "/"
            if not path.startswith(inside):
                continue
            rest = path.removeprefix(inside)
            for pattern in text.split():
                if pattern.endswith("/") and rest.startswith(pattern[1:]):
                    return True
                if pattern.startswith("/") and rest == pattern[1:]:
                    return True
                if "/" not in pattern and PurePosixPath(rest).name == pattern:
                    return True
        return False

    def _marker(self) -> str:
        self.made += 1
        number, letters = self.made, ""
        while number:
            number, place = divmod(number, len(_LETTERS))
            letters += _LETTERS[place]
        return f"q{letters}x"


def visible_through(roots: Roots, top: Path) -> dict[str, list[str]]:
    """Names of the functions that a question can find, by path relative to ``top``; each as often as it is there."""
    found: dict[str, list[str]] = {}
    for path, name in _functions(roots):
        found.setdefault(path.relative_to(top).as_posix(), []).append(name)
    return {path: sorted(Counter(names).elements()) for path, names in found.items()}


def _functions(roots: Roots) -> Iterator[tuple[Path, str]]:
    paths = [root.path for root in roots.all()]
    for root in roots.all():
        hidden = tuple(folder + "/" for folder in inner_folders(root.path, paths))
        assert root.workspace is not None, root.problem
        with root.workspace.view().layers() as layers:
            for layer in layers:
                keys = np.setdiff1d(layer.store.all_keys_and_hashes()[0], layer.hidden)
                for function in layer.store.functions(keys.tolist()).values():
                    if function.kind is Kind.FUNCTION and not function.path.startswith(hidden):
                        yield root.path / function.path, function.name
