"""``vizsla train`` as a child of a server: its progress, its end, halted while the user searches, ended with us.

It does not know what training is: it reads the lines that the command prints for programs.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vizsla.core.errors import VizslaError
from vizsla.services.asking import Asking

logger = logging.getLogger(__name__)

COMMAND = ("-P", "-m", "vizsla.cli.tethered")

_QUIET_SECONDS = 2.0  # after the last question, before training goes on
_LOOK_SECONDS = 0.1
_STOP_SECONDS = 30.0  # that stopping at a safe point may take
_INTERRUPTED = 130  # exit status of a training that was asked to stop
_MOST_WORDS = 20  # lines of stderr that are kept


class TrainingError(VizslaError):
    """A training cannot be begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingState:
    """One look at a training.

    Attributes:
        activity: "paused" while somebody searches; "stopping" after it was cancelled.
        stage: what is done now, such as "mine" or "retriever"; empty at first.
        done: how much of ``total`` is done in this stage.
        total: 0 when nobody knows.
        message: a sentence; empty when there is none.
    """

    activity: Literal["running", "paused", "stopping"] = "running"
    stage: str = ""
    done: int = 0
    total: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEnd:
    """How a training ended: whether other models are in use now, a sentence for the user, and the report, if any."""

    is_offered: bool
    sentence: str
    report: str = ""


class Training:
    """At most one training at a time. Any thread may call it."""

    def __init__(
        self,
        questions: Asking,
        *,
        told: Callable[[], None],
        ended: Callable[[TrainingEnd], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Begin nothing yet.

        Args:
            questions: while one is open, and for two seconds after, training is halted.
            told: called, from any thread, when ``state`` changed.
            ended: called once for each training.
            command: arguments of Python that run the command line.
        """
        self._questions = questions
        self._told = told
        self._ended = ended
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = self._is_unwanted = False
        self._asked = threading.Event()
        questions.on_asked = self._asked.set
        self.state: TrainingState | None = None
        """What is going on; None without a training."""
        self.last: TrainingEnd | None = None
        """How the newest of those that ended did."""

    def start(
        self, folders: Sequence[Path], cache_directory: Path, recipe: str = "default", *, kept: Sequence[str] = ()
    ) -> None:
        """Begin to train on these folders; returns at once.

        Args:
            folders: with code.
            cache_directory: whose models answer, and where the run is kept.
            recipe: its name, or a path.
            kept: models that the client's settings name: none of them is deleted as one of an earlier run.

        Raises:
            TrainingError: there is nothing to train on, or a training runs already.
        """
        if not folders:
            raise TrainingError("no folder is open; open one, then train again")
        with self._lock:
            if self.state is not None or self._is_closed:
                raise TrainingError("a training runs already; wait for its end, or stop it with vizsla.stopTraining")
            self.state, self._is_unwanted = TrainingState(), False
        arguments = [sys.executable, *self._command, "train", *map(str, folders), "--recipe", recipe, "--json"]
        arguments += [argument for name in kept for argument in ("--keep", name)]
        threading.Thread(target=self._run, args=(arguments, cache_directory), name="training", daemon=True).start()
        self._told()

    def stop(self) -> None:
        """Have it end at the next safe point, from which another one goes on; returns at once."""
        with self._lock:
            process, self._is_unwanted = self._process, True
            if self.state is None or process is None or self.state.activity == "stopping":
                return
            self.state = replace(self.state, activity="stopping")
            _send(process, signal.SIGCONT)
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        threading.Thread(target=self._make_sure, args=(process,), name="stop-training", daemon=True).start()
        self._told()

    def close(self) -> None:
        """The server ends, and so does the training, at its next safe point; returns at once."""
        with self._lock:
            self._is_closed = True
        self.stop()

    def _run(self, arguments: list[str], cache_directory: Path) -> None:
        """Start it and hear it out. The thread lives as long as the child, which the kernel ends with the thread."""
        said: deque[str] = deque(maxlen=_MOST_WORDS)
        told: dict[str, object] = {}
        code = -1
        try:
            with subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,  # so that its own children are halted with it
                env={**os.environ, "VIZSLA_CACHE_DIR": str(cache_directory)},
            ) as process:
                with self._lock:
                    self._process = process
                    is_unwanted = self._is_unwanted
                if is_unwanted:
                    self.stop()
                hearing = threading.Thread(target=_hear, args=(process, said), daemon=True)
                hearing.start()
                threading.Thread(target=self._give_way, args=(process,), name="halt-training", daemon=True).start()
                assert process.stdout is not None
                for line in process.stdout:
                    self._take(line, told)
                code = process.wait()
                hearing.join(1.0)
        except OSError as error:
            said.append(f"the training cannot be started: {error.strerror}")
        end = _end(code, told, said)
        with self._lock:
            self._process = self.state = None
            self.last = end
        self._told()
        self._ended(end)

    def _take(self, line: bytes, told: dict[str, object]) -> None:
        try:
            found = json.loads(line)
            if found.get("event") == "done":
                told.update(found)
                return
            stage, done, total = str(found["stage"]), int(found["done"]), int(found["total"])
            message = str(found.get("message", ""))
        except (ValueError, TypeError, KeyError, AttributeError):
            return  # a library printed something
        with self._lock:
            if self.state is not None:
                self.state = replace(self.state, stage=stage, done=done, total=total, message=message)
        self._told()

    def _give_way(self, process: subprocess.Popen[bytes]) -> None:
        """Halt the training while somebody searches."""
        while process.poll() is None:
            if not self._asked.wait(_LOOK_SECONDS):
                continue
            self._asked.clear()
            self._halt(process, is_halted=True)
            still = threading.Event()
            while self._questions.quiet_seconds < _QUIET_SECONDS and process.poll() is None:
                still.wait(_LOOK_SECONDS)
            self._asked.clear()
            self._halt(process, is_halted=False)

    def _halt(self, process: subprocess.Popen[bytes], *, is_halted: bool) -> None:
        with self._lock:
            if self._process is not process or self.state is None or self.state.activity == "stopping":
                return
            _send(process, signal.SIGSTOP if is_halted else signal.SIGCONT)
            self.state = replace(self.state, activity="paused" if is_halted else "running")
        self._told()

    def _make_sure(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _send(process, signal.SIGKILL)


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the training and its children; not once it was waited for, when its id may be another's."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _hear(process: subprocess.Popen[bytes], said: deque[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words := line.decode("utf-8", "replace").strip():
            said.append(words)


def _end(code: int, told: dict[str, object], said: deque[str]) -> TrainingEnd:
    raw = told.get("reasons")
    reasons = "; ".join(map(str, raw)) if isinstance(raw, list) else ""
    report = str(told.get("report") or "")
    where = f" (report: {report})" if report else ""
    if code == 0 and told.get("is_offered"):
        sentence = f"the training has ended with better models: {reasons}{where}"
        return TrainingEnd(is_offered=True, sentence=sentence, report=report)
    if told:
        sentence = f"the training has ended, the models in use stay: {reasons}{where}"
        return TrainingEnd(is_offered=False, sentence=sentence, report=report)
    if code in (_INTERRUPTED, -signal.SIGTERM):
        return TrainingEnd(is_offered=False, sentence="the training was stopped; begun again, it goes on from there")
    ours = [words.removeprefix("vizsla: ") for words in said if words.startswith("vizsla: ")]
    reason = (ours or list(said) or [f"exit status {code}"])[-1]
    return TrainingEnd(is_offered=False, sentence=f"the training has failed: {reason}")
