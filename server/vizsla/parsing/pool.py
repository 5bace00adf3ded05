"""A pool of parse workers that survives their deaths and blames exactly the file that was being parsed.

Each slot of the pool is one thread that feeds one child, one file at a time. One slot more than were asked for takes
urgent files alone, so that an edit never waits for a whole workspace. It does not know the workspace.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from vizsla.core.child import Child
from vizsla.core.errors import WorkerDiedError
from vizsla.core.types import IndexEntry
from vizsla.parsing.errors import ParseFailedError, ParseTimeoutError, PoisonFileError
from vizsla.parsing.languages import LANGUAGES, refine
from vizsla.parsing.worker import Answer, Job, Ready

_GRACE = 4.0
"""A child may take this many deadlines before it is killed. It watches the deadline itself, in processor time, of which
it gets little on a busy machine: only one whose parser hangs is not heard of by then."""

_LOOKS = 8
"""In so many parts that time is waited out: a freeze of the whole machine or process group uses up one at most."""

_START_SECONDS = 30.0
_STARTS = 5
_LONGEST_PAUSE_SECONDS = 5.0


@dataclass(slots=True, eq=False)
class _Task:
    path: str
    job: Job
    future: Future[list[IndexEntry]]
    urgent: bool


class ParsePool:
    """Parses texts in child processes. Children start when the first files come, or before by ``start``."""

    def __init__(self, workers: int, deadline_seconds: float) -> None:
        """Make a pool.

        Args:
            workers: the most children that run at once, but for the one that takes urgent files; positive.
            deadline_seconds: for each file, from when its child begins with it.
        """
        if workers < 1 or deadline_seconds <= 0:
            raise ValueError(f"workers and deadline_seconds must be positive, got {workers}, {deadline_seconds}")
        self._workers = workers
        self._deadline_seconds = deadline_seconds
        self._ids = itertools.count()
        self._changed = threading.Condition()  # guards all that follows
        self._urgent: deque[_Task] = deque()
        self._tasks: deque[_Task] = deque()
        self._slots: list[_Slot] = []
        self._closed = False

    def start(self) -> None:
        """Start children now, for files that come soon; returns at once."""
        with self._changed:
            while not self._closed and len(self._slots) < self._workers:
                self._slots.append(_Slot(self._take, is_reserved=False, is_early=True))

    def submit(
        self, path: str, language_id: str, module_name: str, text: bytes, *, urgent: bool = False
    ) -> Future[list[IndexEntry]]:
        """Parse one text, when a child is free; files are taken in the order they come, urgent ones first.

        Args:
            path: names the file in errors, and tells C++ headers from those of C.
            language_id: a key of ``languages.LANGUAGES``.
            module_name: see ``functions.module_name_of``.
            text: UTF-8.
            urgent: somebody waits, for an edit or an answer.

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
        with self._changed:
            if self._closed:
                raise WorkerDiedError("the parse pool is closed; open the workspace again")
            (self._urgent if urgent else self._tasks).append(_Task(path, job, future, urgent))
            self._add_slot(urgent)
            self._changed.notify_all()
        return future

    def close(self) -> None:
        """End all children; what was not answered fails with ``WorkerDiedError`` or is cancelled."""
        with self._changed:
            self._closed = True
            slots, self._slots = self._slots, []
            left = [*self._urgent, *self._tasks]
            self._urgent.clear()
            self._tasks.clear()
            self._changed.notify_all()
        for task in left:
            task.future.cancel()
        for slot in slots:
            slot.close()

    @property
    def children(self) -> dict[int, str]:
        """The children that run, by process id, each with the path that it parses now, or ""."""
        with self._changed:
            return {pid: slot.path for slot in self._slots if (pid := slot.pid) is not None}

    def _add_slot(self, urgent: bool) -> None:
        """Start a slot for a task that no idle one can take, if there may be another."""
        idle = [slot for slot in self._slots if slot.is_idle]
        common = [slot for slot in self._slots if not slot.is_reserved]
        if urgent:
            if len(self._urgent) <= len(idle):
                return
        elif len(self._tasks) + len(self._urgent) <= sum(not slot.is_reserved for slot in idle):
            return
        if len(common) < self._workers:
            self._slots.append(_Slot(self._take, is_reserved=False))
        elif urgent and len(common) == len(self._slots):
            self._slots.append(_Slot(self._take, is_reserved=True))

    def _take(self, slot: _Slot) -> _Task | None:
        """The next task for a slot; None when the pool is closed."""
        with self._changed:
            slot.is_idle = True
            while not self._closed:
                if self._urgent:
                    task = self._urgent.popleft()
                elif self._tasks and not slot.is_reserved:
                    task = self._tasks.popleft()
                else:
                    self._changed.wait()
                    continue
                slot.is_idle = False
                return task
            return None


class _Slot:
    """One thread that feeds one child."""

    def __init__(self, take: Callable[[_Slot], _Task | None], *, is_reserved: bool, is_early: bool = False) -> None:
        self.is_idle = False
        self.is_reserved = is_reserved  # for urgent tasks
        self.path = ""  # what the child parses now
        self._take = take
        self._child: Child | None = None
        self._messages: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._deaths = 0  # without an answer since
        self._is_early = is_early  # the child starts before its first task
        self._thread = threading.Thread(target=self._run, name="parse-slot", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.pid if child is not None and child.is_alive else None

    def close(self) -> None:
        """End the child, at once when it parses; the pool tells the thread."""
        self._closing.set()
        child = self._child
        if child is not None and not self.is_idle:
            child.kill()
        self._thread.join(5.0)

    def _run(self) -> None:
        if self._is_early:
            with contextlib.suppress(WorkerDiedError):  # the first task will tell
                self._started_child()
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
                answer = self._heard_within(task.job.deadline_seconds * _GRACE)
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

    def _heard_within(self, seconds: float) -> object:
        for _ in range(_LOOKS - 1):
            with contextlib.suppress(queue.Empty):
                return self._messages.get(timeout=seconds / _LOOKS)
        return self._messages.get(timeout=seconds / _LOOKS)

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
            child = Child(
                "vizsla.parsing.worker",
                on_message=messages.put,
                on_exit=messages.put,
                nice=0 if self.is_reserved else 5,
            )
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
