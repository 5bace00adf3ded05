"""What each commit of a workspace changed, newest first, read from git. It does not know functions."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vizsla_trainer.data import git

_START, _FIELD = "\x01", "\x02"
_NO_BLOB = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file of a commit.

    Attributes:
        path: after the commit, relative to the workspace.
        now: what the file is called today, as far as renames tell; ``path`` when it was never renamed.
        before, after: hashes of its contents; "" where it was not there.
    """

    path: str
    now: str
    before: str
    after: str


@dataclass(slots=True, kw_only=True)
class Commit:
    """One commit that is no merge; ``time`` is when it was written, in seconds since 1970."""

    id: str
    time: float
    author: str
    subject: str
    changes: list[FileChange] = field(default_factory=list)


def commits(folder: Path, most: int) -> Iterator[Commit]:
    """The commits that changed something below ``folder``, newest first; none outside of a repository."""
    if most <= 0:
        return
    tokens = git.stream(
        folder,
        *("log", "-z", "--no-merges", "--raw", "--no-abbrev", "-M", "--relative", "--no-color", "--no-ext-diff"),
        "--no-show-signature",
        *(f"--max-count={most}", f"--format={_START}%H{_FIELD}%at{_FIELD}%an{_FIELD}%s", "--", "."),
    )
    current: Commit | None = None
    renamed: dict[str, str] = {}
    with contextlib.closing(tokens):  # type: ignore[type-var]
        for token in tokens:
            text = os.fsdecode(token).lstrip("\n")
            if text.startswith(_START):
                if current is not None:
                    yield current
                current = _commit(text[1:])
            elif text.startswith(":") and current is not None:
                _, _, before, after, status = text[1:].split(" ")
                path = os.fsdecode(next(tokens, b""))
                if status.startswith(("R", "C")):
                    old, path = path, os.fsdecode(next(tokens, b""))
                    if status.startswith("R"):
                        renamed[old] = renamed.get(path, path)
                current.changes.append(
                    FileChange(path=path, now=renamed.get(path, path), before=_blob(before), after=_blob(after))
                )
    if current is not None:
        yield current


def _commit(text: str) -> Commit | None:
    parts = text.rstrip("\n").split(_FIELD, 3)
    if len(parts) < 4:
        return None
    try:
        return Commit(id=parts[0], time=float(parts[1]), author=parts[2], subject=parts[3])
    except ValueError:
        return None


def _blob(object_id: str) -> str:
    return "" if set(object_id) == {"0"} else object_id
