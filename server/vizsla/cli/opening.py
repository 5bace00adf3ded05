"""From arguments to an open workspace: settings with their refusals told, and Ctrl-C as a wish to stop.

What is heavy is imported when it is opened, and after the model worker was started: the two start side by side.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vizsla.core.options import load_settings
from vizsla.services.progress import Flag
from vizsla.services.resources import Resources

if TYPE_CHECKING:
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
def open_workspace(path: Path, *, start_models: bool = False, tell: bool = True) -> Iterator[Workspace]:
    """The workspace at ``path``, closed at the end; what had to be repaired is told.

    Args:
        path: its folder.
        start_models: have the model worker load its models meanwhile, for it will be asked.
        tell: say on stderr what had to be repaired; False for those who show it themselves.

    Raises:
        WorkspaceError: the path is no readable folder.
    """
    from vizsla.services.discovery import check_root

    root = check_root(path.expanduser())
    with open_resources(root) as resources:
        if start_models and resources.models is not None:
            resources.models.start()
            for sentence in resources.problems:  # without any model, whoever asks it says so
                warn(sentence)
        from vizsla.services.workspace import Workspace

        with Workspace(root, resources) as workspace:
            for sentence in workspace.repairs if tell else ():
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


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back a Ctrl-C until a short piece of work, which must not be torn apart, is done."""
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(signal.SIGINT)
