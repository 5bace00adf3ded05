"""One file per group of messages: each handler converts, calls one service, converts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vizsla.lsp.dialogue import Dialogue
from vizsla.lsp.handlers import (
    commands,
    configuration,
    documents,
    files,
    folders,
    lifecycle,
    opened,
    search,
    similar,
    status,
    symbols,
    training,
)

if TYPE_CHECKING:
    from vizsla.lsp.server import VizslaServer


def register(server: VizslaServer) -> None:
    """Give the server all its handlers."""
    dialogue = Dialogue()
    asking = (search, similar, symbols, status, commands, training, opened)
    for group in (lifecycle, configuration, folders, files, documents, *asking):
        group.register(server, dialogue)
