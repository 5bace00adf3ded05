"""How far a stage has come, and the wish to end it early. It does not know who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One report of a stage.

    Attributes:
        stage: its name, such as "retriever".
        done: how much of ``total`` is behind it.
        total: 0 when nobody knows.
        unit: what is counted: "files", "pairs", "steps", "texts", "queries".
        numbers: what else there is to say, such as "loss" and "learning_rate"; for a log and beside the bar.
        message: a sentence for people; "" when there is none.
    """

    stage: str
    done: int
    total: int
    unit: str = "steps"
    numbers: tuple[tuple[str, float], ...] = ()
    message: str = ""


Report = Callable[[Progress], None]
Cancelled = Callable[[], bool]


def unheard(_: Progress) -> None:
    """A listener for those who do not listen."""


def never() -> bool:
    """A wish that is never made."""
    return False
