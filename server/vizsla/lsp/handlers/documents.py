"""Open documents: what is being written is searched as it stands in the editor."""

from __future__ import annotations

from lsprotocol import types

from vizsla.lsp.buffers import Buffer
from vizsla.lsp.dialogue import Dialogue
from vizsla.lsp.encoding import path_of
from vizsla.lsp.server import VizslaServer


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Follow what the editor has open."""
    buffers = dialogue.buffers

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: VizslaServer, params: types.DidOpenTextDocumentParams) -> None:
        """The editor's text counts from now on."""
        hand_on(ls, params.text_document.uri, buffers.open(params.text_document))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: VizslaServer, params: types.DidChangeTextDocumentParams) -> None:
        """The newest text counts."""
        buffer = buffers.change(params.text_document, params.content_changes, ls.position_encoding)
        if buffer is not None:
            hand_on(ls, params.text_document.uri, buffer)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: VizslaServer, params: types.DidCloseTextDocumentParams) -> None:
        """The disk counts again."""
        path = path_of(params.text_document.uri)
        if buffers.close(params.text_document.uri) and path is not None and ls.roots is not None:
            ls.roots.close_buffer(path)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(ls: VizslaServer, params: types.DidSaveTextDocumentParams) -> None:
        """The disk has changed."""
        path, roots = path_of(params.text_document.uri), ls.roots
        if path is not None and roots is not None:
            await ls.run_blocking(roots.changed, [path])


def hand_on(ls: VizslaServer, uri: str, buffer: Buffer) -> None:
    """Have a text searched. Before the folders are open it waits in the buffers."""
    path = path_of(uri)
    if path is not None and ls.roots is not None:
        # One character beyond the limit says as well as the rest that it is too large.
        ls.roots.open_buffer(path, buffer.text(ls.settings.index.max_file_bytes), buffer.version)
