"""Open buffers laid over the index of the disk: what is written and not saved is found as if it were saved.

Kept in memory alone: unsaved text is never written to disk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vizsla.index.store import Store
from vizsla.retrieval.layers import Layer
from vizsla.services.reading import Skipped, SourceText

if TYPE_CHECKING:
    from vizsla.services.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """Open buffers as a layer.

    Attributes:
        layer: their functions.
        hides: keys of the functions below that stand in the same files, ascending.
    """

    layer: Layer
    hides: npt.NDArray[np.int64]


class Overlay:
    """The open buffers of one workspace. Any thread may call it; a thread of its own parses and embeds."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.on_settled: Callable[[], None] = lambda: None
        """Called by the thread of the overlay whenever ``is_settled`` became true or false."""

    def open(self, path: str, text: str, version: int | None = None) -> None:
        """A buffer has this text now. Takes far less than a millisecond; the newest call counts.

        Args:
            path: relative to the root, with "/" between the parts; nothing need be there.
            text: the whole buffer.
            version: as the editor counts; told in logs alone.
        """

    change = open

    def close(self, path: str) -> None:
        """A buffer was closed: what is on the disk counts again, at once."""

    def source(self, path: str) -> SourceText | Skipped | None:
        """The text of a buffer, or why it is not indexed, by the rules of ``read_source``; None: it is not open."""
        return None

    def paths(self) -> frozenset[str]:
        """The open buffers, also those that equal the disk."""
        return frozenset()

    @property
    def is_settled(self) -> bool:
        """Whether the newest texts of all buffers are parsed and embedded."""
        return True

    def wait_settled(self, seconds: float) -> bool:
        """Wait until ``is_settled``; whether it came true in time."""
        return True

    @contextlib.contextmanager
    def layer(self, store: Store) -> Iterator[Above | None]:
        """What lies above a store, in one state until the block ends; None when every buffer equals the disk.

        Args:
            store: of the disk, of which the caller holds a snapshot.
        """
        yield None

    def store_changed(self) -> None:
        """The store of the disk moved: look again which buffers differ from it."""

    def close_all(self) -> None:
        """All buffers were closed."""

    def stop(self) -> None:
        """Close all buffers and end the thread; nothing is taken in any more."""
