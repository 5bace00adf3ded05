"""Workspace folders that come and go."""

from __future__ import annotations

import asyncio

from lsprotocol import types

from vizsla.lsp.dialogue import Dialogue
from vizsla.lsp.encoding import path_of
from vizsla.lsp.server import VizslaServer


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Follow the client's folders."""
    changing = asyncio.Lock()  # one change after the other: a folder may go and come again

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def did_change(ls: VizslaServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
        """What was removed is forgotten, what was added is indexed."""
        with dialogue.opening():
            await dialogue.begun.wait()
            async with changing:
                for folder in params.event.removed:
                    await _change(ls, folder, to_add=False)
                for folder in params.event.added:
                    await _change(ls, folder, to_add=True)


async def _change(ls: VizslaServer, folder: types.WorkspaceFolder, *, to_add: bool) -> None:
    path = path_of(folder.uri)
    if path is not None and ls.roots is not None:
        await ls.run_blocking(ls.roots.add if to_add else ls.roots.remove, path)
