"""What the client still owes: one request's future, its rows that came, and those that did not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from vizsla.models.messages import Priority, Request
from vizsla.models.quarantine import Quarantine


class OpenRequest:
    """A request between its asking and its answer. Its owner guards it by a lock of its own."""

    def __init__(
        self,
        id: int,
        texts: Sequence[str],
        message: Callable[[OpenRequest], Request],
        *,
        priority: Priority,
        quarantine: Quarantine,
        shape: tuple[int, ...],
        deadline: float | None = None,
        counted: Callable[[Sequence[int], int], None] | None = None,
    ) -> None:
        """Describe a request; nothing is sent.

        Args:
            id: its number.
            texts: what is to be computed.
            message: makes the message that asks for what is still owed.
            priority: its urgency.
            quarantine: the texts that its model must not see.
            shape: of one row of the answer.
            deadline: when it is answered with what there is, on the monotonic clock.
            counted: is told the rows of each batch and how many tokens they had; under the owner's lock.
        """
        self.id = id
        self.texts = texts
        self.priority = priority
        self.quarantine = quarantine
        self.deadline = deadline
        self.future: Future[NDArray[np.float32]] = Future()
        self.answer = np.full((len(texts), *shape), np.nan, dtype=np.float32)
        self.owed = {row for row, text in enumerate(texts) if not quarantine.is_poison(text)}
        self._message = message
        self._counted = counted

    def message(self) -> Request:
        """What to ask the worker for."""
        return self._message(self)

    def rows(self) -> tuple[tuple[int, ...], tuple[str, ...], frozenset[int]]:
        """Rows still owed in order, their texts, and which of them must be computed alone."""
        rows = tuple(sorted(self.owed))
        texts = tuple(self.texts[row] for row in rows)
        singly = frozenset(row for row in rows if self.quarantine.is_suspect(self.texts[row]))
        return rows, texts, singly

    def take(self, rows: NDArray[np.int64], values: NDArray[np.float32], tokens: int) -> None:
        """Put in what the worker computed."""
        self.answer[rows] = values
        if self._counted is not None:
            self._counted(rows.tolist(), tokens)
        self.owed.difference_update(rows.tolist())
        for row in rows.tolist():
            self.quarantine.absolve(self.texts[row])

    def blame(self, rows: Iterable[int]) -> None:
        """The worker died over these rows, as far as they are still owed."""
        self.quarantine.blame([self.texts[row] for row in rows if row in self.owed])
        self.owed = {row for row in self.owed if not self.quarantine.is_poison(self.texts[row])}

    def resolve(self, error: Exception | None = None) -> None:
        """Answer with what there is, or with an error. Not under a lock: it runs what waits for the future."""
        # A future that was cancelled in time has its answer already.
        if self.future.set_running_or_notify_cancel():
            if error:
                self.future.set_exception(error)
            else:
                self.future.set_result(self.answer)
