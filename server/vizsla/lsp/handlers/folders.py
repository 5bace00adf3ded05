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
        async with changing:
            roots = await dialogue.roots(ls)
            for folders, work in ((params.event.removed, roots.remove), (params.event.added, roots.add)):
                for path in [path_of(folder.uri) for folder in folders]:
                    if path is not None:
                        await ls.run_blocking(work, path)
