"""The server's end of the model worker: vectors and scores as futures.

It does not know what the texts are, nor what becomes of the vectors.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from vizsla.core.errors import ModelError
from vizsla.core.settings import Device
from vizsla.core.types import Fingerprint
from vizsla.models.calibration import calibration_of
from vizsla.models.keeper import Keeper
from vizsla.models.manifest import read_manifest
from vizsla.models.messages import Done, Encode, Priority, Rerank
from vizsla.models.model_status import ModelStatus
from vizsla.models.opinions import Opinions
from vizsla.models.pace import Pace
from vizsla.models.quarantine import Quarantine
from vizsla.models.requests import OpenRequest

__all__ = ["LOAD_SECONDS", "ModelClient", "ModelStatus", "Priority"]

LOAD_SECONDS = 120.0
"""That a large model may take from a cold disk."""


class ModelClient:
    """One model worker, started when it is first needed and replaced when it dies. Any thread may call it."""

    def __init__(
        self,
        retriever_folder: Path,
        reranker_folder: Path | None,
        *,
        device: Device = "auto",
        threads: int = 0,
        worker_module: str = "vizsla.models.worker",
        silence_seconds: float = 120.0,
    ) -> None:
        """Read the models' manifests; no process is started.

        Args:
            retriever_folder: model folder of the bi-encoder.
            reranker_folder: model folder of what reads again; None where there is none.
            device: where the models shall run.
            threads: of a forward pass on a CPU; 0 is one per physical core.
            worker_module: what the child runs.
            silence_seconds: a worker that owes answers and says nothing for so long is taken for stuck.

        Raises:
            ModelError: the retriever's folder cannot be used. A reranker that cannot is only left out.
        """
        manifest = read_manifest(retriever_folder, role="retriever")
        self.name: str = manifest.name
        self.fingerprint: Fingerprint = manifest.fingerprint
        self.dimension: int = manifest.dimension
        self.reranker_problem = ""
        """Why nothing can be reranked; empty when it can."""
        reranker = None
        if reranker_folder is None:
            self.reranker_problem = "no reranker is set; add one with 'vizsla models add'"
        else:
            try:
                reranker = read_manifest(reranker_folder, role="reranker")
            except ModelError as error:
                self.reranker_problem, reranker_folder = str(error), None
        self.remembers_texts = reranker is not None and reranker.kind == "late-interaction"
        """Whether the reranker may know texts already, so that nobody can tell how long it will take."""
        self.calibration = calibration_of(manifest, reranker)
        """How the scores of these models are to be read."""
        self.opinions = Opinions()
        """What the reranker is known to say; whoever asks ``rerank`` looks here first, and notes what came."""
        self.pace = Pace((reranker or manifest).max_tokens)
        """How long the reranker takes, here and of late."""
        self._ids = itertools.count(1)
        self._texts_quarantine, self._pairs_quarantine = Quarantine(), Quarantine()
        self._keeper = Keeper(
            worker_module,
            (str(retriever_folder), str(reranker_folder or ""), str(threads)),
            device=device,
            silence_seconds=silence_seconds,
        )
        self._keeper.on_batch = self._took

    def __enter__(self) -> ModelClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def has_reranker(self) -> bool:
        """Whether ``rerank`` can be asked."""
        return not self.reranker_problem

    def start(self) -> None:
        """Have the worker load the models meanwhile; returns at once."""
        self._keeper.start()

    def encode(self, texts: Sequence[str], *, is_query: bool, priority: Priority) -> Future[NDArray[np.float32]]:
        """Embed texts.

        Args:
            texts: what is embedded; longer texts are cut to the model's length.
            is_query: whether they are questions.
            priority: who waits.

        Returns:
            A future of (texts, dimension), in order; the row of a text that cannot be computed is NaN. Cancelling
            it works until it is answered and stops the work between batches. It fails with ``ModelError`` where
            the model cannot be used, with ``WorkerDiedError`` where the worker keeps dying.
        """

        def message(request: OpenRequest) -> Encode:
            rows, texts, singly = request.rows()
            return Encode(id=request.id, priority=priority, is_query=is_query, rows=rows, texts=texts, singly=singly)

        request = OpenRequest(
            next(self._ids),
            tuple(texts),
            message,
            priority=priority,
            quarantine=self._texts_quarantine,
            shape=(self.dimension,),
        )
        self._keeper.submit(request)
        return request.future

    def rerank(self, query: str, texts: Sequence[str], *, budget_seconds: float) -> Future[NDArray[np.float32]]:
        """Score texts for a question, in their order, until the budget ends.

        Args:
            query: the question.
            texts: candidates, best first.
            budget_seconds: from now; the answer comes about then, whatever the worker is doing.

        Returns:
            A future of (texts,) scores, higher for a better match; NaN where the budget had ended or the text
            cannot be computed. It fails as that of ``encode`` does.
        """
        deadline = time.monotonic() + budget_seconds

        def message(request: OpenRequest) -> Rerank:
            rows, texts, singly = request.rows()
            return Rerank(id=request.id, query=query, deadline=deadline, rows=rows, texts=texts, singly=singly)

        def counted(rows: Sequence[int], tokens: int) -> None:
            self.pace.counted([len(query) + len(texts[row]) for row in rows], tokens)

        request = OpenRequest(
            next(self._ids),
            tuple(texts),
            message,
            priority=Priority.QUERY,
            quarantine=self._pairs_quarantine,
            shape=(),
            deadline=deadline,
            counted=counted,
        )
        if self.reranker_problem:
            request.resolve(ModelError(self.reranker_problem))
        else:
            self._keeper.submit(request)
        return request.future

    def warm_up(self) -> Future[NDArray[np.float32]]:
        """Have the reranker loaded, so that no question's budget goes to that.

        Returns:
            A future of the (1,) score of a word, once it is loaded. It fails as that of ``encode`` does.
        """
        return self.rerank("open a file", ["open"], budget_seconds=LOAD_SECONDS)

    def status(self) -> ModelStatus:
        """What is known of the worker now; answers at once."""
        return self._keeper.status(quarantined=self._texts_quarantine.poison + self._pairs_quarantine.poison)

    def close(self) -> None:
        """End the worker; what it still owes fails with ``WorkerDiedError``. Takes less than 2 seconds."""
        self._keeper.close()

    def _took(self, done: Done) -> None:
        if done.is_of_pairs and not done.problem:
            self.pace.took(done.tokens, done.seconds)
