"""Which hits a user opened after a search: a log for training, kept only when the user wants it, on this machine.

One JSON object a line in ``feedback.jsonl`` of the cache directory, 0600. ``vizsla clear`` deletes it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import logging
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vizsla.core.errors import CacheError
from vizsla.index.files import cache_root
from vizsla.services.searching import QUERY_LIMIT
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

FILE_NAME = "feedback.jsonl"

_MOST_BYTES = 32_000_000  # more than a user opens in years; then nothing is added


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHit:
    """A hit that a user opened after a search. The trainer reads these fields by these names.

    Attributes:
        time: seconds since 1970.
        workspace: absolute path of the workspace's folder, without links.
        query: as it was typed.
        path: relative to the workspace, with ``/``.
        qualified_name: of the function.
        content_hash: of the function's model text, in hex.
    """

    time: float
    workspace: str
    query: str
    path: str
    qualified_name: str
    content_hash: str


def opened_hit(workspace: Workspace, query: str, path: str, line: int, character: int) -> OpenedHit | None:
    """What to note of a hit; None when the question says nothing, or no function is at that place.

    Args:
        workspace: whose file it is.
        query: what was asked.
        path: of the file, relative to the workspace.
        line: from 0; where the hit begins.
        character: from 0, in UTF-16 units.

    Raises:
        CacheError: the index cannot be read.
    """
    if not query.strip():
        return None
    with workspace.view().layers() as layers:
        for layer in reversed(layers):
            function = layer.store.function_at(path, line, character)
            if function is not None and function.key not in layer.hidden:
                return OpenedHit(
                    time=time.time(),
                    workspace=str(workspace.root),
                    query=query[:QUERY_LIMIT],
                    path=path,
                    qualified_name=function.qualified_name,
                    content_hash=function.content_hash.hex(),
                )
    return None


def note_opened(cache_directory: Path, hit: OpenedHit) -> None:
    """Add one line to the log.

    Raises:
        CacheError: it cannot be written.
    """
    # ASCII: a lone surrogate, as file names may hold, survives only in its escaped form.
    line = json.dumps(dataclasses.asdict(hit)).encode("ascii") + b"\n"
    with _log(cache_root(cache_directory) / FILE_NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as log:
        if os.fstat(log).st_size + len(line) > _MOST_BYTES:
            logger.warning("%s is full; delete it, or clear the workspaces whose hits it holds", FILE_NAME)
            return
        os.write(log, line)


def forget_opened(cache_directory: Path, root: Path | None = None) -> int:
    """Delete the log, or what it holds of one workspace; how many bytes.

    Raises:
        CacheError: it cannot be changed.
    """
    path = cache_directory / FILE_NAME
    if not path.is_file():
        return 0
    with _log(path, os.O_RDWR) as log:
        before = os.fstat(log).st_size
        with os.fdopen(os.dup(log), "rb") as file:
            kept = [] if root is None else [line for line in file if not _is_of(line, root)]
        os.ftruncate(log, 0)
        os.lseek(log, 0, os.SEEK_SET)
        for line in kept:
            os.write(log, line)
        if not kept:
            path.unlink(missing_ok=True)
        return before - sum(map(len, kept))


def _is_of(line: bytes, root: Path) -> bool:
    """Whether a line is of a workspace; one that cannot be read is nobody's, and goes too."""
    try:
        found: object = json.loads(line)["workspace"]
    except (ValueError, TypeError, KeyError):
        return True
    return found == str(root)


@contextlib.contextmanager
def _log(path: Path, flags: int) -> Iterator[int]:
    """The log, for us alone until the block ends."""
    try:
        log = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(log, fcntl.LOCK_EX)
            if stat.S_IMODE(os.fstat(log).st_mode) != 0o600:
                os.fchmod(log, 0o600)
            yield log
        finally:
            os.close(log)
    except OSError as error:
        raise CacheError(f"{path} cannot be written ({error.strerror}); delete it by hand") from error
