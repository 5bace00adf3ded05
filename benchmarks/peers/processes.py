"""The processes of a peer, daemons included, found by a mark in their environment, and the memory that they hold.

A daemon leaves its parent, its group and its session, but keeps its environment. Linux only.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from types import TracebackType

MARK = "VIZSLA_MEASURED_PEER"
_PROC = Path("/proc")
_BRISK_SECONDS, _CALM_SECONDS = 0.01, 0.1
_BRISK_FOR = 2.0


def marked(mark: str) -> set[int]:
    """The ids of the processes that carry a mark."""
    wanted = f"{MARK}={mark}".encode()
    return {
        int(folder.name)
        for folder in _PROC.iterdir()
        if folder.name.isdigit() and wanted in _read(folder / "environ").split(b"\0")
    }


def end(mark: str, *, seconds: float = 5.0) -> None:
    """End every process that carries a mark, first kindly."""
    deadline = time.monotonic() + seconds
    kind = signal.SIGTERM
    while running := {one for one in marked(mark) if not _is_zombie(one)}:
        if time.monotonic() > deadline:
            kind = signal.SIGKILL
        for one in running:
            try:
                os.kill(one, kind)
            except ProcessLookupError:
                pass
        time.sleep(0.05)


class MemoryWatch:
    """The most memory that the marked processes held together while the watch was open.

    Memory that processes share is counted once (PSS). Sampled: a process that lives a few milliseconds may be missed.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        # Those that are not ours now never will be: only a start gives an environment.
        self._strangers = {int(one.name) for one in _PROC.iterdir() if one.name.isdigit()} - marked(mark)

    @property
    def peak_bytes(self) -> int | None:
        """None where nothing was seen."""
        return self._peak or None

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        began = time.monotonic()
        wanted = f"{MARK}={self._mark}".encode()
        while True:
            held = 0
            for folder in _PROC.iterdir():
                if not folder.name.isdigit() or int(folder.name) in self._strangers:
                    continue
                if wanted in _read(folder / "environ").split(b"\0"):
                    held += _share_of_memory(folder)
            self._peak = max(self._peak, held)
            brisk = time.monotonic() - began < _BRISK_FOR
            if self._done.wait(_BRISK_SECONDS if brisk else _CALM_SECONDS):
                return


def _share_of_memory(folder: Path) -> int:
    for line in _read(folder / "smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _is_zombie(process: int) -> bool:
    return _read(_PROC / str(process) / "stat").rpartition(b")")[2].split()[:1] in ([b"Z"], [])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # gone, or another user's
