"""What takes the place of what runs for a folder: opened beside it, made ready to answer, then put in its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from vizsla.services.engine import Engine
from vizsla.services.open_buffers import Buffer, OpenBuffers
from vizsla.services.resources import Resources
from vizsla.services.root import Root

_SETTLE_SECONDS = 5.0  # that open buffers may take; beyond this they come after the switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one question uses: engines and resources that belong together.

    Attributes:
        resources: of the process.
        engines: of every root, in their order; None for one that is not open.
    """

    resources: Resources
    engines: dict[Root, Engine | None]


@dataclass(slots=True, kw_only=True)
class Newcomer:
    """An engine for a root that another one still serves."""

    root: Root
    engine: Engine
    before: Engine | None
    _delivered: dict[Path, Buffer] = field(default_factory=dict)

    def deliver(self, buffers: OpenBuffers) -> None:
        """Hand on the open buffers that it does not have as they are; the caller keeps them from changing, the last
        time."""
        overlay = self.engine.workspace.overlay
        present = {buffer.path: buffer for buffer in buffers.below(self.root.path)}
        for path in self._delivered.keys() - present.keys():
            overlay.close(self.root.below(path))
        for path, buffer in present.items():
            if self._delivered.get(path) is not buffer:
                overlay.open(self.root.below(path), buffer.text, buffer.version)
        self._delivered = present

    def wait_ready(self) -> None:
        """Load the vectors, and wait for the open buffers.

        Raises:
            VizslaError: the index cannot be read.
        """
        self.engine.workspace.view()
        self.engine.workspace.overlay.wait_settled(_SETTLE_SECONDS)
