"""``vizsla/opened``: the user opened a hit, which is remembered only when the user wants it."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from vizsla.core.errors import VizslaError
from vizsla.lsp import messages
from vizsla.lsp.dialogue import Dialogue
from vizsla.lsp.fields import Fields
from vizsla.lsp.server import VizslaServer
from vizsla.services.feedback import note_opened, opened_hit

logger = logging.getLogger(__name__)


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Hear of hits that were opened."""

    @server.feature(messages.OPENED)
    async def opened(ls: VizslaServer, params: object) -> None:
        """A notification: what is wrong with it is nobody's to answer."""
        if not ls.settings.feedback.enabled:
            return
        fields = Fields(params)
        query, location = fields.required_text("query"), fields.child("location")
        start = location.child("range").child("start")
        place = location.file("uri"), start.required_whole("line"), start.required_whole("character")
        await dialogue.roots(ls)
        await ls.run_blocking(_note, ls, query, *place)


def _note(ls: VizslaServer, query: str, file: Path, line: int, character: int) -> None:
    """Columns are taken as they come: what stands before a function on its line is nearly always blank."""
    place = ls.roots.locate(file) if ls.roots is not None else None
    if ls.roots is None or place is None:
        return
    with contextlib.suppress(VizslaError), ls.roots.holding():
        workspace = place[0].workspace
        hit = opened_hit(workspace, query, place[1], line, character) if workspace is not None else None
        if hit is not None:
            note_opened(ls.settings.cache.directory, hit)
            return
    logger.debug("an opened hit was not noted")
