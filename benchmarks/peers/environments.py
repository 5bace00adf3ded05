"""An environment of its own for each peer, with exactly the packages that its file of pins names."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.peer import UnusableError

PINS = Path(__file__).parent / "pins"
_TAIL = 800


def environment(pins: str, work: Path) -> Path:
    """The folder of commands of an environment, made when it is not there or its pins have changed.

    Args:
        pins: stem of a file below ``pins/``; empty for the environment of this process.
        work: where environments are kept.

    Raises:
        UnusableError: a package cannot be installed here.
    """
    if not pins:
        return Path(sys.executable).parent
    wanted = PINS / f"{pins}.txt"
    folder = work / "venv" / pins
    stamp, digest = folder / "installed", hashlib.sha256(wanted.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != digest:
        print(f"installing {pins} …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)], pins)
        # Exact pins of everything, torch among them: only a version that has a CPU build, so that no CUDA comes along.
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*install, "--requirement", str(wanted)], pins)
        stamp.write_text(digest, encoding="utf-8")
    return folder / "bin"


def version_of(pins: str) -> str:
    """The first pin of a file, which is the peer itself."""
    lines = (PINS / f"{pins}.txt").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line and not line.startswith("#"))


def _run(command: list[str], pins: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        said = (ended.stderr.strip() or ended.stdout.strip())[-_TAIL:]
        raise UnusableError(f"the environment of {pins} cannot be installed: {said}")
