"""Facts about the git repository around a workspace: where it is, what changed in it, which commit is out.

Places are read from the disk alone. Questions about content go to the git program, in an environment in which the
repository's own configuration cannot make it run anything; without git they are answered by None.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

GIT_SECONDS = 10.0
"""How long git may take to answer."""

_HEAD = re.compile(rb"ref: *refs/|[0-9a-f]{40}")
_KEPT_VARIABLES = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"})
_HARMLESS = (("core.fsmonitor", "false"), ("core.hooksPath", os.devnull), ("core.pager", "cat"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository with files.

    Attributes:
        work_tree: the folder whose files it holds.
        git_directory: where this work tree keeps its index and HEAD.
        common_directory: where all work trees of the repository keep what they share.
    """

    work_tree: Path
    git_directory: Path
    common_directory: Path


def find_repository(folder: Path) -> Repository | None:
    """The innermost repository that holds ``folder``, looking upward on the same file system."""
    folder = folder.absolute()
    try:
        device = folder.stat().st_dev
        for candidate in (folder, *folder.parents):
            if candidate.stat().st_dev != device:
                return None
            found = repository_at(candidate)
            if found is not None:
                return found
    except OSError:
        return None
    return None


def repository_at(folder: Path) -> Repository | None:
    """The repository whose work tree is ``folder`` itself; its ``.git`` may be a folder or a file that points on."""
    git = folder / ".git"
    try:
        if git.is_file():
            pointer = _head_of(git, 4_096)
            if not pointer.startswith(b"gitdir:"):
                return None
            git = folder / os.fsdecode(pointer.removeprefix(b"gitdir:").strip())
        common = git
        if (git / "commondir").is_file():
            common = git / os.fsdecode(_head_of(git / "commondir", 4_096).strip())
        is_valid = (
            _HEAD.match(_head_of(git / "HEAD", 256)) is not None
            and (common / "objects").is_dir()
            and (common / "refs").is_dir()
        )
        if not is_valid:
            return None
        return Repository(work_tree=folder, git_directory=git.resolve(), common_directory=common.resolve())
    except (OSError, ValueError, RuntimeError):  # unreadable, a NUL in a path, a loop of links
        return None


def changed_files(folder: Path) -> frozenset[str] | None:
    """Files below ``folder`` that differ from the last commit: edited, staged, removed or untracked.

    Returns:
        Paths relative to ``folder``, as the index writes them; None when there is no repository or git does not
        answer in time. Changes within submodules and nested repositories are not seen.
    """
    repository = find_repository(folder)
    if repository is None:
        return None
    answer = _ask(
        repository,
        *("status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=all"),
        settings=_without_filters(repository),
    )
    if answer is None:
        return None
    prefix = _prefix_of(folder, repository)
    changed = set()
    for record in answer.split(b"\0"):
        # Eight fields precede the path of a changed entry, ten that of an unmerged one, one that of an untracked one.
        fields = {b"1": 8, b"u": 10, b"?": 1}.get(record[:1])
        if fields is None:
            continue
        path = record.split(b" ", fields)[fields]
        if path.startswith(prefix) and not path.endswith(b"/"):
            changed.add(os.fsdecode(path[len(prefix) :]))
    return frozenset(changed)


def head_commit(folder: Path) -> str | None:
    """The id of the commit that is checked out; None without repository, commit or git."""
    repository = find_repository(folder)
    answer = _ask(repository, "rev-parse", "--verify", "--quiet", "HEAD") if repository else None
    return answer.decode("ascii", "replace").strip() or None if answer else None


def excludes_file(repository: Repository) -> Path | None:
    """The user's own ignore file, which holds in all repositories; it need not exist."""
    answer = _ask(repository, "config", "--type=path", "--get", "core.excludesFile")
    if answer and answer.strip():
        return repository.work_tree / os.fsdecode(answer.removesuffix(b"\n"))
    home = os.environ.get("XDG_CONFIG_HOME")
    if home:
        return Path(home) / "git" / "ignore"
    try:
        return Path.home() / ".config" / "git" / "ignore"
    except RuntimeError:  # a user without a home
        return None


def ignores_case(repository: Repository) -> bool:
    """Whether git treats names that differ in case alone as the same."""
    answer = _ask(repository, "config", "--type=bool", "--get", "core.ignoreCase")
    return answer is not None and answer.strip() == b"true"


def _ask(repository: Repository, *arguments: str, settings: Iterable[tuple[str, str]] = ()) -> bytes | None:
    """What git prints; None when there is no git, it fails or takes too long."""
    git = shutil.which("git")
    if git is None:
        return None
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT_VARIABLES
    }
    overrides = [*_HARMLESS, *settings]
    environment |= {
        # Naming the folders also answers for a repository of another owner, which git would refuse; that refusal
        # guards against programs named in its configuration, and none of those is run here.
        "GIT_DIR": str(repository.git_directory),
        "GIT_WORK_TREE": str(repository.work_tree),
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",  # nothing missing is fetched
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
        "GIT_CONFIG_COUNT": str(len(overrides)),
    }
    for number, (name, value) in enumerate(overrides):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    try:
        answer = subprocess.run(
            [git, *arguments],
            cwd=repository.work_tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _without_filters(repository: Repository) -> list[tuple[str, str]]:
    """Settings that keep ``git status`` from passing the content of files through programs."""
    answer = _ask(repository, "config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    filters = {os.fsdecode(name).rpartition(".")[0] for name in (answer or b"").split(b"\0") if name}
    return [
        (f"{name}.{key}", value)
        for name in sorted(filters)
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    ]


def _prefix_of(folder: Path, repository: Repository) -> bytes:
    """What the paths of git, relative to the work tree, have before those relative to ``folder``."""
    inner = os.fsencode(folder.absolute().relative_to(repository.work_tree))
    return b"" if inner == b"." else inner + b"/"


def _head_of(path: Path, size: int) -> bytes:
    # Never waits, should the file be a pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)
