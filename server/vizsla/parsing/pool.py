"""A pool of parse workers that survives their deaths and blames exactly the file that was being parsed.

Each slot of the pool is one thread that feeds one child, one file at a time. It does not know the workspace.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from vizsla.core.child import Child
from vizsla.core.errors import WorkerDiedError
from vizsla.core.types import IndexEntry
from vizsla.parsing.errors import ParseFailedError, ParseTimeoutError, PoisonFileError
from vizsla.parsing.languages import LANGUAGES, refine
from vizsla.parsing.worker import Answer, Job, Ready

_GRACE = 1.5
"""A child may take this many deadlines before it is killed: it watches the deadline itself while parsing."""

_START_SECONDS = 30.0
_STARTS = 5
_LONGEST_PAUSE_SECONDS = 5.0


@dataclass(slots=True, eq=False)
class _Task:
    path: str
    job: Job
    future: Future[list[IndexEntry]]


class ParsePool:
    """Parses texts in child processes. Children start when the first files come."""

    def __init__(self, workers: int, deadline_seconds: float) -> None:
        """Make a pool.

        Args:
            workers: the most children that run at once; positive.
            deadline_seconds: for each file, from when its child begins with it.
        """
        if workers < 1 or deadline_seconds <= 0:
            raise ValueError(f"workers and deadline_seconds must be positive, got {workers}, {deadline_seconds}")
        self._workers = workers
        self._deadline_seconds = deadline_seconds
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._ids = itertools.count()
        self._lock = threading.Lock()
        self._slots: list[_Slot] = []
        self._waiting = 0  # tasks that no slot has taken
        self._closed = False

    def submit(self, path: str, language_id: str, module_name: str, text: bytes) -> Future[list[IndexEntry]]:
        """Parse one text, when a child is free; files are taken in the order they come.

        Args:
            path: names the file in errors, and tells C++ headers from those of C.
            language_id: a key of ``languages.LANGUAGES``.
            module_name: see ``functions.module_name_of``.
            text: UTF-8.

        Returns:
            Entries as ``functions.parse_file`` gives them, or one of these errors: ``ParseTimeoutError``;
            ``PoisonFileError``, when two children died of the file; ``ParseFailedError``; ``WorkerDiedError``, when
            the pool is closed first or no child can be started. May be cancelled until a child takes it.
        """
        language = refine(LANGUAGES[language_id], path, text)
        future: Future[list[IndexEntry]] = Future()
        job = Job(
            id=next(self._ids),
            language_id=language.id,
            module_name=module_name,
            text=text,
            deadline_seconds=self._deadline_seconds,
        )
        with self._lock:
            if self._closed:
                raise WorkerDiedError("the parse pool is closed; open the workspace again")
            self._waiting += 1
            idle = sum(slot.is_idle for slot in self._slots)
            if self._waiting > idle and len(self._slots) < self._workers:
                self._slots.append(_Slot(self._take))
            self._tasks.put(_Task(path, job, future))
        return future

    def close(self) -> None:
        """End all children; what was not answered fails with ``WorkerDiedError`` or is cancelled."""
        with self._lock:
            self._closed = True
            slots, self._slots = self._slots, []
            while True:
                try:
                    task = self._tasks.get_nowait()
                except queue.Empty:
                    break
                if task is not None:
                    task.future.cancel()
            for _ in slots:
                self._tasks.put(None)
        for slot in slots:
            slot.close()

    @property
    def children(self) -> dict[int, str]:
        """The children that run, by process id, each with the path that it parses now, or ""."""
        with self._lock:
            return {pid: slot.path for slot in self._slots if (pid := slot.pid) is not None}

    def _take(self, slot: _Slot) -> _Task | None:
        slot.is_idle = True
        task = self._tasks.get()
        with self._lock:
            slot.is_idle = False
            self._waiting -= 1
        return task


class _Slot:
    """One thread that feeds one child."""

    def __init__(self, take: Callable[[_Slot], _Task | None]) -> None:
        self.is_idle = False
        self.path = ""  # what the child parses now
        self._take = take
        self._child: Child | None = None
        self._messages: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._deaths = 0  # without an answer since
        self._thread = threading.Thread(target=self._run, name="parse-slot", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.pid if child is not None and child.is_alive else None

    def close(self) -> None:
        """End the child, at once when it parses; the pool has put an end mark for the thread."""
        self._closing.set()
        child = self._child
        if child is not None and not self.is_idle:
            child.kill()
        self._thread.join(5.0)

    def _run(self) -> None:
        while (task := self._take(self)) is not None:
            if task.future.set_running_or_notify_cancel():
                try:
                    entries = self._parse(task)
                except Exception as error:  # every task is answered, whatever happens
                    task.future.set_exception(error)
                else:
                    task.future.set_result(entries)
        if self._child is not None:
            self._child.close()

    def _parse(self, task: _Task) -> list[IndexEntry]:
        statuses: list[int] = []
        while len(statuses) < 2:
            child = self._started_child()
            # A child that died while it had nothing to do is not the file's fault.
            if not child.send(task.job):
                self._await_exit()
                continue
            self.path = task.path
            try:
                answer = self._messages.get(timeout=task.job.deadline_seconds * _GRACE)
            except queue.Empty:
                child.kill()
                self._await_exit()
                raise ParseTimeoutError(task.path, task.job.deadline_seconds) from None
            finally:
                self.path = ""
            if isinstance(answer, Answer):
                assert answer.id == task.job.id
                self._deaths = 0
                return self._entries(task, answer)
            assert isinstance(answer, int)  # the exit status
            self._forget_child()
            statuses.append(answer)
            if self._closing.is_set():
                raise WorkerDiedError(f"the parse pool was closed before {task.path} was parsed; index it again")
        raise PoisonFileError(task.path, statuses[-1])

    def _entries(self, task: _Task, answer: Answer) -> list[IndexEntry]:
        if answer.is_late:
            raise ParseTimeoutError(task.path, task.job.deadline_seconds)
        if answer.problem:
            raise ParseFailedError(task.path, answer.problem)
        return answer.entries

    def _started_child(self) -> Child:
        """The child, ready for work."""
        for _ in range(_STARTS):
            if self._closing.is_set():
                break
            if self._child is not None:
                return self._child
            self._pause()
            messages: queue.SimpleQueue[object] = queue.SimpleQueue()
            self._messages = messages  # a late message of an earlier child goes nowhere
            child = Child("vizsla.parsing.worker", on_message=messages.put, on_exit=messages.put, nice=5)
            self._child = child
            try:
                first = messages.get(timeout=_START_SECONDS)
            except queue.Empty:
                child.kill()
                first = None
            if isinstance(first, Ready):
                return child
            self._forget_child()
        raise WorkerDiedError("no parse worker could be started; see the log for what it printed")

    def _pause(self) -> None:
        """Wait before a start, the longer the more children died in a row; the first restart is at once."""
        if self._deaths > 1:
            self._closing.wait(min(0.05 * 2**self._deaths, _LONGEST_PAUSE_SECONDS))

    def _await_exit(self) -> None:
        while not isinstance(self._messages.get(), int):
            pass
        self._forget_child()

    def _forget_child(self) -> None:
        self._child = None
        self._deaths += 1
