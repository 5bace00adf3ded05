"""Repositories of a corpus: cloned by git as this machine has it set up, as they were at the commit of the list."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vizsla_trainer.corpus.clients import FetchError, program, run_client
from vizsla_trainer.corpus.listing import Package

_COMMIT = re.compile(r"^([0-9a-f]{40})\s+HEAD$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A repository that was fetched.

    Attributes:
        archive: tar of the files of the commit, in one outermost folder.
        history: a ``.git`` folder whose HEAD is the commit.
    """

    archive: Path
    history: Path


@contextlib.contextmanager
def cloned(package: Package, folder: Path) -> Iterator[Clone]:
    """Fetch a repository with its history below ``folder``; when the block ends, what is left of it there goes.

    Raises:
        FetchError: there is no git, it says no, or the repository does not have the commit of the list.
    """
    folder.mkdir(parents=True, exist_ok=True)
    git = program("git")
    with tempfile.TemporaryDirectory(prefix=f".{package.slug}.", dir=folder) as temporary:
        place, archive = Path(temporary, "clone"), Path(temporary, "files.tar")
        options = ("--quiet", "--no-checkout", "--no-tags", "--single-branch")
        run_client(package, [git, "clone", *options, "--", _url(package), str(place)], folder)
        # A hash tells its content, so that nothing needs to be compared.
        at_commit = ["update-ref", "--no-deref", "HEAD", f"{package.version}^{{commit}}"]
        try:
            run_client(package, [git, *at_commit], place)
        except FetchError:
            raise FetchError(f"{package.name} has no commit {package.version} any more; pin it anew") from None
        tar = ["archive", "--format=tar", "--prefix=files/", f"--output={archive}", "HEAD"]
        run_client(package, [git, *tar], place)
        yield Clone(archive=archive, history=place / ".git")


def newest_commit(package: Package) -> str:
    """The commit that a repository's HEAD names now, in hex.

    Raises:
        FetchError: there is no git, it says no, or there is no commit.
    """
    asked = ["ls-remote", "--quiet", "--", _url(package), "HEAD"]
    said = run_client(package, [program("git"), *asked], Path())
    found = _COMMIT.search(said)
    if found is None:
        raise FetchError(f"{package.name} of {package.origin} has no commits; leave it out")
    return found[1]


def keep_history(clone: Clone, folder: Path) -> None:
    """Make the folder, which holds files of the clone, a repository with all of its history."""
    shutil.move(clone.history, folder / ".git")


def _url(package: Package) -> str:
    return f"https://{package.name}"
