"""Sets of questions as folders of real files, the same for every peer, and a git repository as some of them want."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from benchmarks.peers.answers import Place

from vizsla.parsing.languages import LANGUAGES

_ODD = re.compile(r"[^\w.\-]+")
_LONGEST_NAME = 80
_OLD = 1_700_000_000  # a file that is seconds old is read again by who trusts no fresh stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A folder that is searched, and where its codes are."""

    root: Path
    places: Mapping[str, Sequence[Place]]


def write_codes(codes: Sequence[Mapping[str, Any]], root: Path, *, has_files: bool) -> Workspace:
    """Write the codes of one group below a new folder.

    Args:
        codes: rows of a set.
        root: the folder; what is there is deleted.
        has_files: codes are whole files and keep their paths. Else each function gets a file of its own, named by its
            path and name, so that nobody wins or loses by where files are cut.
    """
    shutil.rmtree(root, ignore_errors=True)
    places: dict[str, list[Place]] = {}
    for number, code in enumerate(codes):
        path = code["path"] if has_files else _path_of(code, number, places)
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(code["code"], encoding="utf-8", errors="replace")
        lines = code["code"].count("\n") + 1
        places[path] = [Place(code=code["cid"], start_line=1, end_line=lines)]
    make_repository(root)
    return Workspace(root=root, places=places)


def make_repository(root: Path) -> None:
    """Put everything below a folder into a first commit, with one old date on all files."""
    for folder, _, names in os.walk(root):
        for name in names:
            os.utime(Path(folder) / name, (_OLD, _OLD))
    date = f"{_OLD} +0000"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
    }
    own = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "core.autocrlf=false"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A", "-f"], ["commit", "-q", "--no-verify", "-m", "all"]):
        subprocess.run(["git", *own, "-C", str(root), *command], env=environment, check=True, capture_output=True)


def _path_of(code: Mapping[str, Any], number: int, taken: Mapping[str, object]) -> str:
    language = LANGUAGES.get(code["language"])
    suffix = language.suffixes[0] if language and language.suffixes else f".{code['language']}"
    folder = PurePosixPath(code.get("path", "")).with_suffix("") if code.get("path") else PurePosixPath("code")
    # A snippet without a name gets one without words: it must be told apart, not found by it.
    name = _ODD.sub("_", code.get("name") or f"{number:06d}")[-_LONGEST_NAME:]
    path = str(folder / f"{name}{suffix}")
    return str(folder / f"{name}-{number}{suffix}") if path in taken else path
