"""What all workspaces of this process share: the model worker, the parse workers, the cache of vectors.

Everything here is made when it is first asked for, so that opening a workspace costs nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from vizsla.core.errors import CacheError, ModelError, VizslaError, WorkerDiedError
from vizsla.core.settings import Settings

if TYPE_CHECKING:
    from vizsla.index.embeddings import EmbeddingCache
    from vizsla.models.client import ModelClient
    from vizsla.parsing.pool import ParsePool
    from vizsla.services.model_choice import ModelChoice

logger = logging.getLogger(__name__)


class Resources:
    """Owner of the child processes and of the machine-wide cache. Close it, or use it as a context manager."""

    def __init__(self, settings: Settings, choice: ModelChoice | None = None) -> None:
        """Open nothing yet.

        Args:
            settings: the complete ones.
            choice: the models to open; those that the settings mean when they are opened if None.
        """
        self.settings = settings
        self.fingerprints: tuple[str, str] | None = None
        """Of the retriever and the reranker, "" for none; None as long as the models are not open."""
        self._choice = choice
        self.problems: list[str] = []  # one sentence for each thing that is not as the settings want it
        self._lock = threading.RLock()
        self._models: ModelClient | None = None
        self._models_refused = False
        self._is_closed = False
        self._pool: ParsePool | None = None
        self._embeddings: EmbeddingCache | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    @property
    def models(self) -> ModelClient | None:
        """The model worker's client, or None when no retriever can be used (``problems`` says why)."""
        with self._lock:
            if self._models is None and not (self._models_refused or self._is_closed):
                try:
                    self._models = self._open_models()
                except VizslaError as error:
                    self._models_refused = True
                    self._note(f"{error}; answering from words alone")
            return self._models

    @property
    def pool(self) -> ParsePool:
        """The parse workers.

        Raises:
            WorkerDiedError: everything was closed.
        """
        with self._lock:
            if self._is_closed:
                raise WorkerDiedError("the parse workers were closed; open the workspace again")
            if self._pool is None:
                from vizsla.parsing.pool import ParsePool

                wanted = self.settings.index.parse_workers or min(os.cpu_count() or 1, 8)
                self._pool = ParsePool(wanted, self.settings.index.parse_seconds)
            return self._pool

    @property
    def embeddings(self) -> EmbeddingCache:
        """The machine-wide cache of vectors; one of this process alone where that cannot be used.

        Raises:
            CacheError: everything was closed, or there is no room for temporary files either.
        """
        with self._lock:
            if self._is_closed:
                raise CacheError("the cache of vectors was closed; open the workspace again")
            if self._embeddings is None:
                from vizsla.index.embeddings import EmbeddingCache

                cache = self.settings.cache
                try:
                    self._embeddings = EmbeddingCache(cache.directory, cache.max_embedding_bytes)
                except CacheError as error:
                    self._note(f"{error}; vectors are kept for this process only")
                    self._temporary = tempfile.TemporaryDirectory(prefix="vizsla-")
                    self._embeddings = EmbeddingCache(Path(self._temporary.name), cache.max_embedding_bytes)
            return self._embeddings

    @property
    def cache_directory(self) -> Path:
        """The root of everything that we write."""
        return self.settings.cache.directory

    def close(self) -> None:
        """End the children and close the files; close workspaces first. Safe to call twice."""
        with self._lock, contextlib.ExitStack() as stack:  # whatever fails, the others are closed
            self._is_closed = True
            if self._temporary is not None:
                stack.callback(self._temporary.cleanup)
            for resource in (self._embeddings, self._pool, self._models):
                if resource is not None:
                    stack.callback(resource.close)
            self._models = self._pool = self._embeddings = self._temporary = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_models(self) -> ModelClient:
        from vizsla.models.client import ModelClient
        from vizsla.models.library import resolve
        from vizsla.models.manifest import read_manifest

        wanted = self.settings.models
        retriever, reranker = (self._choice.retriever, self._choice.reranker) if self._choice else (None, None)
        if self._choice is None:
            retriever = resolve(wanted.retriever, "retriever", self.cache_directory)
            try:
                reranker = resolve(wanted.reranker, "reranker", self.cache_directory)
            except VizslaError as error:
                self._note(f"{error}; answering without reranking")
        if retriever is None:
            raise ModelError(f"no retriever is installed under the name {wanted.retriever!r}; see 'vizsla models list'")
        models = ModelClient(retriever, reranker, device=wanted.device, threads=wanted.threads)
        if reranker is not None and models.reranker_problem:
            self._note(f"{models.reranker_problem}; answering without reranking")
        second = read_manifest(reranker).fingerprint if reranker is not None and models.has_reranker else ""
        self.fingerprints = (models.fingerprint, second)
        return models

    def _note(self, sentence: str) -> None:
        logger.warning("%s", sentence)
        self.problems.append(sentence)
