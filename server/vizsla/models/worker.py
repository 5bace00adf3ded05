"""The child process that embeds and scores: it loads the models and answers the client's requests by urgency.

One thread listens, the main thread computes. It never touches files of a workspace, and imports torch only where
a GPU runs the models.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vizsla.core.child import Parent, connect_to_parent
from vizsla.core.errors import ModelError
from vizsla.models.bi_encoder import BiEncoder, load_bi_encoder
from vizsla.models.bulk import BulkEncoder
from vizsla.models.device import DeviceChoice, DeviceKind, choose_device, cpu
from vizsla.models.jobs import Batches, Job, JobQueue, one_line
from vizsla.models.manifest import ONNX_NAMES, read_manifest
from vizsla.models.messages import Cancel, Encode, Priority, Ready, Report, Request, Rerank, Unusable
from vizsla.models.reranker import Reranker, load_reranker

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

logger = logging.getLogger(__name__)


class LoadedModels:
    """The retriever, and the reranker where there is one."""

    def __init__(self, retriever: Path, reranker: Path | None, *, threads: int) -> None:
        """Name the folders; nothing is loaded yet.

        Args:
            retriever: model folder of the bi-encoder.
            reranker: model folder of what reads again.
            threads: of a forward pass on a CPU; 0 is one per physical core.
        """
        self._folder = retriever
        self._reranker_folder = reranker
        self._threads = threads
        self._retriever: BiEncoder | None = None
        self._bulk: BulkEncoder | None = None
        self._reranker: Reranker | None = None
        self._reranker_problem = "no reranker is set; add one with 'vizsla models add'" if reranker is None else ""
        self._reranker_device: DeviceKind = "cpu"

    def load(self, choice: DeviceChoice) -> DeviceChoice:
        """Load the retriever; on the CPU when the chosen device refuses it.

        Returns:
            Where it runs now.

        Raises:
            ModelError: the folder cannot be used on any device.
        """
        manifest = read_manifest(self._folder, role="retriever")
        self._reranker_device = choice.kind
        try:
            self._retriever = load_bi_encoder(self._folder, device=choice.kind, threads=self._threads)
        except Exception as error:
            if choice.kind == "cpu":
                raise
            # Whatever a driver or a GPU's memory may say: the CPU needs neither.
            choice = cpu(f"{choice.kind} cannot run the model ({one_line(error)})", is_fallback=True)
            self._reranker_device = choice.kind
            self._retriever = load_bi_encoder(self._folder, device=choice.kind, threads=self._threads)
        if choice.bulk == "openvino":
            self._bulk = BulkEncoder(self._retriever, self._folder, threads=self._threads)
        if choice.kind == "cpu" and manifest.onnx_name != ONNX_NAMES[0]:
            choice = replace(choice, precision="fp32")
        return choice

    @property
    def tokens(self) -> int:
        """Tokens that went through the models so far, padding left out."""
        return sum(model.tokens for model in (self._retriever, self._bulk, self._reranker) if model)

    def batches(self, request: Request, texts: list[str]) -> Batches:
        """Start computing texts of a request.

        Raises:
            ModelError: it asks for a reranker that is absent or cannot be used.
        """
        if isinstance(request, Encode):
            assert self._retriever is not None  # the queue is not served before it is loaded
            encoder = self._retriever
            if self._bulk is not None and request.priority is Priority.BULK:
                encoder = self._bulk.encoder_for(len(texts))
            return encoder.encode_batches(texts, is_query=request.is_query)
        self.load_reranker()
        if self._reranker is None:
            raise ModelError(self._reranker_problem)
        return self._reranker.score_batches(request.query, texts)

    def nothing(self, request: Request, count: int) -> NDArray[np.float32]:
        """NaN in place of the values of ``count`` texts."""
        if isinstance(request, Rerank):
            return np.full(count, np.nan, dtype=np.float32)
        assert self._retriever is not None
        return np.full((count, self._retriever.dimension), np.nan, dtype=np.float32)

    def load_reranker(self) -> None:
        """Load the reranker once; a problem is kept for those who ask for it."""
        if self._reranker or self._reranker_problem or self._reranker_folder is None:
            return
        try:
            self._reranker = load_reranker(self._reranker_folder, device=self._reranker_device, threads=self._threads)
        except Exception as error:  # the retriever goes on without it
            logger.warning("the reranker cannot be loaded: %s", one_line(error))
            self._reranker_problem = one_line(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the parent until it closes the line.

    Args:
        arguments: retriever folder, reranker folder or "", threads, device.
    """
    parent = connect_to_parent()
    # Ctrl-C in a terminal reaches the whole group: the parent decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    retriever, reranker, threads, device = sys.argv[1:] if arguments is None else arguments
    models = LoadedModels(Path(retriever), Path(reranker) if reranker else None, threads=int(threads))
    queue = JobQueue()
    listener = threading.Thread(target=_listen, args=(parent, queue, models), name="listener", daemon=True)
    listener.start()
    start = time.perf_counter()
    try:
        choice = models.load(choose_device(device))  # type: ignore[arg-type]  # our parent's own settings
    except Exception as error:
        _send(parent, Unusable(problem=one_line(error)))
        return 1
    _send(parent, Ready(choice=choice, load_seconds=time.perf_counter() - start))
    # After the questions that wait already, before everything that nobody looks at.
    queue.push_task(models.load_reranker, Priority.EDIT)
    while True:
        queue.run_next()


def _listen(parent: Parent, queue: JobQueue, models: LoadedModels) -> None:
    try:
        while True:
            message = parent.receive()
            if isinstance(message, Cancel):
                queue.cancel(message.id)
            elif isinstance(message, Encode | Rerank):
                queue.push(Job(message, models, lambda report: _send(parent, report)))
    except (EOFError, OSError):
        # The main thread may be deep in a forward pass: nothing of it is worth waiting for.
        os._exit(0)
    except BaseException:
        logger.exception("the model worker cannot read its parent's line")
        os._exit(1)


def _send(parent: Parent, report: Report) -> None:
    try:
        parent.send(report)
    except OSError:
        os._exit(0)


def _die_with_parent() -> None:
    """Have the kernel end us with our parent, even while native code holds every thread."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
