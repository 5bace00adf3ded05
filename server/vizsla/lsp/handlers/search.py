"""``vizsla/search``: a question to hits, the fused ones at once, the reranked ones after."""

from __future__ import annotations

from lsprotocol import types

from vizsla.lsp import convert, messages
from vizsla.lsp.dialogue import Dialogue, client_folders
from vizsla.lsp.progress import reported
from vizsla.lsp.server import VizslaServer


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Answer ``vizsla/search``."""

    @server.feature(messages.SEARCH)
    async def search(ls: VizslaServer, params: object) -> messages.SearchResult:
        """Cancelling takes effect between the stages of the search; a newer question of the session cancels too."""
        return await answer(ls, dialogue, convert.search_params(params))


async def answer(ls: VizslaServer, dialogue: Dialogue, asked: convert.SearchParams) -> messages.SearchResult:
    """The last and best answer; a newer question of the same session takes its place."""
    answering = _answer(ls, dialogue, asked)
    return await (dialogue.sessions.newest(asked.session, answering) if asked.session else answering)


async def _answer(ls: VizslaServer, dialogue: Dialogue, asked: convert.SearchParams) -> messages.SearchResult:
    """The last and best answer; every one of them goes to the partial-result token as soon as it is there."""
    with reported(ls, dialogue, asked.work, "Searching"):
        roots = await dialogue.roots(ls)
        async for found in roots.answers(asked.request):
            result = convert.search_result(found, ls.position_encoding, client_folders(roots))
            if asked.partial is not None:
                ls.progress(types.ProgressParams(token=asked.partial, value=result))
    return result
