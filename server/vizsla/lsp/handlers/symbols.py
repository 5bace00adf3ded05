"""``workspace/symbol``: questions in plain words and names of symbols alike, for clients without any plug-in."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from lsprotocol import types

from vizsla.core.errors import QueryError
from vizsla.lsp import convert
from vizsla.lsp.dialogue import Dialogue, client_folders
from vizsla.lsp.server import VizslaServer
from vizsla.services.answers import SearchRequest

logger = logging.getLogger(__name__)


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Answer ``workspace/symbol``."""

    @server.feature(types.WORKSPACE_SYMBOL)
    async def symbols(ls: VizslaServer, params: types.WorkspaceSymbolParams) -> Sequence[types.WorkspaceSymbol]:
        """A question that goes on with the text of an open one, or shortens it, takes its place."""
        return await dialogue.typed.newest(params.query, _answer(ls, dialogue, params.query))


async def _answer(ls: VizslaServer, dialogue: Dialogue, query: str) -> Sequence[types.WorkspaceSymbol]:
    """The best answer. Of a question that is only half typed there is none, and nobody need be told."""
    roots = await dialogue.roots(ls)
    try:
        *_, found = [answer async for answer in roots.answers(SearchRequest(query=query))]
    except QueryError as error:
        logger.info("workspace/symbol: %s", error)
        return []
    return convert.workspace_symbols(found, ls.position_encoding, client_folders(roots), dialogue.client.symbol_kinds)
