"""The folder of a run: what it was asked for, which stages are done, and what they made.

A stage is done when its note says so: the key of everything that decided what it made, and a hash of each file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from vizsla_trainer.errors import TrainingError
from vizsla_trainer.stored import read_json, write_json

RUN_NAME = "run.json"
METRICS_NAME = "metrics.jsonl"

_DONE = "done"
_UNFINISHED = re.compile(r"\..+\.\d+\.[0-9a-f]{8}\.tmp|\.(?:model\.|exporting-)\w{8}")
"""Names of what takes another's place when it is whole: ``records.published``, and folders of models."""

_WRITTEN_IN = (".*", "*/.*", "ablation/*/*/.*")  # and nowhere else: the folder may be one that holds more than a run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a run was asked for, and with what it runs.

    Attributes:
        name: what its models are called.
        workspaces: absolute paths.
        recipe: all of it, as ``recipe_from`` reads it.
        versions: of the libraries that numbers depend on.
        device: that models train on.
        started: seconds since 1970.
        before: folder of each model in use when it began, by role: "retriever", "reranker".
        base: likewise of the models that training begins with.
    """

    name: str
    workspaces: tuple[str, ...]
    recipe: dict[str, object]
    versions: dict[str, str]
    device: str
    started: float
    before: dict[str, str]
    base: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """That a stage is done: by which key, what it made, and how long it took."""

    key: str
    files: dict[str, str]  # path in the run folder to SHA-256 in hex
    seconds: float


class RunFolder:
    """One run's files. What cannot be read is as if it were not there: its stage is done again."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @property
    def exists(self) -> bool:
        """Whether a run began here."""
        return (self / RUN_NAME).is_file()

    def facts(self) -> RunFacts:
        """What the run was asked for.

        Raises:
            TrainingError: there is no run here.
        """
        return read_json(self / RUN_NAME, RunFacts)

    def begin(self, facts: RunFacts) -> None:
        """Write down what the run is asked for."""
        write_json(self / RUN_NAME, facts)

    def note(self, stage: str) -> Note | None:
        """What a stage made when it was last done, None while it is not."""
        try:
            return read_json(self / _DONE / f"{stage}.json", Note)
        except TrainingError:
            return None

    def is_done(self, stage: str, key: str) -> bool:
        """Whether a stage was done by this very key and what it made is still there, unharmed."""
        note = self.note(stage)
        if note is None or note.key != key:
            return False
        return all(_hash(self / name) == sha256 for name, sha256 in note.files.items())

    def finish(self, stage: str, key: str, places: Sequence[str], seconds: float) -> None:
        """Note that a stage is done.

        Args:
            stage: its name.
            key: of everything that decided what it made.
            places: files and folders that it made, relative to the run folder; those that are not there do not count.
            seconds: that it took.
        """
        files: dict[str, str] = {}
        for place in places:
            path = self / place
            inner = sorted(path.rglob("*")) if path.is_dir() else [path]
            for one in inner:
                digest = _hash(one) if one.is_file() else None
                if digest is not None:
                    files[one.relative_to(self.path).as_posix()] = digest
        (self / _DONE).mkdir(exist_ok=True)
        write_json(self / _DONE / f"{stage}.json", Note(key=key, files=files, seconds=seconds))

    def forget(self, stage: str) -> None:
        """Let a stage be not done, before it begins to change what it made."""
        (self / _DONE / f"{stage}.json").unlink(missing_ok=True)

    def log(self, line: Mapping[str, object]) -> None:
        """Add a line to ``metrics.jsonl``; a log that cannot be written ends no training."""
        with contextlib.suppress(OSError), (self / METRICS_NAME).open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: _finite(value) for name, value in line.items()}) + "\n")


def key_of(*parts: object) -> str:
    """One name for everything that decides what a stage makes: JSON values."""
    return blake3(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest(16)


@contextlib.contextmanager
def opened_run(path: Path) -> Iterator[RunFolder]:
    """The run folder, made where it is missing, for this process alone.

    Raises:
        TrainingError: another process trains here, or the folder cannot be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise TrainingError(
            f"the run folder {path} cannot be used ({error.strerror}); choose another with --out"
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TrainingError(
                f"another process is training in {path}; wait for it, or choose another folder with --out"
            ) from None
        _sweep(path)
        yield RunFolder(path)
    finally:
        os.close(lock)


def _sweep(path: Path) -> None:
    """Delete what processes that were killed had begun to write: nobody else does, and checkpoints are large."""
    places = [place for pattern in _WRITTEN_IN for place in path.glob(pattern)]
    for left in (place for place in places if _UNFINISHED.fullmatch(place.name)):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                left.unlink()


def told(error: OSError, folder: Path) -> TrainingError:
    """What the operating system refused, as a sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return TrainingError(f"the disk of {folder} is full; free some space and run it again, it goes on from here")
    return TrainingError(f"{error.filename or folder} cannot be used ({error.strerror}); mend that and run it again")


def _hash(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _finite(value: object) -> object:
    return None if isinstance(value, float) and value - value != 0 else value
