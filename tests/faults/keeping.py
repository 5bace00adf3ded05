"""A process that keeps a workspace up and tells what its index holds; and its owner's side of that."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

PATIENCE = 240.0


def main(root: Path, cache: Path) -> None:
    """Keep ``root`` up; for each line on stdin, wait until all is quiet and tell how things stand."""
    from vizsla.core.settings import CacheSettings, Settings
    from vizsla.services.resources import Resources
    from vizsla.services.scheduling import Schedule
    from vizsla.services.watching import watch
    from vizsla.services.workspace import Workspace

    with (
        Resources(Settings(cache=CacheSettings(directory=cache))) as resources,
        Workspace(root, resources) as workspace,
    ):
        schedule = Schedule(workspace)
        watcher = watch(workspace.root, schedule)
        schedule.start()
        for line in sys.stdin:
            is_quiet = line != "settle\n" or schedule.wait_quiet(PATIENCE)
            store = workspace.current_store()
            told = {
                "is_quiet": is_quiet,
                "is_writer": workspace.is_writer,
                "mode": watcher.mode,
                "problem": watcher.problem,
                "activity": schedule.state.activity,
                "last_doubt": schedule.state.last_doubt,
                "functions": sorted(
                    [path, one.qualified_name] for path in store.files() for one in store.functions_of(path)
                ),
            }
            print(json.dumps(told), flush=True)
        watcher.close()
        schedule.close()


@dataclass(slots=True)
class Keeper:
    """Such a process, seen from outside."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, root: Path, cache: Path, *, before: str = "") -> Self:
        """Start it.

        Args:
            root: of the workspace.
            cache: its cache directory.
            before: shell commands to run before, as root of a user namespace of its own; none for no namespace.
        """
        command = [sys.executable, __file__, str(root), str(cache)]
        if before:
            command = ["unshare", "-Ur", "sh", "-c", before + '; exec "$@"', "sh", *command]
        return cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def ask(self, *, settle: bool = True) -> dict[str, Any]:
        """How things stand, when all is quiet or at once."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None
        _write(stdin, "settle\n" if settle else "now\n")
        told: dict[str, Any] = json.loads(stdout.readline())
        assert told["is_quiet"], told["activity"]
        return told

    def kill(self) -> None:
        """As the system does when memory is short."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.process.wait(30)


def _write(stream: IO[str], text: str) -> None:
    stream.write(text)
    stream.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
