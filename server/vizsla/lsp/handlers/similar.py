"""``vizsla/similar``: functions like the one at a place."""

from __future__ import annotations

from vizsla.lsp import convert, messages
from vizsla.lsp.dialogue import Dialogue, client_folders
from vizsla.lsp.encoding import utf16_character
from vizsla.lsp.server import VizslaServer
from vizsla.services.reading import column_of_text, read_line
from vizsla.services.roots import Roots


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Answer ``vizsla/similar``."""

    @server.feature(messages.SIMILAR)
    async def similar(ls: VizslaServer, params: object) -> messages.SearchResult:
        """The place is looked up in the text that the client sees."""
        asked = convert.similar_params(params)
        roots = await dialogue.roots(ls)
        line = await _line(ls, dialogue, roots, asked)
        character = column_of_text(line, utf16_character(line, asked.character, ls.position_encoding))
        found = await roots.similar(asked.path, asked.line, character, limit=asked.limit)
        return convert.search_result(found, ls.position_encoding, client_folders(roots))


async def _line(ls: VizslaServer, dialogue: Dialogue, roots: Roots, asked: convert.SimilarParams) -> str:
    """The line that is asked about, of the buffer or the file; empty when there is none to read."""
    buffer = dialogue.buffers.get(asked.uri)
    if buffer is not None:
        return buffer.line(asked.line)

    def read() -> str:
        place = roots.locate(asked.path)
        return read_line(place[0].path, place[1], asked.line, ls.settings.index) if place else ""

    return await ls.run_blocking(read)
