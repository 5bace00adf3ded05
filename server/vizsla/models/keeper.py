"""Keeps one model worker alive: starts it, notices its death, and sees that every request is answered in the end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from vizsla.core.errors import ModelError, WorkerDiedError
from vizsla.core.settings import Device
from vizsla.core.types import ContentHash
from vizsla.models.device import DeviceChoice, cpu
from vizsla.models.line import Line
from vizsla.models.messages import Cancel, Done, Finished, Ready, Running, Unusable
from vizsla.models.model_status import ModelStatus, State, resident_bytes
from vizsla.models.requests import OpenRequest
from vizsla.models.restarts import Restarts

_GPU_DEATHS = 3  # in a minute, before the CPU is trusted more
_DECAY = 0.95  # of what the observed rate remembers, per batch

logger = logging.getLogger(__name__)

Answer = tuple[OpenRequest, Exception | None]


class Keeper:
    """The worker, the requests that it owes, and one thread that looks after both. Any thread may call it."""

    def __init__(self, module: str, arguments: Sequence[str], *, device: Device, silence_seconds: float) -> None:
        """Take note of what is to be run; nothing is started.

        Args:
            module: the worker's module.
            arguments: its arguments; the device comes after them.
            device: where the models shall run.
            silence_seconds: a worker that owes answers and says nothing for so long is killed.
        """
        self._module = module
        self._arguments = tuple(arguments)
        self._device = device
        self._silence_seconds = silence_seconds
        self.on_batch: Callable[[Done], None] = lambda done: None
        """Told of every batch, also of one that comes too late; under our lock."""
        # Guards everything below. Futures are answered outside of it: what waits for them may call us.
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._requests: dict[int, OpenRequest] = {}
        self._unfinished: set[int] = set()  # ids that the worker was asked for, also by those who gave up waiting
        self._line: Line | None = None
        self._exit_status: int | None = None  # of a worker that ended and was not looked after yet
        self._is_wanted = False  # a worker shall run although nobody asks
        self._is_closed = False
        self._restarts = Restarts()
        self._heard = 0.0  # when the worker last said something, or had nothing to say
        self._ready: Ready | None = None  # of the worker that runs
        self._unusable = ""
        self._running: Running | None = None
        self._choice: DeviceChoice | None = None
        self._gpu_problem = ""
        self._last_error = ""
        self._tokens = self._seconds = 0.0
        self._failed_texts = 0

    def start(self) -> None:
        """Have a worker started even if nobody asks; returns at once."""
        with self._changed:
            self._is_wanted = True
            self._wake()

    def submit(self, request: OpenRequest) -> None:
        """Take over a request: its future is answered for certain."""
        request.future.add_done_callback(lambda _: self._forget_cancelled(request))
        error: Exception | None = None
        with self._changed:
            if self._is_closed:
                error = WorkerDiedError("the model worker was closed, nothing can be asked any more; start anew")
            elif self._restarts.refuses(time.monotonic()):
                error = self._refusal()
            elif request.owed:
                if not self._unfinished:
                    self._heard = time.monotonic()
                self._requests[request.id] = request
                if self._line:
                    self._send(request, self._line)
                self._wake()
                return
        request.resolve(error)

    def status(self, *, quarantined: tuple[ContentHash, ...]) -> ModelStatus:
        """The worker at this moment."""
        with self._changed:
            pid = self._line.pid if self._line else None
            status = ModelStatus(
                state=self._state(),
                device=cpu(self._gpu_problem, is_fallback=True) if self._gpu_problem else self._choice,
                load_seconds=self._ready.load_seconds if self._ready else None,
                tokens_per_second=self._tokens / self._seconds if self._seconds else None,
                pending_texts=sum(len(request.owed) for request in self._requests.values()),
                failed_texts=self._failed_texts,
                restarts=self._restarts.count,
                last_error=self._last_error,
                quarantined=quarantined,
                pid=pid,
                resident_bytes=None,
            )
        # Outside of the lock: on some systems another program is asked.
        return replace(status, resident_bytes=resident_bytes(pid)) if pid else status

    def close(self) -> None:
        """End the worker and fail what it owes."""
        with self._changed:
            self._is_closed = True
            thread, line = self._thread, self._line
            left = list(self._requests.values())
            self._requests.clear()
            self._changed.notify_all()
        if line:
            line.kill()
        for request in left:
            request.resolve(WorkerDiedError("the model worker was closed before it answered; start anew"))
        if thread and thread is not threading.current_thread():
            thread.join(1.5)

    def _state(self) -> State:
        if self._is_closed:
            return "closed"
        if self._line:
            return "ready" if self._ready else "loading"
        if self._restarts.refuses(time.monotonic()):
            return "resting"
        return "restarting" if self._restarts.count and (self._requests or self._is_wanted) else "idle"

    def _wake(self) -> None:
        """Have the thread look at what changed; the caller holds the lock."""
        if self._thread is None and not self._is_closed:
            self._thread = threading.Thread(target=self._keep, name="model-worker-keeper", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _forget_cancelled(self, request: OpenRequest) -> None:
        if not request.future.cancelled():
            return
        with self._changed:
            was_owed = self._requests.pop(request.id, None)
            if was_owed and self._line:
                self._line.send(Cancel(id=request.id))
        if was_owed:
            request.resolve()  # tells those who wait for several futures

    def _keep(self) -> None:
        """Look after the worker until closed. The only thread that starts and buries one."""
        while True:
            dead, is_due, answers = None, False, []
            with self._changed:
                now = time.monotonic()
                if self._exit_status is not None:
                    dead = self._line
                    answers = self._after_death(now)
                answers += self._late(now)
                self._kill_silent(now)
                is_closed = self._is_closed
                if is_closed:
                    dead, self._line = dead or self._line, None
                else:
                    is_due = self._is_start_due(now)
                if not (dead or is_due or answers or is_closed):
                    self._changed.wait(self._seconds_to_wait(now))
            if dead:
                dead.close()
            for request, error in answers:
                request.resolve(error)
            if is_closed:
                return
            if is_due:
                self._start_worker()

    def _start_worker(self) -> None:
        arguments = (*self._arguments, self._device)
        try:
            line = Line(self._module, arguments, on_message=self._on_report, on_exit=self._on_exit)
        except OSError as error:  # no memory or no process is left: as if it had died at once
            logger.warning("the model worker cannot be started: %s", error)
            self._on_exit(error.errno or 1)
            return
        with self._changed:
            self._line = line
            self._heard = time.monotonic()
            for request in sorted(self._requests.values(), key=lambda request: (request.priority, request.id)):
                self._send(request, line)

    def _send(self, request: OpenRequest, line: Line) -> None:
        self._unfinished.add(request.id)
        line.send(request.message())

    def _is_start_due(self, now: float) -> bool:
        is_asked = self._is_wanted or bool(self._requests)
        return self._line is None and self._exit_status is None and is_asked and now >= self._restarts.not_before

    def _seconds_to_wait(self, now: float) -> float | None:
        """Until something is due without anybody calling; None for never."""
        due = [request.deadline for request in self._requests.values() if request.deadline is not None]
        if self._line is None and (self._is_wanted or self._requests):
            due.append(self._restarts.not_before)
        if self._line and self._unfinished:
            due.append(self._heard + self._silence_seconds)
        return max(0.0, min(due) - now) if due else None

    def _late(self, now: float) -> list[Answer]:
        """Take out what is to be answered with what there is."""
        late = [r for r in self._requests.values() if r.deadline is not None and now >= r.deadline]
        for request in late:
            del self._requests[request.id]
            if self._line:
                self._line.send(Cancel(id=request.id))
        return [(request, None) for request in late]

    def _kill_silent(self, now: float) -> None:
        if self._line and self._unfinished and now - self._heard >= self._silence_seconds:
            self._last_error = f"the model worker said nothing for {self._silence_seconds:.0f} s and was ended"
            logger.warning(self._last_error)
            self._heard = now
            self._line.kill()

    def _after_death(self, now: float) -> list[Answer]:
        """Find who is to blame, and what can be answered now."""
        status, self._exit_status, self._line = self._exit_status, None, None
        was_ready, self._ready = self._ready is not None, None
        running, self._running = self._running, None
        self._unfinished.clear()
        if self._is_closed:
            return []
        # A worker that did not even load is started again only for those who ask.
        self._is_wanted = was_ready
        self._restarts.died(now, was_ready=was_ready)
        self._last_error = self._unusable or f"the model worker ended with status {status}"
        logger.warning(self._last_error)
        if self._choice and self._choice.kind != "cpu" and self._restarts.recent(now) >= _GPU_DEATHS:
            self._gpu_problem = f"the model worker died {_GPU_DEATHS} times in a minute on {self._choice.kind}"
            self._device = "cpu"
        if running and running.id in self._requests:
            self._requests[running.id].blame(running.rows)
        error = self._refusal() if self._unusable or self._restarts.is_resting else None
        answered = [request for request in self._requests.values() if error or not request.owed]
        for request in answered:
            del self._requests[request.id]
        return [(request, error if request.owed else None) for request in answered]

    def _refusal(self) -> Exception:
        if self._unusable:
            return ModelError(self._unusable)
        return WorkerDiedError(
            f"the model worker keeps dying ({self._restarts.recent(time.monotonic())} times in a minute, last:"
            f" {self._last_error}); it is tried again in seconds, see the log for its last words"
        )

    def _on_exit(self, status: int) -> None:
        with self._changed:
            self._exit_status = status
            self._changed.notify_all()

    def _on_report(self, report: object) -> None:
        answer: Answer | None = None
        with self._changed:
            self._heard = time.monotonic()
            match report:
                case Ready():
                    self._ready, self._choice, self._unusable = report, report.choice, ""
                case Unusable():
                    self._unusable = report.problem
                case Running():
                    self._running = report
                case Done():
                    answer = self._on_done(report)
                case Finished():
                    self._unfinished.discard(report.id)
                    request = self._requests.pop(report.id, None)
                    if request:
                        answer = (request, ModelError(report.problem) if report.problem else None)
                        self._last_error = report.problem or self._last_error
        if answer:
            answer[0].resolve(answer[1])

    def _on_done(self, done: Done) -> Answer | None:
        self._tokens = self._tokens * _DECAY + done.tokens
        self._seconds = self._seconds * _DECAY + done.seconds
        self.on_batch(done)
        if done.problem:
            self._failed_texts += int((done.values != done.values).reshape(len(done.rows), -1).any(axis=1).sum())
            self._last_error = done.problem
        request = self._requests.get(done.id)
        if request is None:
            return None
        request.take(done.rows, done.values, done.tokens)
        if request.owed:
            return None
        del self._requests[done.id]
        return request, None
