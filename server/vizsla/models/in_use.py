"""Which models "default" means: a small file beside the added models, changed in one step, with the way back in it.

It does not know how a running server takes a change up.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vizsla.core.errors import ModelError

FILE_NAME = "use.json"
DEFAULT = "default"
"""The model of the package."""

_SCHEMA = 1
_MOST_HISTORY = 20
_MOST_BYTES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsInUse:
    """What "default" stands for, by kind of model.

    Attributes:
        retriever: name of an added model; "default" is that of the package.
        reranker: likewise; "none" switches reranking off.
        since: when they were put to use, seconds since 1970; 0 for the beginning.
    """

    retriever: str = DEFAULT
    reranker: str = DEFAULT
    since: float = 0.0


def use_file(cache_directory: Path) -> Path:
    """Where it stands; whoever serves watches this path."""
    return cache_directory / "models" / FILE_NAME


def models_in_use(cache_directory: Path) -> ModelsInUse:
    """What is in use now. A file that cannot be read means the models of the package."""
    return _read(use_file(cache_directory))[-1]


def earlier_models(cache_directory: Path) -> list[ModelsInUse]:
    """What was in use before, oldest first."""
    return _read(use_file(cache_directory))[:-1]


def put_to_use(cache_directory: Path, *, retriever: str | None = None, reranker: str | None = None) -> ModelsInUse:
    """Let "default" mean other models from now on; None leaves one as it is. That they can be used was checked.

    Raises:
        ModelError: the file cannot be written; everything is as it was.
    """
    path = use_file(cache_directory)
    with _alone(path):
        history = _read(path)
        now = history[-1]
        wanted = dataclasses.replace(
            now, retriever=retriever or now.retriever, reranker=reranker or now.reranker, since=time.time()
        )
        if (wanted.retriever, wanted.reranker) == (now.retriever, now.reranker):
            return now
        _write(path, [*history, wanted][-_MOST_HISTORY:])
    return wanted


def take_back(cache_directory: Path) -> ModelsInUse:
    """Let "default" mean again what it meant before the last change.

    Raises:
        ModelError: nothing was in use before, or the file cannot be written.
    """
    path = use_file(cache_directory)
    with _alone(path):
        history = _read(path)
        if len(history) < 2:
            raise ModelError("there is nothing to go back to: no other models were in use before these")
        before = dataclasses.replace(history[-2], since=time.time() if history[-2].since else 0.0)
        _write(path, [*history[:-2], before])
    return before


def _read(path: Path) -> list[ModelsInUse]:
    """What was put to use, oldest first; never empty."""
    try:
        with path.open("rb") as file:
            raw = json.loads(file.read(_MOST_BYTES))
        if raw["schema"] != _SCHEMA:
            raise ValueError(raw["schema"])
        found = [
            ModelsInUse(
                retriever=str(one["retriever"]), reranker=str(one["reranker"]), since=float(one.get("since", 0))
            )
            for one in raw["used"]
        ]
    except (OSError, ValueError, TypeError, KeyError, RecursionError, AttributeError):
        return [ModelsInUse()]
    return found or [ModelsInUse()]


def _write(path: Path, used: list[ModelsInUse]) -> None:
    text = json.dumps({"schema": _SCHEMA, "used": [dataclasses.asdict(one) for one in used]}, indent=2) + "\n"
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ModelError(f"{path} cannot be written ({error.strerror}); the models in use are as before") from None


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Only one process changes the file at a time; readers need no lock."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_name(".use.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ModelError(f"{path} cannot be written ({error.strerror}); the models in use are as before") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
