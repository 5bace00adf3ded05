"""What one stage of a question sees: the index of the disk with its vectors, and the open buffers above it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex
from vizsla.retrieval.layers import Layer
from vizsla.services.overlay import Overlay


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A store and its own vectors: keys of the one are right in the other, also after both were replaced."""

    store: Store
    vectors: VectorIndex | None
    overlay: Overlay

    @contextlib.contextmanager
    def layers(self) -> Iterator[tuple[Layer, ...]]:
        """The store and the open buffers above it, each and both together in one state until the block ends."""
        with self.store.snapshot(), self.overlay.layer(self.store) as above:
            below = Layer(store=self.store, vectors=self.vectors)
            if above is None:
                yield (below,)
            else:
                yield replace(below, hidden=above.hides), above.layer
