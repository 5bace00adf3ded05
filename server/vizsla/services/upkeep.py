"""The whole of keeping one workspace searchable: reconcile, embed, and mend what lost its vector or was damaged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vizsla.index.database import DamagedError
from vizsla.services.discovery import unseen
from vizsla.services.embedding import Embedded, EmbeddingService
from vizsla.services.indexing import IndexingService, Reconciled
from vizsla.services.meanwhile import NOTHING, Meanwhile, Order
from vizsla.services.progress import Cancelled, Report, never, unheard
from vizsla.services.recalling import recall_missing
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

_UNTIDY_SHARE = 0.02  # of all functions, removed since full text was last put in order
_UNTIDY = "removed_since_tidy"


@dataclass(slots=True, kw_only=True)
class Upkept:
    """What one run did."""

    reconciled: Reconciled = field(default_factory=Reconciled)
    embedded: Embedded = field(default_factory=Embedded)

    @property
    def is_complete(self) -> bool:
        """Whether the index is now equal to the disk, vectors included."""
        return self.reconciled.is_complete and self.embedded.is_complete


class Upkeep:
    """Indexing and embedding of one workspace. Any thread; a second run waits for the first."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.indexing = IndexingService(workspace)
        self.embedding = EmbeddingService(workspace)

    def run(
        self,
        *,
        report: Report = unheard,
        cancelled: Cancelled = never,
        order: Order | None = None,
        force: bool = False,
    ) -> Upkept:
        """Make the index equal to the disk; does nothing in a process that is not the writer.

        Closing the workspace cancels it.

        Args:
            report: told of progress.
            cancelled: asked often; what is done by then is kept.
            order: puts changed files into the order in which they are parsed.
            force: parse every file again, also unchanged ones.

        Raises:
            WorkspaceError: the root is gone or cannot be read.
            WorkerDiedError: no parse worker can be started.
            CacheError: the index cannot be read or written. What was stored by then is kept.
        """
        workspace = self._workspace
        with workspace.upkeeping:
            done = Upkept()
            if not workspace.become_writer():
                return done
            for is_last in (False, True):
                try:
                    done.reconciled = self.reconcile(report=report, cancelled=cancelled, order=order, force=force)
                    done.embedded = self.finish(done.reconciled, report=report, cancelled=cancelled)
                except DamagedError as error:
                    if is_last:
                        raise
                    logger.warning("%s", error)
                    workspace.is_damaged = True
                except Exception:  # closing waits for us, but not for ever
                    if not workspace.is_closing:
                        raise
                    done.reconciled.is_complete = False
                # Someone who searched meanwhile may have met damage where we did not look.
                if not workspace.is_damaged:
                    break
            return done

    def reconcile(
        self,
        *,
        report: Report = unheard,
        cancelled: Cancelled = never,
        order: Order | None = None,
        force: bool = False,
        meanwhile: Meanwhile = NOTHING,
        entering: Callable[[str], None] = unseen,
    ) -> Reconciled:
        """The first half of ``run``, functions without their vectors, in the process that is the writer.

        A store that is known to be damaged is opened again before.

        Raises:
            DamagedError: the store is damaged; note it and call again.
            Also what ``run`` raises.
        """
        workspace = self._workspace
        with workspace.upkeeping:
            if workspace.resources.models is not None:
                # The worker loads its model while we look for changes.
                workspace.resources.models.start()
            if workspace.is_damaged:
                workspace.reopen()
            return self.indexing.reconcile(
                report=report,
                cancelled=self._or_closing(cancelled),
                order=order,
                force=force,
                meanwhile=meanwhile,
                entering=entering,
            )

    def update(
        self, paths: Iterable[str], *, cancelled: Cancelled = never, entering: Callable[[str], None] = unseen
    ) -> Reconciled:
        """Bring files and folders up to date, as ``IndexingService.update``; their texts are embedded first."""
        with self._workspace.upkeeping:
            done = self.indexing.update(paths, cancelled=self._or_closing(cancelled), entering=entering)
            self.embedding.hurry(done.new_texts)
            return done

    def finish(
        self,
        reconciled: Reconciled,
        *,
        report: Report = unheard,
        cancelled: Cancelled = never,
        meanwhile: Meanwhile = NOTHING,
    ) -> Embedded:
        """The second half of ``run``: vectors, and order in what was changed.

        Args:
            reconciled: what changed since this was last called.
            report: told of progress, in functions.
            cancelled: asked often; what is done by then is kept.
            meanwhile: goes first whenever it wants to; it may call ``reconcile`` and ``update``.

        Raises:
            DamagedError: as ``reconcile``.
            CacheError: the index cannot be read or written.
        """
        workspace, cancelled = self._workspace, self._or_closing(cancelled)

        def disturbed() -> bool:
            return cancelled() or meanwhile.is_wanted()

        def undisturbed(work: Callable[[], object]) -> None:
            """Have work done that stops when it is disturbed, and goes on where it ended."""
            while not cancelled():
                work()
                if not meanwhile.is_wanted():
                    return
                meanwhile.attend()

        with workspace.upkeeping:
            undisturbed(lambda: recall_missing(workspace, disturbed))
            done = self.embedding.embed(report=report, cancelled=cancelled, meanwhile=meanwhile)
            vectors = workspace.vectors
            if vectors is not None:
                undisturbed(lambda: vectors.prepare(disturbed))
                workspace.save_vectors(only_if_many=True)
            self._tidy(reconciled.functions_removed, is_quiet=not disturbed())
            undisturbed(lambda: workspace.store.shrink(disturbed))
            return done

    def _or_closing(self, cancelled: Cancelled) -> Cancelled:
        return lambda: cancelled() or self._workspace.is_closing

    def _tidy(self, removed: int, *, is_quiet: bool) -> None:
        """Put full text in order when enough was removed: in a small workspace always, so that nothing stays."""
        if not removed:
            return
        store = self._workspace.store
        removed += int(store.meta(_UNTIDY) or 0)
        if is_quiet and removed > _UNTIDY_SHARE * store.function_count:
            store.tidy()
            removed = 0
        store.set_meta(_UNTIDY, str(removed))
