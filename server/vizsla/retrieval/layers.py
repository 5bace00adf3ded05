"""A store with its vectors as one layer of several: what lies above hides some of what is below."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizsla.core.types import FunctionKey
from vizsla.index.corpus import Corpus
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex


def _nothing() -> npt.NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Functions and their vectors. No key is in two layers.

    Attributes:
        store: where functions and their words are.
        vectors: of the functions; None: words alone.
        hidden: keys of functions that do not count, ascending: their file is in another layer.
        paths: files that are in no layer below, so that their paths count; None for all of the store's.
        places: for functions of files that other layers have as well, the key there of what is the same function:
            equal scores are put in its order.
    """

    store: Store
    vectors: VectorIndex | None
    hidden: npt.NDArray[np.int64] = field(default_factory=_nothing)
    paths: frozenset[str] | None = None
    places: Mapping[FunctionKey, FunctionKey] = field(default_factory=dict)

    def place(self, key: FunctionKey) -> FunctionKey:
        """What equal scores are ordered by."""
        return self.places.get(key, key)

    def corpus(self, words: Sequence[str]) -> Corpus:
        """What it adds to what BM25 must know."""
        return self.store.corpus(words, hidden=self.hidden, paths=self.paths)

    def by_words(
        self, words: Sequence[str], count: int, allowed: npt.NDArray[np.int64] | None, corpus: Corpus
    ) -> list[tuple[FunctionKey, float]]:
        """The best ``count`` functions by their words, with their scores against the whole ``corpus``."""
        found = self.store.search_words(words, count, allowed, hidden=self.hidden, corpus=corpus)
        return [(match.key, match.score) for match in found]

    def nearest(
        self, query: npt.NDArray[np.float32], count: int, allowed: npt.NDArray[np.int64] | None
    ) -> list[tuple[FunctionKey, float]]:
        """The ``count`` functions nearest to a vector (dimension,), with their cosines."""
        if self.vectors is None:
            return []
        if allowed is not None and len(self.hidden):
            allowed = np.setdiff1d(allowed, self.hidden, assume_unique=True)
        more = 0 if allowed is not None else len(self.hidden)
        keys, cosines = self.vectors.nearest(query, count + more, allowed)
        if more:
            shown = ~np.isin(keys, self.hidden)
            keys, cosines = keys[shown][:count], cosines[shown][:count]
        return [(FunctionKey(key), cosine) for key, cosine in zip(keys.tolist(), cosines.tolist(), strict=True)]

    def cosines(self, query: npt.NDArray[np.float32], keys: Sequence[FunctionKey]) -> list[float]:
        """The cosine of each function's vector with ``query`` (dimension,); NaN without one."""
        if self.vectors is None:
            return [float("nan")] * len(keys)
        found: list[float] = self.vectors.cosines(query, keys).tolist()
        return found


@contextlib.contextmanager
def snapshots(layers: Sequence[Layer]) -> Iterator[None]:
    """All layers are read in one state each, until the block ends."""
    with contextlib.ExitStack() as stack:
        for layer in layers:
            stack.enter_context(layer.store.snapshot())
        yield
