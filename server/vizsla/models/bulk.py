"""What embeds whole workspaces: the retriever itself until there is much to embed, then OpenVINO in its place.

It is opened beside the work, so that nobody waits for it, must give the same vectors, and goes again when nothing was
asked for a while: questions and edits, a few texts each, are for the retriever alone.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vizsla.models.bi_encoder import BiEncoder
from vizsla.models.jobs import one_line

_MUCH = 256
"""Texts after which it is opened: with fewer they are embedded before it is."""

_IDLE_SECONDS = 60.0
_SAMPLES = ("def read_file(path):\n    return open(path).read()", "where are failed uploads tried again")
_LEAST_COSINE = 0.99  # between eight bits and bf16 it is .998

logger = logging.getLogger(__name__)


class BulkEncoder:
    """Chooses the encoder for texts that nobody waits for. Asked by one thread."""

    def __init__(
        self, retriever: BiEncoder, folder: Path, *, threads: int, idle_seconds: float = _IDLE_SECONDS
    ) -> None:
        """Make it; nothing is loaded yet.

        Args:
            retriever: the model as it is loaded.
            folder: its folder.
            threads: of a forward pass; 0 is one per physical core.
            idle_seconds: without a request, after which memory is given back.
        """
        self._retriever = retriever
        self._folder = folder
        self._threads = threads
        self._idle_seconds = idle_seconds
        self._asked = 0
        self._gone_tokens = 0
        self._opened: BiEncoder | None = None
        self._opening: threading.Thread | None = None
        self._idle: threading.Timer | None = None

    @property
    def tokens(self) -> int:
        """Tokens that went through OpenVINO so far, padding left out."""
        opened = self._opened
        return self._gone_tokens + (opened.tokens if opened else 0)

    def encoder_for(self, count: int) -> BiEncoder:
        """The encoder for so many texts more."""
        self._asked += count
        if self._opening is None and self._asked >= _MUCH:
            expected = self._retriever.encode(_SAMPLES, is_query=False)
            self._opening = threading.Thread(target=self._open, args=(expected,), name="open-openvino", daemon=True)
            self._opening.start()
        opened = self._opened
        if opened is None:
            return self._retriever
        if self._idle is not None:
            self._idle.cancel()
        self._idle = threading.Timer(self._idle_seconds, self.close)
        self._idle.daemon = True
        self._idle.start()
        return opened

    def join(self) -> None:
        """Wait until what is being opened is there, or cannot be."""
        if self._opening is not None:
            self._opening.join()

    def _open(self, expected: NDArray[np.float32]) -> None:
        """Have it there, if it gives the vectors that are expected of the samples. (samples, dimension)"""
        try:
            from vizsla.models.openvino_backend import OpenVinoBackend

            opened = self._retriever.on(OpenVinoBackend(self._folder, self._retriever.manifest, threads=self._threads))
            given = opened.encode(_SAMPLES, is_query=False)
        except Exception as error:  # the retriever does it all, as it does on other processors
            logger.warning("whole workspaces are embedded without OpenVINO: %s", one_line(error))
            return
        lengths = np.linalg.norm(expected, axis=1) * np.linalg.norm(given, axis=1)
        least = float(np.min((expected * given).sum(axis=1) / lengths))
        if not least >= _LEAST_COSINE:
            logger.warning("OpenVINO gives other vectors, cosine %.3f, and is not used", least)
            return
        opened.tokens = 0  # those of the samples are nobody's
        self._opened = opened

    def close(self) -> None:
        """Give its memory back; it is opened again when there is much to embed."""
        if self._idle is not None:
            self._idle.cancel()
        opened, self._opened = self._opened, None
        self._gone_tokens += opened.tokens if opened else 0
        self._asked, self._opening = 0, None
