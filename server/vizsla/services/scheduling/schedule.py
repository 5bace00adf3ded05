"""The thread that keeps one index equal to its disk: hints and doubts in, small updates and whole comparisons out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from vizsla.core.errors import VizslaError
from vizsla.core.types import ContentHash
from vizsla.index.database import DamagedError
from vizsla.retrieval.query import Question
from vizsla.services.indexing import RECONCILED_AT
from vizsla.services.progress import Progress, Report, Stage, unheard
from vizsla.services.scheduling.back_off import BackOff
from vizsla.services.scheduling.clocks import SleepClock
from vizsla.services.scheduling.folders import FolderListener
from vizsla.services.scheduling.state import Activity, ScheduleState
from vizsla.services.scheduling.wishes import Wishes
from vizsla.services.scheduling.work import Work
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

_READER_SECONDS = 1.0  # between two attempts to become the writer
_WRITER_SECONDS = 5.0  # between two looks whether the machine slept or the index was deleted
_ENOUGH_FUNCTIONS = 500  # to answer from, in an index that was never finished
_FEW = 32  # files or texts: an edit or two, which nobody needs to be told of
_ACTIVITIES: dict[Stage, Activity] = {Stage.SCAN: "scanning", Stage.PARSE: "parsing", Stage.EMBED: "embedding"}


class Schedule:
    """Keeps index == disk. Every method may be called from any thread, and but for the waits returns at once."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        on_progress: Report = unheard,
        on_state: Callable[[], None] = lambda: None,
        period_seconds: float = 600.0,
    ) -> None:
        """Make a schedule; nothing happens before ``start``.

        Args:
            workspace: what is kept.
            on_progress: told of files and functions done, in the schedule's thread; not of small work.
            on_state: told, likewise, that ``state`` has another activity or problem.
            period_seconds: after so long, disk and index are compared though nothing seems to have changed.
        """
        self._workspace = workspace
        self._on_progress, self._on_state, self._period = on_progress, on_state, period_seconds
        self._wishes = Wishes()
        self._work = Work(workspace, self._wishes, report=self._report, period_seconds=period_seconds)
        self._state = ScheduleState()
        self._is_closing = False
        self._trouble = BackOff()
        self._logged = ""  # the last problem, so that it is not logged at each attempt
        self._store: object = None
        self._sleep = SleepClock()
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin: compare the disk with the index, then follow."""
        self._thread.start()

    def close(self, seconds: float = 2.0) -> None:
        """Stop at the next safe point, waiting at most so long. Safe to call twice."""
        self._is_closing = self._work.is_closed = True
        self._wishes.wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def changed(self, paths: Iterable[str], *, is_open: bool = False) -> None:
        """These relative paths may have changed: files or folders, there or gone.

        Args:
            paths: of one workspace; what is not in it, or ignored, does no harm.
            is_open: somebody probably still writes them and this is told again when that is done, so wait a second.
        """
        self._wishes.changed(paths, is_open=is_open)

    def doubt(self, reason: str) -> None:
        """Compare the whole disk with the index soon; what failed is tried again without waiting."""
        self._trouble.reset()
        self._wishes.doubt(reason)

    def rebuild(self) -> None:
        """Parse every file again."""
        self._work.is_rebuild_wanted, self._work.is_cancelled = True, False
        self.doubt("everything is read again")

    def pause(self) -> None:
        """Do nothing until ``resume``; what happens meanwhile is seen then."""
        self._work.is_paused = True
        self._wishes.wake()

    def resume(self) -> None:
        """Go on after ``pause`` or ``cancel``."""
        self._work.is_paused = self._work.is_cancelled = False
        self._trouble.reset()
        self._wishes.wake()

    def cancel(self) -> None:
        """Give up the work of now; it goes on when something changes, or on ``resume``."""
        self._work.is_cancelled = True
        self._wishes.wake()

    def hurry(self, hashes: Iterable[ContentHash]) -> None:
        """Embed these before all others: somebody looks at their functions."""
        self._work.upkeep.embedding.hurry(hashes)

    def prefer(self, question: Question) -> None:
        """Parse the files that look right for this question before all others; ``wait_first`` then waits for them."""
        self._work.prefer(question)

    def compare_every(self, seconds: float | None) -> None:
        """Compare disk and index so often, but not for more than a twentieth of the time; None: as at the start."""
        self._work.period_seconds = self._period if seconds is None else seconds
        self._wishes.wake()

    def listen(self, folders: FolderListener) -> None:
        """Tell somebody of all folders, from the next comparison on, which is soon."""
        self._work.folders = folders
        if self._thread.is_alive():
            self.doubt("the watcher begins")

    def wait_first(self, seconds: float) -> bool:
        """Wait until the index can answer: it was compared with the disk, or holds enough already."""
        return self._work.can_answer.wait(seconds)

    def wait_quiet(self, seconds: float) -> bool:
        """For tests: wait until everything that happened before the call is in the index."""
        end = time.monotonic() + seconds
        is_told = self._work.folders.drain(seconds)
        return is_told and self._wishes.wait_idle(max(0.0, end - time.monotonic()))

    @property
    def state(self) -> ScheduleState:
        """What is being done now."""
        return replace(self._state, last_doubt=self._work.last_doubt, reconciled_at=self._work.reconciled_at)

    def _run(self) -> None:
        while not self._is_closing:
            try:
                self._wishes.wait(self._patience(), is_idle=self._is_idle())
                if not self._is_closing:
                    self._step()
            except Exception as error:  # whatever it is, the thread lives on
                self._failed(error)
        logger.debug("%s: the schedule has ended", self._workspace.root)

    def _patience(self) -> float:
        """For how many seconds there is nothing to do unless somebody has a wish."""
        if not self._workspace.is_writer and self._store is not None:
            return _READER_SECONDS
        if self._work.is_paused or self._work.is_cancelled:
            return _WRITER_SECONDS
        due = max(self._work.due_at(), self._trouble.not_before)
        return min(max(0.0, due - time.monotonic()), _WRITER_SECONDS)

    def _is_idle(self) -> bool:
        if self._store is None or self._work.is_paused or self._trouble.is_failing:
            return False
        return self._work.is_done or not self._workspace.is_writer

    def _step(self) -> None:
        work = self._work
        if not self._is_writer():
            return
        paths, doubt = self._wishes.take_paths(), self._wishes.take_doubt()
        if self._sleep.has_slept():
            doubt = "this machine slept"
        if doubt:
            work.doubt(doubt)
        if paths and (work.is_paused or self._trouble.is_failing):
            work.doubt("files changed while nothing was done")  # the comparison will see them
        elif paths:
            work.update(paths)
        if work.is_paused:
            self._show("paused")
        elif self._trouble.is_over:
            work.is_cancelled &= not (paths or doubt)
            if not work.is_cancelled:
                work.go_on()
                self._trouble.reset()
            self._settle()

    def _settle(self) -> None:
        """Show how things stand after a step."""
        if self._work.is_done:
            self._work.is_cancelled = False  # it came too late
            self._logged = ""
            self._show("ready")
        elif self._work.is_cancelled:
            self._show("cancelled")
        elif self._work.problem:
            self._tell(self._work.problem)
            self._show("failed", problem=self._work.problem)

    def _is_writer(self) -> bool:
        """Whether this process keeps the index; when it begins to, everything is compared."""
        workspace = self._workspace
        if not workspace.become_writer():
            self._wishes.drop()
            self._store = workspace  # which is no store, so that our first one is a new one
            self._note_known()
            self._show("reading")
            return False
        if workspace.store is not self._store:
            if self._store is None:
                self._note_known()
            else:
                reason = "this process keeps the index now" if self._store is workspace else "the index was begun anew"
                self._work.doubt(reason)
            self._store = workspace.store
        return True

    def _note_known(self) -> None:
        store = self._workspace.current_store()
        if store.meta(RECONCILED_AT) is not None or store.function_count >= _ENOUGH_FUNCTIONS:
            self._work.can_answer.set()

    def _failed(self, error: Exception) -> None:
        if self._is_closing or self._workspace.is_closing:
            return
        if isinstance(error, DamagedError):
            self._workspace.is_damaged = True  # the next comparison mends it
        self._work.doubt("something failed")
        self._trouble.failed()
        if isinstance(error, VizslaError):
            problem = str(error)
            self._tell(problem)
        else:
            problem = f"indexing failed unexpectedly ({type(error).__name__}: {error}); it is tried again"
            if problem != self._logged:
                self._logged = problem
                logger.exception("%s: %s", self._workspace.root, problem)
        self._show("failed", problem=problem)

    def _tell(self, problem: str) -> None:
        if problem != self._logged:
            self._logged = problem
            logger.warning("%s: %s", self._workspace.root, problem)

    def _report(self, progress: Progress) -> None:
        activity = _ACTIVITIES[progress.stage]
        if progress.total < _FEW and activity != self._state.activity and self._state.activity != "starting":
            return
        self._show(activity, done=progress.done, total=progress.total)
        try:
            self._on_progress(progress)
        except Exception:  # the listener's fault, not that of a file
            logger.exception("a listener to progress failed")

    def _show(self, activity: Activity, *, done: int = 0, total: int = 0, problem: str = "") -> None:
        before = self._state
        self._state = ScheduleState(activity=activity, done=done, total=total, problem=problem)
        if (before.activity, before.problem) != (activity, problem):
            try:
                self._on_state()
            except Exception:
                logger.exception("a listener to the state failed")
