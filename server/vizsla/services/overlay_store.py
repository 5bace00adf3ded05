"""The functions of open buffers in memory, and how they lie above those of the disk."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vizsla.core.types import FunctionKey, IndexEntry
from vizsla.index import delta
from vizsla.index.records import FileChange, FileRecord
from vizsla.index.store import Store
from vizsla.models.client import ModelClient
from vizsla.retrieval.layers import Layer
from vizsla.services.overlay_vectors import OverlayVectors

if TYPE_CHECKING:
    from vizsla.services.resources import Resources

FIRST_KEY = 1 << 48
"""Keys of functions of open buffers begin here, so that they never mean a function of the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """Open buffers as a layer.

    Attributes:
        layer: their functions.
        hides: keys of the functions below that stand in the same files, ascending.
    """

    layer: Layer
    hides: npt.NDArray[np.int64]


class OverlayStore:
    """Files by their unsaved text. One thread changes it; ``layer`` and ``hide`` are for any."""

    def __init__(self, resources: Resources, models: ModelClient | None, wake: Callable[[], None]) -> None:
        """Make an empty one.

        Args:
            resources: hold the machine-wide cache of vectors.
            models: make vectors; None: words alone.
            wake: called from another thread when ``vectors`` have something to do.
        """
        self.store = Store.in_memory(FIRST_KEY)
        self.vectors = None if models is None else OverlayVectors(self.store, resources, models, wake)
        self._changing = threading.RLock()  # held while files change, and while a question reads
        self._names = threading.Lock()  # guards what follows; never held for long
        self._shown: dict[str, FileRecord] = {}
        self._edition = 0
        self._above: tuple[tuple[object, ...], Above] | None = None
        self._maybe_new: set[str] = set()  # shown paths without functions below

    def close(self) -> None:
        """Give everything up."""
        if self.vectors is not None:
            self.vectors.close()
        with self._changing:
            with self._names:
                self._shown = {}
            self.store.close()

    def shown(self) -> dict[str, FileRecord]:
        """The files that count instead of those of the disk."""
        with self._names:
            return dict(self._shown)

    def show(self, record: FileRecord, entries: Sequence[IndexEntry], is_wanted: Callable[[], bool]) -> None:
        """Have a file count as it is in a buffer.

        Args:
            record: of the text.
            entries: its functions; none for a text that is not indexed.
            is_wanted: asked at the last moment; False leaves the file hidden.
        """
        with self._changing:
            before = self.store.functions_of(record.path)
            (changed,) = self.store.replace_files([FileChange(record=record, entries=entries)])
            if self.vectors is not None:
                self.vectors.replaced(before, changed)
            with self._names:
                if is_wanted():
                    self._shown[record.path] = record
                self._edition += 1

    def hide(self, path: str) -> None:
        """Have the disk count again. At once."""
        with self._names:
            self._shown.pop(path, None)
            self._edition += 1

    def drop(self, path: str) -> None:
        """Forget a file."""
        with self._changing:
            self.hide(path)
            removed = self.store.remove_files([path])
            if self.vectors is not None:
                self.vectors.index.remove(removed)

    @contextlib.contextmanager
    def layer(self, below: Store) -> Iterator[Above | None]:
        """What lies above a store, in one state until the block ends; None when nothing does.

        Args:
            below: of the disk, of which the caller holds a snapshot.
        """
        with self._changing:
            with self._names:
                shown, edition = frozenset(self._shown), self._edition
            if not shown:
                yield None
                return
            state = (id(below), below.identity, below.generation, edition)
            if self._above is None or self._above[0] != state:
                self._above = (state, self._laid_over(below, shown))
            above, new = self._above[1], frozenset(path for path in self._maybe_new if below.file(path) is None)
            if new != above.layer.paths:  # a file without functions came, which is no new generation
                above = replace(above, layer=replace(above.layer, paths=new))
            with self.store.snapshot():
                yield above

    def _laid_over(self, below: Store, shown: frozenset[str]) -> Above:
        hides: list[FunctionKey] = []
        places: dict[FunctionKey, FunctionKey] = {}
        self._maybe_new = set()
        for path in shown:
            old, now = below.contents_of(path), self.store.contents_of(path)
            hides += [key for key, _ in old]
            kept = delta.match(old, [content for _, content in now]).keys
            places.update((key, place) for (key, _), place in zip(now, kept, strict=True) if place is not None)
            if not old:
                self._maybe_new.add(path)
        gone = [key for path in self.store.files().keys() - shown for key, _ in self.store.contents_of(path)]
        layer = Layer(
            store=self.store,
            vectors=None if self.vectors is None else self.vectors.index,
            hidden=np.array(sorted(gone), dtype=np.int64),
            paths=frozenset(),
            places=places,
        )
        return Above(layer=layer, hides=np.array(sorted(hides), dtype=np.int64))
