"""What a schedule is doing, for status. It does not know who shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Activity = Literal["starting", "scanning", "parsing", "embedding", "ready", "paused", "cancelled", "reading", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """One look at a schedule.

    Attributes:
        activity: what is being done. "ready": all is done. "reading": another process keeps the index. "cancelled":
            the rest waits for a change or ``resume``. "failed": it is tried again by itself, see ``problem``.
        done: files (scanning, parsing) or functions (embedding) that are done.
        total: of how many.
        problem: one sentence; empty when there is none.
        last_doubt: why disk and index were last compared out of turn; empty for never.
        reconciled_at: seconds since 1970 of the last complete comparison by this process; None for never.
    """

    activity: Activity = "starting"
    done: int = 0
    total: int = 0
    problem: str = ""
    last_doubt: str = ""
    reconciled_at: float | None = None
