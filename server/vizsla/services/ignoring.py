"""Which paths of a workspace are ignored: git's rules, ``.vizslaignore``, settings, and a built-in list without git.

What decides, first to last: ``index.exclude`` of the settings, ``.vizslaignore`` from the innermost folder outward,
then git: ``.gitignore`` from the innermost folder outward, ``.git/info/exclude``, the user's own ignore file. Within
one list the last pattern that matches counts, and ``!`` re-includes, so the first two can bring back what git hides.
What git tracks is never hidden by git's rules. Nothing can be re-included below an ignored folder.

A repository inside another (a submodule, a clone) is judged by its own rules, as git does within it. A second work
tree of a repository already seen is left out: it would show every function twice. A workspace that an outer
repository ignores as a whole was opened on purpose, so that repository is disregarded.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from vizsla.core.ignore_patterns import PatternList
from vizsla.services.build_output import MARKERS, is_marked_as_output
from vizsla.services.ignore_folders import Bound, Directory, Git
from vizsla.services.repository import Repository, excludes_file, find_repository, ignores_case, repository_at
from vizsla.services.tracked import TrackedFiles, read_tracked

OUR_IGNORE_FILE = ".vizslaignore"
_SPECIAL_NAMES = (b".git", b".gitignore", b".vizslaignore", *MARKERS)
_MOST_BYTES = 4 * 1024 * 1024  # of an ignore file
_NOTHING = PatternList(b"")


class IgnoreRules:
    """The rules of one workspace. Ignore files are read again whenever they changed, so answers are never stale."""

    def __init__(self, root: Path, exclude: Sequence[str] = ()) -> None:
        """Find out what holds for the workspace.

        Args:
            root: absolute path of the workspace, without links.
            exclude: further patterns, relative to the root; they decide before all others.
        """
        self._path = os.fsencode(root).rstrip(b"/") + b"/"
        self._exclude = PatternList("\n".join(exclude).encode("utf-8", "surrogateescape"))
        self._repository = find_repository(root)
        self._excludes_file = excludes_file(self._repository) if self._repository else None
        self._ignore_case = ignores_case(self._repository) if self._repository else False
        self._lists: dict[tuple[bytes, bool], tuple[tuple[int, ...], PatternList]] = {}
        self._tracked: dict[Path, tuple[tuple[int, ...], TrackedFiles]] = {}

    def root(self, names: Collection[bytes]) -> Directory:
        """The root folder, which is never ignored.

        Args:
            names: of what lies in it.
        """
        settings = (Bound(patterns=self._exclude, base=len(self._path)),) if self._exclude else ()
        top = Directory(path=self._path, ours=settings, theirs=(), git=None)
        if self._repository is not None:
            outer = self._top_of(self._repository, top)
            inner = self._descend(outer)
            top = replace(inner, ours=settings) if inner is not None else top
        return self._with_ignore_files(top, names)

    def look_inside(self, directory: Directory, names: Collection[bytes]) -> Directory | str:
        """Take into account what lies in a folder that was entered.

        Args:
            directory: what ``Directory.enter`` gave.
            names: of what lies in it; those that mean nothing to us do not matter.

        Returns:
            The folder with its own ignore files, or its own repository; or a sentence that says why it is left out.
        """
        if b".git" in names:
            git = directory.git
            inner = directory.path[git.base : -1] if git else b""
            if git is None or not git.tracked().holds_below(inner):
                nested = repository_at(Path(os.fsdecode(directory.path)))
                if nested is not None:
                    known = (git.repository if git else None, self._repository)
                    if any(other and other.common_directory == nested.common_directory for other in known):
                        return "another work tree of the same repository"
                    directory = replace(self._top_of(nested, directory), ours=directory.ours)
        if directory.git is None and not directory.is_wanted and is_marked_as_output(directory.path, names):
            return "an environment or a cache, by the mark in it"
        return self._with_ignore_files(directory, names)

    def is_ignored(self, path: str, *, is_directory: bool = False) -> bool:
        """Whether a single path is left out of the workspace.

        Args:
            path: relative to the root; it need not exist any more.
            is_directory: whether to judge it as a folder; it is one anyway when it is one on the disk.

        Returns:
            True also for what lies behind a link to a folder, and for anything in ``.git``.
        """
        parts = _parts(path)
        if parts is None:
            return True
        directory = self._inside(parts[:-1])
        if directory is None or not parts:
            return directory is None
        name = parts[-1]
        if is_directory or _kind_of(directory.path + name) == stat.S_IFDIR:
            entered = _entered(directory, name)
            return entered is None or isinstance(self.look_inside(entered, _present(entered.path)), str)
        return directory.hides_file(name)

    def entered(self, path: str) -> Directory | None:
        """A folder below the root as ``Directory.enter`` gives it, not looked into; None when it is ignored.

        Args:
            path: relative to the root, not the root itself.
        """
        parts = _parts(path)
        directory = self._inside(parts[:-1]) if parts else None
        return None if directory is None or not parts else _entered(directory, parts[-1])

    def are_changed_by(self, path: str) -> bool:
        """Whether a change of this file, relative to the root, may change what is ignored.

        What git starts or ceases to track is not told by this: it matters for ignored files alone, and the next
        scan sees it.
        """
        parts = path.split("/")
        if ".git" in parts:
            return parts[-1] in ("exclude", ".git")
        return parts[-1] in (".gitignore", OUR_IGNORE_FILE, "pyvenv.cfg", "CACHEDIR.TAG")

    def _inside(self, parts: Sequence[bytes]) -> Directory | None:
        """The folder at the end of ``parts``, looked into; None when it is ignored, or behind a link."""
        directory = self.root(_present(self._path))
        for name in parts:
            if _kind_of(directory.path + name) not in (stat.S_IFDIR, 0):
                return None
            entered = _entered(directory, name)
            looked = self.look_inside(entered, _present(entered.path)) if entered is not None else ""
            if isinstance(looked, str):
                return None
            directory = looked
        return directory

    def _top_of(self, repository: Repository, directory: Directory) -> Directory:
        """The top folder of a repository, with the lists that hold everywhere in it."""
        path = os.fsencode(repository.work_tree).rstrip(b"/") + b"/"
        everywhere = [os.fsencode(repository.common_directory / "info" / "exclude")]
        if self._excludes_file is not None:
            everywhere.append(os.fsencode(self._excludes_file))
        lists = (
            Bound(patterns=self._patterns(file, self._ignore_case, follow=True), base=len(path)) for file in everywhere
        )
        git = Git(
            repository=repository,
            base=len(path),
            tracked=lambda: self._tracked_files(repository),
            ignore_case=self._ignore_case,
        )
        return Directory(
            path=path, ours=directory.ours, theirs=tuple(bound for bound in lists if bound.patterns), git=git
        )

    def _descend(self, top: Directory) -> Directory | None:
        """From the top of the outer repository to the folder of the workspace; None when that is ignored."""
        directory = replace(top, ours=())
        for name in self._path[len(top.path) :].split(b"/")[:-1]:
            names = [name for name in _present(directory.path) if name == b".gitignore"]
            directory = self._with_ignore_files(directory, names)
            entered = directory.enter(name, tuple)
            if entered is None or entered.shows_only_tracked:
                return None
            directory = entered
        return directory

    def _with_ignore_files(self, directory: Directory, names: Collection[bytes]) -> Directory:
        base = len(directory.path)
        if b".gitignore" in names:
            ignore_case = directory.git.ignore_case if directory.git else False
            patterns = self._patterns(directory.path + b".gitignore", ignore_case)
            if patterns:
                directory = replace(directory, theirs=(Bound(patterns=patterns, base=base), *directory.theirs))
        if b".vizslaignore" in names:
            patterns = self._patterns(directory.path + b".vizslaignore", False)
            if patterns:
                settings = directory.ours[: bool(self._exclude)]
                inner = directory.ours[len(settings) :]
                directory = replace(directory, ours=(*settings, Bound(patterns=patterns, base=base), *inner))
        return directory

    def _patterns(self, file: bytes, ignore_case: bool, *, follow: bool = False) -> PatternList:
        """The patterns of a file, none when it is not there; links are followed only outside of work trees."""
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
        except (OSError, ValueError):
            return _NOTHING
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
                return _NOTHING
            stamp = _stamp(status)
            kept = self._lists.get((file, ignore_case))
            if kept is None or kept[0] != stamp:
                with os.fdopen(os.dup(descriptor), "rb") as stream:
                    content = stream.read(_MOST_BYTES)
                kept = stamp, PatternList(content, ignore_case=ignore_case)
                self._lists[file, ignore_case] = kept
            return kept[1]
        except OSError:
            return _NOTHING
        finally:
            os.close(descriptor)

    def _tracked_files(self, repository: Repository) -> TrackedFiles:
        index = repository.git_directory / "index"
        try:
            stamp = _stamp(index.stat())
        except OSError:
            stamp = ()
        kept = self._tracked.get(index)
        if kept is None or kept[0] != stamp:
            kept = self._tracked[index] = (stamp, read_tracked(index))
        return kept[1]


def _parts(path: str) -> list[bytes] | None:
    """The names in a relative path; None for what is never in a workspace."""
    parts = [part for part in os.fsencode(path).split(b"/") if part not in (b"", b".")]
    return None if b".git" in parts or b".." in parts or path.startswith("/") else parts


def _entered(directory: Directory, name: bytes) -> Directory | None:
    return directory.enter(name, lambda: _names_in(directory.path))


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _present(directory: bytes) -> list[bytes]:
    """Those names with a meaning for us that are in a folder."""
    return [name for name in _SPECIAL_NAMES if os.path.lexists(directory + name)]


def _kind_of(path: bytes) -> int:
    """The type bits of what is at a path, 0 for nothing."""
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return 0


def _names_in(directory: bytes) -> list[bytes]:
    try:
        with os.scandir(directory) as entries:
            return [entry.name for entry in entries]
    except OSError:
        return []
