"""Steering of the harmful worker: what tests say to it and read from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

GATE, PRINT, FAIL, NAN, SEGFAULT, CROWD = "<gate>", "<print>", "<fail>", "<nan>", "<segfault>", "<crowd>"


class Harm:
    """The folder that steers a harmful worker, see ``harmful_worker``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open_gate(self) -> None:
        (self._folder / "open").touch()

    def set(self, name: str, *, to: bool) -> None:
        if to:
            (self._folder / name).touch()
        else:
            (self._folder / name).unlink()

    def pushed(self) -> list[str]:
        return self._lines("pushed")

    def at_gate(self) -> list[str]:
        return self._lines("gate")

    def batches(self) -> list[str]:
        return self._lines("batches")

    def _lines(self, name: str) -> list[str]:
        path = self._folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def wait_until(is_so: Callable[[], object], *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail("waited in vain")
        time.sleep(0.005)
