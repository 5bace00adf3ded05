"""A program in a terminal of its own, by tmux: typed into, and its screen looked at, as a user does."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SECONDS = 240.0  # machines under test may be slow; whatever is waited for comes in a moment


class Terminal:
    """One program in one tmux server."""

    def __init__(self, socket: str, environment: Mapping[str, str]) -> None:
        self._tmux = ["tmux", "-L", socket, "-f", os.devnull]
        self._environment = dict(environment)

    def run(self, *words: str) -> str:
        """A command of tmux, and what it prints."""
        return subprocess.run(
            [*self._tmux, *words], env=self._environment, capture_output=True, text=True, timeout=60, check=True
        ).stdout

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names for them."""
        self.run("send-keys", *keys)

    def write(self, text: str) -> None:
        """Type text as it stands."""
        self.run("send-keys", "-l", text)

    def screen(self) -> str:
        """What it shows now."""
        return self.run("capture-pane", "-p")

    def screen_with(self, *parts: str, without: Sequence[str] = ()) -> str:
        """The screen, as soon as it shows all of these and none of those."""
        deadline = time.monotonic() + SECONDS
        while True:
            screen = self.screen()
            if all(part in screen for part in parts) and not any(part in screen for part in without):
                return screen
            assert time.monotonic() < deadline, screen
            time.sleep(0.1)


@contextmanager
def in_terminal(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, columns: int = 160, lines: int = 40
) -> Iterator[Terminal]:
    """Run a program in a folder; it is ended at the end."""
    assert shutil.which("tmux"), "there is no tmux; install it with the system's packages"
    terminal = Terminal(f"vizsla-{os.getpid()}-{folder.parent.name}", {**environment, "TERM": "xterm-256color"})
    size = ["-x", str(columns), "-y", str(lines)]
    terminal.run("new-session", "-d", *size, "-c", str(folder), shlex.join(command))
    try:
        yield terminal
    finally:
        terminal.run("kill-server")
