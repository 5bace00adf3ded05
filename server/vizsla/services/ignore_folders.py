"""One folder of a workspace with the rules that hold in it: which of its files and folders are ignored.

It does not know where the rules come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vizsla.core.ignore_patterns import PatternList
from vizsla.services.build_output import is_build_output
from vizsla.services.repository import Repository
from vizsla.services.tracked import TrackedFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A list of patterns and the length of the absolute path, slash included, that they are relative to."""

    patterns: PatternList
    base: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """One repository as the walk sees it."""

    repository: Repository
    base: int  # length of the work tree's absolute path, slash included
    tracked: Callable[[], TrackedFiles]
    ignore_case: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A folder that is not ignored, and the rules that hold for what lies in it.

    Attributes:
        path: absolute, in bytes, ending in a slash.
        ours: lists of settings and ``.vizslaignore``, the first to decide first.
        theirs: lists of git, likewise.
        git: the repository, if any.
        shows_only_tracked: the folder is ignored, but git tracks something in it.
        is_wanted: it was re-included by name, so it is not asked whether it looks built.
    """

    path: bytes
    ours: tuple[Bound, ...]
    theirs: tuple[Bound, ...]
    git: Git | None
    shows_only_tracked: bool = False
    is_wanted: bool = False

    def hides_file(self, name: bytes) -> bool:
        """Whether a file, or anything else that is no folder, is ignored."""
        verdict = self._verdict(self.ours, name, is_directory=False)
        if verdict is not None:
            return verdict
        if not (self.shows_only_tracked or self._verdict(self.theirs, name, is_directory=False)):
            return False
        return self.git is None or not self.git.tracked().holds((self.path + name)[self.git.base :])

    def enter(self, name: bytes, beside: Callable[[], Iterable[bytes]]) -> Directory | None:
        """The folder ``name`` under the rules of this one, or None when it is ignored.

        Args:
            name: of the folder.
            beside: gives the names of what lies in this folder.
        """
        verdict = self._verdict(self.ours, name, is_directory=True)
        shows_only_tracked = False
        if verdict is True:
            return None
        if verdict is None:
            if self.git is None and is_build_output(name, beside()):
                return None
            shows_only_tracked = self.shows_only_tracked or bool(self._verdict(self.theirs, name, is_directory=True))
            if shows_only_tracked:
                if self.git is None:
                    return None
                inner = (self.path + name)[self.git.base :]
                tracked = self.git.tracked()
                if not (tracked.holds(inner) or tracked.holds_below(inner)):
                    return None
        return Directory(
            path=self.path + name + b"/",
            ours=self.ours,
            theirs=self.theirs,
            git=self.git,
            shows_only_tracked=shows_only_tracked,
            is_wanted=verdict is False,
        )

    def _verdict(self, lists: tuple[Bound, ...], name: bytes, *, is_directory: bool) -> bool | None:
        for bound in lists:
            path = self.path[bound.base :] + name
            verdict = bound.patterns.decide(name, path, is_directory=is_directory)
            if verdict is not None:
                return verdict
        return None
