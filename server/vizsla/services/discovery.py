"""Which files a workspace has, and why some paths of it are left aside. It does not open the files.

Every folder is listed once, without recursion; links are never followed. The files of ignored folders are not seen.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vizsla.core.errors import WorkspaceError
from vizsla.core.settings import IndexSettings
from vizsla.services.ignore_folders import Directory
from vizsla.services.ignoring import IgnoreRules
from vizsla.services.opening import open_folder, open_root
from vizsla.services.skipping import SkipReason

_OURS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors that say something about this process or machine, not about a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A path of the workspace that is not ignored.

    Attributes:
        path: relative to the root, "/" between its parts; bytes that are no UTF-8 as surrogates (``os.fsdecode``).
        size: in bytes.
        mtime_ns: when its content last changed, in nanoseconds.
        inode: its number on its disk.
        skip_reason: None for a regular file; else why there is nothing to read. Then it may be a link, a folder
            that cannot be listed, or a folder left aside as a whole.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    skip_reason: str | None = None


def check_root(root: Path) -> Path:
    """The workspace's folder as an absolute path without links.

    Raises:
        WorkspaceError: there is nothing there, it is no folder, or it may not be read.
    """
    try:
        resolved = root.resolve(strict=True)
        os.close(open_root(resolved))
        with os.scandir(resolved):
            return resolved
    except FileNotFoundError:
        raise WorkspaceError(f"{root} does not exist; give the folder of a workspace") from None
    except NotADirectoryError:
        raise WorkspaceError(f"{root} is a file, not a folder; give the folder of a workspace") from None
    except PermissionError:
        raise WorkspaceError(f"{root} may not be read by this user; change its permissions") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise WorkspaceError(f"{root} cannot be opened ({error}); give the folder of a workspace") from None


def unseen(_: str) -> None:
    """A listener for those who do not care for folders."""


def scan(
    root: Path,
    settings: IndexSettings,
    *,
    cancelled: Callable[[], bool],
    rules: IgnoreRules | None = None,
    below: str = "",
    entering: Callable[[str], None] = unseen,
) -> Iterator[FoundFile]:
    """Every path of a workspace that is not ignored, folder by folder, sorted within each.

    Files are those of ``git ls-files --cached --others --exclude-standard`` that exist, plus those of nested
    repositories, less what ``.vizslaignore`` and ``index.exclude`` hide.

    Args:
        root: the folder of the workspace.
        settings: their ``exclude`` is honoured.
        cancelled: asked before each folder; when it says yes, the scan ends there and is incomplete.
        rules: of this workspace, made a short while ago; None to make them.
        below: only what lies in this folder, by its relative path.
        entering: told of each folder, by its relative path, before it is listed: whoever watches it from then on
            misses nothing.

    Raises:
        WorkspaceError: the root cannot be read, or vanished before the scan ended.
    """
    root = check_root(root)
    rules = rules if rules is not None else IgnoreRules(root, settings.exclude)
    try:
        top = open_root(root)
    except OSError as error:
        raise WorkspaceError(f"{root} cannot be opened ({error.strerror}); open the workspace again") from None
    try:
        identity = _identity(os.fstat(top))
        # A folder waits here under the rules of its parent; None stands for the root, which has none.
        waiting: list[tuple[str, Directory | None]] = [("", None)]
        if below:
            start = rules.entered(below)
            waiting = [(below, start)] if start is not None else []
        while waiting and not cancelled():
            path, entered = waiting.pop()
            entering(path)
            found, inner = _look_into(top, root, path, entered, rules)
            waiting.extend(reversed(inner))
            yield from found
        if not waiting and _identity_at(root) != identity:
            raise WorkspaceError(f"{root} was removed or replaced while it was read; open the workspace again")
    finally:
        os.close(top)


def look_at(root: Path, path: str) -> FoundFile | Literal["folder"] | None:
    """What is at one path, whether ignored or not; None when nothing is.

    Args:
        root: of the workspace, absolute and without links.
        path: relative to it.
    """
    try:
        status = (root / path).lstat()
    except (OSError, ValueError):
        return None
    return "folder" if stat.S_ISDIR(status.st_mode) else _found(path, status, root)


def _look_into(
    top: int, root: Path, path: str, entered: Directory | None, rules: IgnoreRules
) -> tuple[list[FoundFile], list[tuple[str, Directory | None]]]:
    """The files of one folder, and its folders to look into."""
    try:
        descriptor = open_folder(top, path)
    except OSError as error:
        return _aside_for(error, path), []
    try:
        with os.scandir(descriptor) as listing:
            entries = {os.fsencode(entry.name): entry for entry in listing}
        directory = rules.root(entries) if entered is None else rules.look_inside(entered, entries)
        if isinstance(directory, str):
            return [FoundFile(path=path, size=0, mtime_ns=0, inode=0, skip_reason=directory)], []
        prefix = path + "/" if path else ""
        found: list[FoundFile] = []
        inner: list[tuple[str, Directory | None]] = []
        for name in sorted(entries):
            if name == b".git":
                continue
            entry = entries[name]
            try:
                if entry.is_dir(follow_symlinks=False):
                    deeper = directory.enter(name, lambda: entries)
                    if deeper is not None:
                        inner.append((prefix + entry.name, deeper))
                elif not directory.hides_file(name):
                    found.append(_found(prefix + entry.name, entry.stat(follow_symlinks=False), root))
            except OSError as error:
                found.extend(_aside_for(error, prefix + entry.name))
        return found, inner
    except OSError as error:
        return _aside_for(error, path), []
    finally:
        os.close(descriptor)


def _found(path: str, status: os.stat_result, root: Path) -> FoundFile:
    reason = None
    if stat.S_ISLNK(status.st_mode):
        reason = _reason_of_link(root, path)
    elif not stat.S_ISREG(status.st_mode):
        reason = SkipReason.NOT_A_FILE
    return FoundFile(
        path=path, size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino, skip_reason=reason
    )


def _reason_of_link(root: Path, path: str) -> SkipReason:
    try:
        target = Path(os.path.realpath(root / path, strict=True))
    except (OSError, ValueError):
        return SkipReason.LINK_BROKEN
    return SkipReason.LINK_INSIDE if target.is_relative_to(root) else SkipReason.LINK_OUTSIDE


def _aside_for(error: OSError, path: str) -> list[FoundFile]:
    """What is told of a path that cannot be looked at: nothing if it is gone.

    Raises:
        WorkspaceError: the fault is not the path's, so nothing may be concluded about the files below it.
    """
    if not path or error.errno in _OURS:
        raise WorkspaceError(f"the workspace cannot be listed ({error.strerror}); try again when that is mended")
    reason = SkipReason.of_error(error)
    if reason is SkipReason.VANISHED:
        return []
    return [FoundFile(path=path, size=0, mtime_ns=0, inode=0, skip_reason=reason)]


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _identity_at(root: Path) -> tuple[int, int] | None:
    try:
        return _identity(root.stat())
    except OSError:
        return None
