"""What the model client and its worker say to each other. It does not know how either does its part.

Rows are the caller's own numbering of its texts, so that a request may be sent again with only what is left of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from vizsla.models.device import DeviceChoice


class Priority(IntEnum):
    """Who waits for the answer. The worker always does the most urgent batch next."""

    QUERY = 0  # somebody looks at the screen
    EDIT = 1  # a file was just saved
    BULK = 2  # a whole workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Encode:
    """Embed texts. ``rows`` names each of ``texts``; those in ``singly`` must go through the model alone."""

    id: int
    priority: Priority
    is_query: bool
    rows: tuple[int, ...]
    texts: tuple[str, ...]
    singly: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerank:
    """Score texts for a question, in their order, until ``deadline`` on the machine's monotonic clock."""

    id: int
    query: str
    deadline: float  # seconds, as time.monotonic() has them in every process of a machine
    rows: tuple[int, ...]
    texts: tuple[str, ...]
    singly: frozenset[int]

    @property
    def priority(self) -> Priority:
        """Always somebody's question."""
        return Priority.QUERY


Request = Encode | Rerank


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Drop what is left of a request; ``Finished`` says when it was dropped."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The retriever is loaded, on this device."""

    choice: DeviceChoice
    load_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """The retriever cannot be loaded; the worker ends after this."""

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """These rows may go through the model now: whatever kills the worker next is among them."""

    id: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A batch is done.

    Attributes:
        id: of the request.
        rows: (batch,)
        values: vectors (batch, dimension) or scores (batch,); a row that could not be computed is NaN.
        tokens: that went through the model, padding left out.
        seconds: that this took.
        problem: why rows are NaN; empty where none is.
    """

    id: int
    rows: NDArray[np.int64]
    values: NDArray[np.float32]
    tokens: int
    seconds: float
    problem: str = ""

    @property
    def is_of_pairs(self) -> bool:
        """Whether pairs were scored, no texts embedded."""
        return self.values.ndim == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """No more comes for this request, whether or not all its rows came: the last report of every request, once.

    ``problem`` is empty when all is well.
    """

    id: int
    problem: str = ""


Report = Ready | Unusable | Running | Done | Finished
