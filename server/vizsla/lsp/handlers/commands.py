"""``workspace/executeCommand``: what we offer to clients without custom requests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vizsla.lsp import convert, messages
from vizsla.lsp.dialogue import Dialogue
from vizsla.lsp.encoding import path_of
from vizsla.lsp.envelopes import INVALID_PARAMS, RefusedError
from vizsla.lsp.handlers import search, status
from vizsla.lsp.server import VizslaServer
from vizsla.services.roots import Roots


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Offer the commands. Each takes at most one argument."""

    @server.command(messages.COMMAND_SEARCH)
    async def ask(ls: VizslaServer, *arguments: object) -> messages.SearchResult:
        """Like ``vizsla/search``; a text alone is the query."""
        params = only_argument(arguments)
        asked = convert.search_params({"query": params} if isinstance(params, str) else params)
        return await search.answer(ls, dialogue, asked)

    @server.command(messages.COMMAND_STATUS)
    async def tell(ls: VizslaServer, *arguments: object) -> messages.StatusResult:
        """Like ``vizsla/status``."""
        return await status.answer(ls, dialogue, only_argument(arguments))

    for name, work in _ON_FOLDERS.items():
        _register_on_folders(server, dialogue, name, work)


_ON_FOLDERS: dict[str, Callable[[Roots, Path | None], None]] = {
    messages.COMMAND_REBUILD: lambda roots, folder: roots.rebuild(folder),
    messages.COMMAND_PAUSE: lambda roots, folder: roots.pause(folder),
    messages.COMMAND_RESUME: lambda roots, folder: roots.resume(folder),
    messages.COMMAND_CLEAR: lambda roots, folder: roots.clear(folder),
}


def _register_on_folders(
    server: VizslaServer, dialogue: Dialogue, name: str, work: Callable[[Roots, Path | None], None]
) -> None:
    @server.command(name)
    async def on_folder(ls: VizslaServer, *arguments: object) -> None:
        """On the folder that is named by its URI, or on all."""
        folder = _folder(only_argument(arguments))
        roots = await dialogue.roots(ls)
        await ls.run_blocking(work, roots, folder)


def only_argument(arguments: tuple[object, ...]) -> object:
    """The one argument; None without any."""
    if len(arguments) > 1:
        raise RefusedError(INVALID_PARAMS, f"arguments must have at most one item, got {len(arguments)}")
    return arguments[0] if arguments else None


def _folder(uri: object) -> Path | None:
    if uri is None:
        return None
    path = path_of(uri) if isinstance(uri, str) else None
    if path is None:
        raise RefusedError(INVALID_PARAMS, f"arguments[0] must be the URI of a workspace folder, got {uri!r:.60}")
    return path
