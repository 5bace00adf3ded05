"""Trees of files and the real git as the judge of what is ignored in them, for the tests of discovery."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from vizsla.core.settings import IndexSettings
from vizsla.services.discovery import FoundFile, scan


def git(folder: Path, *arguments: str) -> bytes:
    """What git prints; it must not fail."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True).stdout


def make_repository(folder: Path) -> Path:
    """A new, empty repository in ``folder``, which is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "--template=", "-b", "main")
    return folder


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below ``folder``, and the folders that they need."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def shown_by_git(root: Path, folder: str = "") -> set[str]:
    """Paths that git shows, tracked or not ignored, and that exist; nested repositories are left out."""
    answer = git(root / folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    paths = (os.fsdecode(path) for path in answer.split(b"\0") if path)
    return {path for path in paths if os.path.lexists(root / folder / path) and not path.endswith("/")}


def scanned(root: Path, *, exclude: tuple[str, ...] = ()) -> dict[str, FoundFile]:
    """What a scan finds, by path."""
    found = list(scan(root, IndexSettings(exclude=exclude), cancelled=lambda: False))
    assert len({file.path for file in found}) == len(found)
    return {file.path: file for file in found}


def reasons(root: Path) -> dict[str, str]:
    """Why paths that a scan found have nothing to read."""
    return {path: file.skip_reason for path, file in scanned(root).items() if file.skip_reason}


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """A folder of a user for whom permissions count, also when the tests run as root."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        if os.geteuid() != 0:
            yield folder
            return
        os.chown(folder, 65_534, 65_534)
        os.seteuid(65_534)
        try:
            yield folder
        finally:
            os.seteuid(0)
