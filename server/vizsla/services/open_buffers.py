"""The files that are open in the editor, by their real paths, whichever workspace folders hold them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vizsla.services.nesting import resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """A file as the editor shows it; ``version`` counts as the editor does."""

    path: Path
    text: str
    version: int | None


class OpenBuffers:
    """Remembers them, so that a folder that is added later has them too. Any thread may call it."""

    def __init__(self) -> None:
        self.delivering = threading.RLock()
        """Held while buffers are handed on, so that nobody is handed an older text after a newer one."""
        self._real: dict[Path, Path] = {}  # each is looked up on the disk when it is opened, not at every keystroke
        self._buffers: dict[Path, Buffer] = {}

    def open(self, path: Path, text: str, version: int | None, deliver: Callable[[Buffer], None]) -> None:
        """A buffer has this text now; it is known by its path without links, as saving it writes through them."""
        with self.delivering:
            real = self._real.get(path) or resolved(path)
            self._real[path] = real
            self._buffers[real] = buffer = Buffer(path=real, text=text, version=version)
            deliver(buffer)

    def close(self, path: Path, deliver: Callable[[Path], None]) -> None:
        """A buffer was closed; what is still open under another name stays."""
        with self.delivering:
            real = self._real.pop(path, None)
            if real is not None and real not in self._real.values():
                del self._buffers[real]
                deliver(real)

    def below(self, folder: Path) -> Iterator[Buffer]:
        """Those in a folder, at any depth."""
        with self.delivering:
            buffers = list(self._buffers.values())
        return (buffer for buffer in buffers if buffer.path.is_relative_to(folder))
