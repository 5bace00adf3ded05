"""The thread that keeps one index equal to its disk: hints and doubts in, small updates and whole comparisons out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from vizsla.core.types import ContentHash
from vizsla.retrieval.query import Question
from vizsla.services.progress import Report, unheard
from vizsla.services.scheduling.state import ScheduleState
from vizsla.services.workspace import Workspace


class Schedule:
    """Keeps index == disk. Every method may be called from any thread, and but for the waits returns at once."""

    def __init__(
        self, workspace: Workspace, *, on_progress: Report = unheard, on_state: Callable[[], None] = lambda: None
    ) -> None:
        """Make a schedule; nothing happens before ``start``.

        Args:
            workspace: what is kept.
            on_progress: told of files and functions done, in the schedule's thread.
            on_state: told, likewise, that ``state`` has changed.
        """

    def start(self) -> None:
        """Begin: compare the disk with the index, then follow."""

    def close(self, seconds: float = 2.0) -> None:
        """Stop at the next safe point, waiting at most so long. Safe to call twice."""

    def changed(self, paths: Iterable[str]) -> None:
        """These relative paths may have changed: files or folders, there or gone."""

    def doubt(self, reason: str) -> None:
        """Compare the whole disk with the index soon."""

    def rebuild(self) -> None:
        """Parse every file again."""

    def pause(self) -> None:
        """Do nothing until ``resume``; what happens meanwhile is seen then."""

    def resume(self) -> None:
        """Go on after ``pause`` or ``cancel``."""

    def cancel(self) -> None:
        """Give up the work of now; it goes on when something changes, or on ``resume``."""

    def hurry(self, hashes: Iterable[ContentHash]) -> None:
        """Embed these before all others: somebody looks at their functions."""

    def prefer(self, question: Question) -> None:
        """Parse the files that look right for this question before all others."""

    def wait_first(self, seconds: float) -> bool:
        """Wait until the index can answer: it was compared with the disk, or holds enough already."""
        return False

    def wait_quiet(self, seconds: float) -> bool:
        """For tests: wait until everything that happened before the call is in the index."""
        return False

    @property
    def state(self) -> ScheduleState:
        """What is being done now."""
        return ScheduleState()
