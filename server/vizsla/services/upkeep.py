"""The whole of keeping one workspace searchable: reconcile, embed, and mend what lost its vector."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field

from vizsla.core.types import ContentHash
from vizsla.index.database import DamagedError
from vizsla.services.embedding import Embedded, EmbeddingService
from vizsla.services.indexing import IndexingService, Order, Reconciled
from vizsla.services.progress import Cancelled, Report, never, unheard
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)


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
    """Indexing and embedding of one workspace. One thread at a time."""

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

        Raises:
            WorkspaceError: the root is gone or cannot be read.
        """
        done = Upkept()
        if not self._workspace.become_writer():
            return done
        if self._workspace.resources.models is not None:
            # The worker loads its model while we look for changes.
            self._workspace.resources.models.start()
        try:
            self._run(done, report, cancelled, order, force=force)
        except DamagedError as error:
            logger.warning("%s", error)
            self._workspace.reopen()
            self._run(done, report, cancelled, order, force=force)
        return done

    def _run(self, done: Upkept, report: Report, cancelled: Cancelled, order: Order | None, *, force: bool) -> None:
        done.reconciled = self.indexing.reconcile(report=report, cancelled=cancelled, order=order, force=force)
        if not cancelled():
            self._recall_missing()
        done.embedded = self.embedding.embed(report=report, cancelled=cancelled)

    def _recall_missing(self) -> None:
        """Put functions that have neither vector nor pending text back on the list.

        That happens when another model is in use than before, and when the machine-wide cache lost their vectors.
        """
        store, vectors = self._workspace.store, self._workspace.vectors
        if vectors is None or len(vectors) + store.pending_function_count >= store.function_count:
            return
        refused = {ContentHash(bytes.fromhex(text)) for text in json.loads(store.meta("refused") or "[]")}
        keys, hashes = store.all_keys_and_hashes()
        waiting = store.pending_hashes()
        missing = {
            content_hash
            for key, content_hash in zip(keys.tolist(), hashes, strict=True)
            if key not in vectors and content_hash not in waiting and content_hash not in refused
        }
        if missing:
            logger.info("%d functions have no vector of this model; their files are read again", len(missing))
            self.indexing.recall(missing)
