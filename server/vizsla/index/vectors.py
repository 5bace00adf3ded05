"""Nearest neighbours by cosine: a cache of the store, safe to delete."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import typing as npt

from vizsla.core.types import Fingerprint, FunctionKey
from vizsla.index import vector_files
from vizsla.index.flat import FlatVectors
from vizsla.index.graph import Graph
from vizsla.index.quantise import quantised, usable

EXACT_BELOW = 300_000
"""Below this many vectors all of them are compared; see docs/benchmarks.md for where a graph becomes faster."""

_LINKED_AT_ONCE = 100  # vectors, while questions wait: some ten milliseconds
_MOST_OUTSIDE = 5_000  # of vectors that are compared one by one beside the graph


class VectorIndex:
    """Vectors by key. Every method may be called from any thread."""

    def __init__(self, dimension: int, *, exact_below: int = EXACT_BELOW) -> None:
        if dimension <= 0:
            raise ValueError(f"dimension must be positive, got {dimension}")
        self._dimension = dimension
        self._exact_below = exact_below
        self._flat = FlatVectors(dimension)
        self._graph: Graph | None = None
        self._outside = np.empty(0, dtype=np.int64)  # keys that the graph does not have yet, ascending
        self._lock = threading.RLock()

    @property
    def dimension(self) -> int:
        """How many components each vector has."""
        return self._dimension

    @property
    def is_linked(self) -> bool:
        """Whether a graph has all vectors."""
        return self._graph is not None and not len(self._outside)

    def __len__(self) -> int:
        with self._lock:
            return len(self._flat)

    def __contains__(self, key: object) -> bool:
        with self._lock:
            return isinstance(key, int) and key in self._flat

    def keys(self) -> npt.NDArray[np.int64]:
        """All keys that have a vector (n,), ascending."""
        with self._lock:
            return self._flat.items()[0].copy()

    def add(self, keys: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """Add vectors, or replace those of keys that have one.

        Args:
            keys: (n,), none twice.
            vectors: (n, dimension), of any length but zero.

        Returns:
            The keys whose vectors were refused, for they were not finite or zero.

        Raises:
            ValueError: the shapes do not fit, or a key comes twice.
        """
        keys = np.asarray(keys, dtype=np.int64)
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.shape != (len(keys), self._dimension):
            raise ValueError(f"need vectors of shape {(len(keys), self._dimension)}, got {vectors.shape}")
        if len(np.unique(keys)) != len(keys):
            raise ValueError("a key comes twice")
        good = usable(vectors)
        with self._lock:
            self._remove(keys[good])
            self._flat.add(keys[good], quantised(vectors[good]))
            if self._graph is not None:
                self._outside = np.union1d(self._outside, keys[good])
        return keys[~good]

    def remove(self, keys: Iterable[FunctionKey] | npt.NDArray[np.int64]) -> None:
        """Forget vectors; keys without one are passed over."""
        with self._lock:
            self._remove(np.fromiter((int(key) for key in keys), dtype=np.int64))

    def prepare(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Link vectors into a graph when there are too many to read for each question. Slow; others may go on.

        Args:
            stop: asked every few milliseconds; when it says True, the rest is left for the next call.
        """
        while not stop():
            with self._lock:
                if self._graph is None:
                    if len(self._flat) < self._exact_below:
                        return
                    self._graph, self._outside = Graph(self._dimension), self._flat.items()[0].copy()
                keys, self._outside = self._outside[:_LINKED_AT_ONCE], self._outside[_LINKED_AT_ONCE:]
                if not len(keys):
                    return
                self._graph.add(keys, self._flat.rows(self._flat.rows_of(keys)))

    def nearest(
        self, query: npt.NDArray[np.float32], count: int, allowed: npt.NDArray[np.int64] | None = None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """The keys nearest to a vector.

        Args:
            query: (dimension,), of any length but zero.
            count: at most so many.
            allowed: ascending keys that may answer; None allows all.

        Returns:
            Keys and their cosines in [-1, 1], best first, equal ones by the smaller key.

        Raises:
            ValueError: ``query`` has another shape, or no direction.
        """
        query = self._unit(query)
        with self._lock:
            if allowed is None and self._graph is not None and len(self._outside) <= _MOST_OUTSIDE and count > 0:
                found = self._graph.nearest(quantised(query[None])[0], 2 * count + 8)
                allowed = np.union1d(found, self._outside)
            return self._flat.nearest(query, count, allowed)

    def cosines(
        self, query: npt.NDArray[np.float32], keys: Iterable[FunctionKey] | npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """The cosine of each key's vector with ``query`` (dimension,), in the order of ``keys``; NaN without one."""
        query = self._unit(query)
        wanted = np.fromiter((int(key) for key in keys), dtype=np.int64)
        cosines = np.full(len(wanted), np.nan, dtype=np.float32)
        with self._lock:
            places = self._flat.rows_of(wanted)
            found = places >= 0
            cosines[found] = self._flat.cosines(query, places[found])
        return cosines

    def vector_of(self, key: FunctionKey) -> npt.NDArray[np.float32] | None:
        """The unit vector (dimension,) of a key, or None."""
        with self._lock:
            place = self._flat.rows_of(np.array([key], dtype=np.int64))
            return None if place[0] < 0 else self._flat.vectors(place)[0]

    def save(self, directory: Path, generation: int, fingerprint: Fingerprint, *, identity: str = "") -> None:
        """Write the vectors into ``directory``, whole or not at all.

        Args:
            directory: private.
            generation: of the store, when it had these functions.
            fingerprint: of the model that made the vectors.
            identity: of the store.

        Raises:
            CacheError: they could not be written; what was saved before is still there.
        """
        with self._lock:
            keys, matrix = self._flat.items()
            vector_files.save(
                directory,
                keys,
                matrix,
                self._graph,
                generation=generation,
                fingerprint=fingerprint,
                identity=identity,
            )

    @classmethod
    def load(
        cls,
        directory: Path,
        fingerprint: Fingerprint,
        *,
        dimension: int,
        identity: str = "",
        exact_below: int = EXACT_BELOW,
    ) -> Loaded:
        """Read what ``save`` wrote, if it is undamaged and of this model and store.

        A vector never changes under its key, so vectors of an older generation are right as far as they go: remove
        the keys that the store has no more, add those that are new.
        """
        found = vector_files.load(directory, dimension=dimension, fingerprint=fingerprint, identity=identity)
        if isinstance(found, str):
            return Loaded(index=None, generation=None, problem=found)
        index = cls(dimension, exact_below=exact_below)
        index._flat = FlatVectors.of(found.keys, found.rows)
        if found.graph is not None and len(found.keys) >= exact_below:
            linked = np.sort(found.graph.keys())
            found.graph.remove(np.setdiff1d(linked, found.keys, assume_unique=True))
            index._graph, index._outside = found.graph, np.setdiff1d(found.keys, linked, assume_unique=True)
        return Loaded(index=index, generation=found.generation, problem="")

    def _remove(self, keys: npt.NDArray[np.int64]) -> None:
        if self._graph is not None:
            held = np.unique(keys[self._flat.rows_of(keys) >= 0])
            self._graph.remove(np.setdiff1d(held, self._outside, assume_unique=True))
            self._outside = np.setdiff1d(self._outside, held, assume_unique=True)
        self._flat.remove(keys)
        if self._graph is not None and len(self._flat) < self._exact_below // 2:
            self._graph = None

    def _unit(self, query: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        query = np.asarray(query, dtype=np.float32)
        if query.shape != (self._dimension,):
            raise ValueError(f"need a query of shape {(self._dimension,)}, got {query.shape}")
        if not usable(query[None])[0]:
            raise ValueError("the query vector is zero or not finite")
        return query / np.linalg.norm(query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read: an index and the store's generation that it was saved for, or why there is none."""

    index: VectorIndex | None
    generation: int | None
    problem: str
