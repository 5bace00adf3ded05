"""What there is to do for one index, and doing it so that what is more urgent goes first."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Collection, Sequence

from vizsla.retrieval.query import Question
from vizsla.services.discovery import FoundFile
from vizsla.services.indexing import RECONCILED_AT, Reconciled
from vizsla.services.meanwhile import Meanwhile, Order
from vizsla.services.progress import Progress, Report, Stage
from vizsla.services.scheduling.back_off import BackOff
from vizsla.services.scheduling.folders import FolderListener
from vizsla.services.scheduling.wishes import Wishes
from vizsla.services.triage import by_words
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace

_ENOUGH_FILES = 256  # of a first index, to answer from
_ENOUGH_PREFERRED = 32  # of those that look right for a question
_COST = 20  # times as long as the last comparison took, there is no other without a doubt
_STUBBORN_SECONDS = 3.0  # a comparison is not begun again sooner, or a storm would never let one end


class Work:
    """Work on one index. One thread does it; others may set the flags and call ``prefer``."""

    def __init__(self, workspace: Workspace, wishes: Wishes, *, report: Report, period_seconds: float) -> None:
        self._workspace, self._wishes, self._heard = workspace, wishes, report
        self.period_seconds = period_seconds  # between two comparisons without a doubt
        self.upkeep = Upkeep(workspace)
        self.folders = FolderListener()
        self.can_answer = threading.Event()
        self.is_closed = self.is_paused = self.is_cancelled = self.is_rebuild_wanted = False
        self.problem = ""  # why vectors are missing
        self.last_doubt = ""
        self.reconciled_at: float | None = None  # seconds since 1970, by this process
        self._is_compared = False  # False: there is a doubt
        self._begun = self._ended = -math.inf  # the last comparison, on the monotonic clock
        self._changes: Reconciled | None = None  # since vectors were last complete; None: they are
        self._unstable = BackOff(first_seconds=1.0, longest_seconds=30.0)  # files that kept changing while we read
        self._encoding = BackOff()
        self._question: Question | None = None
        self._is_first_index = self._is_preferred = False
        self._walked: set[str] = set()  # folders since the last comparison began
        self._parsed = self._parsed_before = 0  # files of this comparison; when the preferred ones began

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        is_open = self.is_rebuild_wanted or self._unstable.is_failing or self._changes is not None
        return self._is_compared and not is_open

    @property
    def is_stopped(self) -> bool:
        """Whether somebody wants that nothing is done."""
        return self.is_closed or self.is_paused or self.is_cancelled

    def due_at(self) -> float:
        """The moment of the monotonic clock at which there is something to do; in the past when there is already."""
        due = self._comparison_at()
        return due if self._changes is None else min(due, self._encoding.not_before)

    def doubt(self, reason: str) -> None:
        """Compare disk and index when ``go_on`` is called next."""
        self._is_compared, self.last_doubt = False, reason

    def prefer(self, question: Question) -> None:
        """Parse the files that look right for this question before all others."""
        self._question = question
        if self._is_first_index:
            self.can_answer.clear()

    def update(self, paths: Sequence[str]) -> None:
        """Bring files and folders up to date."""
        done = self.upkeep.update(paths, cancelled=lambda: self.is_closed, entering=self._entering)
        if not done.is_complete:
            self.doubt("what is ignored has changed, or much, or while it was read")
        self._note(done)

    def go_on(self) -> None:
        """Do what is due, until it is done or ``is_stopped``."""
        if time.monotonic() >= self._comparison_at():
            self._compare()
        if self._changes is not None and self._encoding.is_over and not self.is_stopped:
            self._finish(self._changes)

    def attend_to_paths(self) -> Collection[str]:
        """Changed files go first; the paths of those that are there."""
        if paths := self._wishes.take_paths():
            self.update(paths)
        return self._workspace.store.files_at(paths).keys()

    def attend_to_questions(self) -> None:
        """What a question found by its words, while files are still parsed: so the next one compares meaning too."""
        if self.upkeep.embedding.has_urgent:
            self.upkeep.embedding.embed_urgent(lambda: self._stops_comparing() or self._wishes.are_paths_due())

    def attend_to_all(self) -> None:
        """What goes first while vectors are made."""
        self.attend_to_paths()
        if reason := self._wishes.take_doubt():
            self.doubt(reason)
            self._compare()

    def take_order(self) -> Order | None:
        """The order for the newest question, once."""
        question, self._question = self._question, None
        if question is None:
            return None
        self._is_preferred, self._parsed_before = True, self._parsed
        return by_words(self._workspace.root, question.words)

    def _comparison_at(self) -> float:
        if self.is_rebuild_wanted or not self._is_compared:
            return -math.inf
        period = max(self.period_seconds, _COST * (self._ended - self._begun))
        return min(self._ended + period, self._unstable.not_before if self._unstable.is_failing else math.inf)

    def _compare(self) -> None:
        force, self.is_rebuild_wanted = self.is_rebuild_wanted, False
        self._is_compared = True  # a doubt that comes from now on is a new one
        self._is_preferred, self._parsed = False, 0
        self._begun = time.monotonic()
        is_first, self._is_first_index = self.reconciled_at is None, self._workspace.store.meta(RECONCILED_AT) is None
        self._walked = set()
        if self._is_first_index:
            # The parse workers start while we look for files: somebody may wait for a first answer.
            self._workspace.resources.pool.submit("", "python", "", b"")

        def order(files: list[FoundFile]) -> list[FoundFile]:
            wanted = self.take_order()
            return files if wanted is None else wanted(files)

        is_complete, is_noted = False, False
        try:
            done = self.upkeep.reconcile(
                report=self._report,
                cancelled=self._stops_comparing,
                order=order,
                force=force,
                meanwhile=_WhileParsing(self, self._wishes),
                entering=self._entering,
            )
            is_complete, is_noted = done.is_complete, True
            self._note(done, always=is_first)
            self._workspace.overlay.store_changed()  # what is ignored may have changed, and no file with it
        finally:
            if not is_complete:
                self.is_rebuild_wanted |= force and not is_noted  # else each file's record says what is left to do
                self._is_compared = False
        if is_complete:
            self._unstable.reset()
            self._ended, self.reconciled_at = time.monotonic(), time.time()
            self._is_first_index = False
            self.can_answer.set()
            self.folders.walked(self._walked)
        elif not self._stops_comparing():
            self._is_compared = True
            self._ended = time.monotonic()
            self._unstable.failed()
            self.can_answer.set()

    def _entering(self, path: str) -> None:
        self._walked.add(path)
        self.folders.entering(path)

    def _finish(self, changes: Reconciled) -> None:
        self._changes = None
        is_complete = False
        try:
            done = self.upkeep.finish(
                changes,
                report=self._report,
                cancelled=self._stops_embedding,
                meanwhile=_WhileEmbedding(self, self._wishes),
            )
            is_complete = done.is_complete or self._workspace.resources.models is None
        finally:
            if not is_complete:
                self._keep(changes)
        if is_complete:
            self._encoding.reset()
            self.problem = ""
        elif not self._stops_embedding():
            self._encoding.failed()
            self.problem = done.problem
        self._workspace.overlay.store_changed()

    def _note(self, done: Reconciled, *, always: bool = False) -> None:
        """Remember what was changed, if it was, for ``_finish``."""
        if always or done.functions_added or done.functions_removed or self._workspace.store.pending_count:
            self._keep(done)
        if done.parsed or done.renamed or done.removed or done.skipped:
            self._workspace.overlay.store_changed()

    def _keep(self, changes: Reconciled) -> None:
        kept = self._changes or Reconciled()
        kept.functions_removed += changes.functions_removed
        self._changes = kept

    def _stops_comparing(self) -> bool:
        if self.is_stopped or self.is_rebuild_wanted:
            return True
        return self._wishes.is_doubt_due() and time.monotonic() - self._begun > _STUBBORN_SECONDS

    def _stops_embedding(self) -> bool:
        return self.is_stopped or self.is_rebuild_wanted or self._workspace.is_damaged

    def _report(self, progress: Progress) -> None:
        if progress.stage is Stage.PARSE:
            self._parsed = progress.done
            enough = _ENOUGH_PREFERRED if self._is_preferred else _ENOUGH_FILES
            if self._question is None and progress.done - self._parsed_before * self._is_preferred >= enough:
                self.can_answer.set()
        self._heard(progress)


class _WhileParsing(Meanwhile):
    """Single changed files and what somebody looks at go first; a doubt ends the comparison, see ``Work``."""

    def __init__(self, work: Work, wishes: Wishes) -> None:
        self._work, self._wishes = work, wishes

    def is_wanted(self) -> bool:
        return self._wishes.are_paths_due() or self._work.upkeep.embedding.has_urgent

    def attend(self) -> Collection[str]:
        present = self._work.attend_to_paths()
        self._work.attend_to_questions()
        return present

    def order(self) -> Order | None:
        return self._work.take_order()


class _WhileEmbedding(Meanwhile):
    """Everything that is about files goes first."""

    def __init__(self, work: Work, wishes: Wishes) -> None:
        self._work, self._wishes = work, wishes

    def is_wanted(self) -> bool:
        return self._wishes.are_paths_due() or self._wishes.is_doubt_due()

    def attend(self) -> Collection[str]:
        self._work.attend_to_all()
        return ()
