"""What an index holds, laid open for comparison, and a workspace beside the one that is tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from vizsla.core.settings import Settings
from vizsla.core.types import ContentHash
from vizsla.index.embeddings import EmbeddingCache
from vizsla.models.client import ModelClient, Priority
from vizsla.services.resources import Resources
from vizsla.services.workspace import Workspace


class CountedModels:
    """A real model client that remembers which texts of functions it was asked to encode."""

    def __init__(self, models: ModelClient) -> None:
        self._models = models
        self.texts: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._models, name)

    def encode(self, texts: Sequence[str], *, is_query: bool, priority: Priority) -> object:
        if not is_query:
            self.texts.extend(texts)
        return self._models.encode(texts, is_query=is_query, priority=priority)


class BorrowedResources(Resources):
    """A cache directory of its own, with the children of other resources."""

    def __init__(self, settings: Settings, lender: Resources) -> None:
        super().__init__(settings)
        self._lender = lender
        assert lender.models is not None
        self.counted = CountedModels(lender.models)
        self._models = cast(ModelClient, self.counted)
        self._pool = lender.pool

    def close(self) -> None:
        """Close what is not borrowed."""
        self._models = self._pool = None
        super().close()


def borrow(lender: Resources, directory: Path) -> BorrowedResources:
    """Resources with a cache in ``directory``."""
    settings = replace(lender.settings, cache=replace(lender.settings.cache, directory=directory))
    return BorrowedResources(settings, lender)


@contextmanager
def sharing_vectors(lender: Resources, cache: EmbeddingCache, directory: Path) -> Iterator[BorrowedResources]:
    """Resources with workspaces in ``directory`` and the vectors of ``cache``: a fresh index that encodes nothing."""
    resources = borrow(lender, directory)
    resources._embeddings = cache
    try:
        yield resources
    finally:
        resources._embeddings = None
        resources.close()


Stored = dict[tuple[str, str, str, int, int, bytes], list[bytes | None]]


def stored(workspace: Workspace, *, with_vectors: bool) -> Stored:
    """Every function by all that tells it apart, with the vectors that stand for it, or only whether there are."""
    view = workspace.view()
    keys, _ = view.store.all_keys_and_hashes()
    found: Stored = {}
    for key, one in view.store.functions(keys.tolist()).items():
        vector = view.vectors.vector_of(key) if view.vectors is not None else None
        name = (one.path, one.qualified_name, one.kind.value, one.span.start, one.span.end, bytes(one.content_hash))
        found.setdefault(name, []).append(None if vector is None else rounded(vector) if with_vectors else b"")
    for vectors in found.values():
        vectors.sort(key=lambda vector: vector or b"")
    if view.vectors is not None:
        assert set(view.vectors.keys().tolist()) <= set(keys.tolist()), "a vector of a function that is gone"
    return found


def rounded(vector: npt.NDArray[np.float32]) -> bytes:
    """A vector as it is stored."""
    return np.rint(vector * 1_000).astype(np.int16).tobytes()


def found_by(workspace: Workspace, words: Sequence[str]) -> dict[str, list[tuple[str, int, float]]]:
    """For each word the places that full text finds, with their scores."""
    found = {}
    for word in words:
        matches = workspace.store.search_words([word], 1_000)
        functions = workspace.store.functions([match.key for match in matches])
        found[word] = sorted(
            (functions[match.key].path, functions[match.key].span.start, round(match.score, 3)) for match in matches
        )
    return found


def missing(workspace: Workspace) -> set[ContentHash]:
    """Contents of stored functions without a vector."""
    view = workspace.view()
    assert view.vectors is not None
    keys, hashes = view.store.all_keys_and_hashes()
    return {value for key, value in zip(keys.tolist(), hashes, strict=True) if key not in view.vectors}
