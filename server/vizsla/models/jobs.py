"""The worker's queue: requests in order of urgency, done batch by batch. It does not know where answers go."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vizsla.core.errors import VizslaError
from vizsla.models.messages import Done, Finished, Priority, Report, Request, Rerank, Running

_TEXTS_AT_ONCE = 512
"""Texts of a request that are tokenised together: a question must not wait until a whole workspace is."""

Batches = Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]


class Models(Protocol):
    """What jobs need of the loaded models."""

    @property
    def tokens(self) -> int:
        """Tokens that went through the models so far, padding left out."""

    def batches(self, request: Request, texts: list[str]) -> Batches:
        """Start computing texts of a request; yields indices into ``texts`` and their values."""

    def nothing(self, request: Request, count: int) -> NDArray[np.float32]:
        """NaN in place of the values of ``count`` texts."""


class Job:
    """One request on its way through a model."""

    def __init__(self, request: Request, models: Models, send: Callable[[Report], None]) -> None:
        self.request = request
        self.is_cancelled = False
        self._models = models
        self._send = send
        self._steps = self._run()

    def step(self) -> bool:
        """Do one batch and send it; False when the request is finished, of which the last report is ``Finished``."""
        if self.is_cancelled:
            self._steps.close()
            self._send(Finished(id=self.request.id))
            return False
        try:
            return next(self._steps, False)
        except Exception as error:  # whatever it is, it concerns this request only: the others want their answers
            self._send(Finished(id=self.request.id, problem=one_line(error)))
            return False

    def _run(self) -> Generator[bool, None, None]:
        texts = dict(zip(self.request.rows, self.request.texts, strict=True))
        together = [row for row in self.request.rows if row not in self.request.singly]
        groups = deque(together[i : i + _TEXTS_AT_ONCE] for i in range(0, len(together), _TEXTS_AT_ONCE))
        groups.extend([row] for row in self.request.rows if row in self.request.singly)
        while groups:
            rows = groups.popleft()
            try:
                yield from self._compute(rows, texts)
                if groups:
                    yield True
            except Exception as error:
                if _is_hopeless(error):
                    raise
                # A text that fails its batch, or too many texts at once: what is left is tried in ever smaller
                # groups, until just what cannot be computed is left out.
                if len(rows) > 1:
                    middle = len(rows) // 2
                    groups.extendleft([rows[middle:], rows[:middle]])
                elif rows:
                    self._send(
                        Done(
                            id=self.request.id,
                            rows=np.asarray(rows, dtype=np.int64),
                            values=self._models.nothing(self.request, 1),
                            tokens=0,
                            seconds=0.0,
                            problem=one_line(error),
                        )
                    )
        self._send(Finished(id=self.request.id))

    def _compute(self, rows: list[int], texts: dict[int, str]) -> Generator[bool, None, None]:
        """Compute ``rows`` and take out those that are done, a batch between two yields."""
        if self._is_late():
            return
        order = list(rows)
        self._send(Running(id=self.request.id, rows=tuple(rows)))
        start, tokens = time.perf_counter(), self._models.tokens
        for indices, values in self._models.batches(self.request, [texts[row] for row in order]):
            done = [order[i] for i in indices]
            is_sound = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
            if not is_sound.all():
                values = values.copy()
                values[~is_sound] = np.nan
            self._send(
                Done(
                    id=self.request.id,
                    rows=np.asarray(done, dtype=np.int64),
                    values=values,
                    tokens=self._models.tokens - tokens,
                    seconds=time.perf_counter() - start,
                    problem="" if is_sound.all() else "the model gave values that are no numbers",
                )
            )
            gone = set(done)
            rows[:] = [row for row in rows if row not in gone]
            if not rows:
                break
            yield True
            if self._is_late():
                return
            # Another request may have run in between.
            self._send(Running(id=self.request.id, rows=tuple(rows)))
            start, tokens = time.perf_counter(), self._models.tokens

    def _is_late(self) -> bool:
        return isinstance(self.request, Rerank) and time.monotonic() >= self.request.deadline


class JobQueue:
    """Jobs by urgency, first come first served among equals. Any thread may push and cancel; one runs."""

    def __init__(self) -> None:
        self._heap: list[tuple[Priority, int, Job | Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._jobs: dict[int, Job] = {}
        self._changed = threading.Condition()

    def push(self, job: Job) -> None:
        """Add a request."""
        with self._changed:
            self._jobs[job.request.id] = job
            heapq.heappush(self._heap, (job.request.priority, next(self._numbers), job))
            self._changed.notify()

    def push_task(self, task: Callable[[], None], priority: Priority) -> None:
        """Add something else to be done once between batches."""
        with self._changed:
            heapq.heappush(self._heap, (priority, next(self._numbers), task))
            self._changed.notify()

    def cancel(self, id: int) -> None:
        """Drop a request that waits, or what is left of the one that runs."""
        with self._changed:
            job = self._jobs.pop(id, None)
            if job:
                job.is_cancelled = True

    def run_next(self) -> None:
        """Do one batch of the most urgent request; waits for a request when there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._heap)
            priority, number, item = heapq.heappop(self._heap)
        if not isinstance(item, Job):
            item()
            return
        goes_on = item.step()
        with self._changed:
            if goes_on:
                # Its number lets it go on before equals that came later.
                heapq.heappush(self._heap, (priority, number, item))
            else:
                self._jobs.pop(item.request.id, None)


def one_line(error: BaseException) -> str:
    """The first line of an error, short: messages of libraries can quote whole texts."""
    if isinstance(error, VizslaError):
        return str(error)
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__


def _is_hopeless(error: Exception) -> bool:
    # A model that cannot be loaded will not load for half of the texts.
    return isinstance(error, VizslaError)
