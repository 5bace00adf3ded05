"""The git program, asked in a way in which the repository's own configuration cannot make it run or fetch anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_KEPT = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"})
_HARMLESS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "core.quotePath=false",
    "log.showSignature=false",  # which would run a program of the repository's choice
)
_SECONDS = 120.0
_PIECE_BYTES = 1 << 20


def ask(folder: Path, *arguments: str) -> bytes | None:
    """What git says in ``folder``; None without git, outside of a repository, and after two minutes."""
    try:
        with subprocess.Popen(
            _command(arguments), cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                answer, _ = process.communicate(timeout=_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                return None
    except OSError:
        return None
    return answer if process.returncode == 0 else None


def stream(folder: Path, *arguments: str) -> Iterator[bytes]:
    """What git says, cut at every NUL; nothing without git or a repository. Closing the generator ends git."""
    try:
        process = subprocess.Popen(
            _command(arguments), cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return
    assert process.stdout is not None
    try:
        rest = b""
        while piece := process.stdout.read(_PIECE_BYTES):
            *whole, rest = (rest + piece).split(b"\0")
            yield from whole
        if rest:
            yield rest
    finally:
        process.stdout.close()
        process.kill()
        process.wait()


class Blobs:
    """Contents of files in any commit, from one ``git cat-file`` that stays open from the first question on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Blobs:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def read(self, object_id: str, most_bytes: int) -> bytes | None:
        """The content of a blob by its hash; None when there is none, or it is larger: memory never holds that."""
        try:
            process = self._process = self._process or self._open()
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(object_id.encode("ascii") + b"\n")
            process.stdin.flush()
        except OSError:
            return None
        header = process.stdout.readline().split()
        if len(header) != 3:
            return None
        size, is_wanted = int(header[2]), header[1] == b"blob" and int(header[2]) <= most_bytes
        content = process.stdout.read(size) if is_wanted else None
        left = 1 if is_wanted else size + 1  # the line end after it
        while left > 0 and (piece := process.stdout.read(min(left, _PIECE_BYTES))):
            left -= len(piece)
        return content

    def _open(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            _command(("cat-file", "--batch")),
            cwd=self._folder,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


def _command(arguments: tuple[str, ...]) -> list[str]:
    program = shutil.which("git") or "git"
    return [program, *(part for setting in _HARMLESS for part in ("-c", setting)), *arguments]


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key in _KEPT}
    return {
        **kept,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }
