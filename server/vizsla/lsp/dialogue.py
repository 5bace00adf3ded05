"""What is known of the one client of this process: what it can, what it has open, what it asks at this moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from vizsla.core.errors import WorkspaceError
from vizsla.lsp.buffers import Buffers
from vizsla.lsp.messages import Token
from vizsla.lsp.options import Client
from vizsla.lsp.questions import Questions, is_same, is_typed_on

if TYPE_CHECKING:
    from vizsla.lsp.server import VizslaServer
    from vizsla.services.roots import Roots


OPEN_SECONDS = 1.0
"""How long a question waits for folders to be opened; beyond it, the others answer."""


@dataclass(slots=True, kw_only=True)
class Dialogue:
    """Used on the event loop only.

    Attributes:
        client: the other side, as it said in ``initialize``.
        buffers: the documents that are open.
        sessions: open questions of ``vizsla/search`` that name a session.
        typed: open questions of ``workspace/symbol``.
        cancels: what to call when the user cancels the progress with this token.
        refused: one sentence for each setting that is refused at present.
        configuring: held while settings are asked for and applied.
        begun: set as soon as there are folders to ask, or it is known that there will be none.
    """

    client: Client = field(default_factory=Client)
    buffers: Buffers = field(default_factory=Buffers)
    sessions: Questions = field(default_factory=lambda: Questions(is_same))
    typed: Questions = field(default_factory=lambda: Questions(is_typed_on))
    cancels: dict[Token, Callable[[], object]] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    configuring: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    _openings: int = 0
    _opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def roots(self, ls: VizslaServer) -> Roots:
        """The workspace folders, once those that the client named are open; one that takes long is not waited for.

        Raises:
            WorkspaceError: none can be opened.
        """
        await self.begun.wait()
        if self._openings:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._opened.wait(), OPEN_SECONDS)
        if ls.roots is None:
            raise WorkspaceError("the workspace cannot be opened; see the server's log")
        return ls.roots

    @contextlib.contextmanager
    def opening(self) -> Iterator[None]:
        """Questions that come meanwhile wait, for folders are being opened."""
        self._openings += 1
        self._opened.clear()
        try:
            yield
        finally:
            self._openings -= 1
            if not self._openings:
                self._opened.set()


def client_folders(roots: Roots) -> Mapping[Path, Path]:
    """The name under which the client knows each folder, which it may have come to by a link; by the real path."""
    names = {root.path: frozenset(root.names) for root in roots.all()}  # other threads add and take away
    return {path: path if path in known else min(known) for path, known in names.items() if known}


def warn(ls: VizslaServer, sentence: str) -> None:
    """Tell the user what only the user can mend."""
    ls.window_show_message(types.ShowMessageParams(type=types.MessageType.Warning, message=f"Vizsla: {sentence}"))
