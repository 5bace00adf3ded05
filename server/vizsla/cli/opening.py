"""From arguments to an open workspace: settings with their refusals told, and Ctrl-C as a wish to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vizsla.core.options import load_settings
from vizsla.services.discovery import check_root
from vizsla.services.progress import Flag
from vizsla.services.resources import Resources
from vizsla.services.workspace import Workspace


def warn(sentence: str) -> None:
    """Tell the user something on stderr."""
    print(f"vizsla: {sentence}", file=sys.stderr)


@contextmanager
def open_resources(root: Path | None = None, *, device: str | None = None) -> Iterator[Resources]:
    """What workspaces share, with the settings of the user and of ``root``."""
    settings, refused = load_settings(root)
    for sentence in refused:
        warn(sentence)
    if device is not None:
        settings = replace(settings, models=replace(settings.models, device=device))  # type: ignore[arg-type]
    with Resources(settings) as resources:
        yield resources


@contextmanager
def open_workspace(path: Path) -> Iterator[Workspace]:
    """The workspace at ``path``, closed at the end; what had to be repaired is told.

    Raises:
        WorkspaceError: the path is no readable folder.
    """
    root = check_root(path.expanduser())
    with open_resources(root) as resources, Workspace(root, resources) as workspace:
        for sentence in workspace.repairs:
            warn(sentence)
        yield workspace


@contextmanager
def stoppable() -> Iterator[Flag]:
    """A flag that the first Ctrl-C raises; the second one interrupts as usual."""
    flag = Flag()

    def ask(_number: int, _frame: object) -> None:
        flag.raise_()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGINT, before)
