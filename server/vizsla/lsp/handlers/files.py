"""What the client tells of files on the disk. All of it is a hint: the schedules look for themselves."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from vizsla.lsp.dialogue import Dialogue
from vizsla.lsp.encoding import path_of
from vizsla.lsp.fields import Fields
from vizsla.lsp.server import VizslaServer

_EVERY_FILE = types.FileOperationRegistrationOptions(
    filters=[types.FileOperationFilter(pattern=types.FileOperationPattern(glob="**"), scheme="file")]
)


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Hear of files that were made, renamed, deleted or changed."""

    @server.feature(types.WORKSPACE_DID_CREATE_FILES, _EVERY_FILE)
    async def did_create(ls: VizslaServer, params: types.CreateFilesParams) -> None:
        """Files or folders are there."""
        await _changed(ls, (file.uri for file in params.files))

    @server.feature(types.WORKSPACE_DID_RENAME_FILES, _EVERY_FILE)
    async def did_rename(ls: VizslaServer, params: types.RenameFilesParams) -> None:
        """Files or folders have another name."""
        await _changed(ls, (uri for file in params.files for uri in (file.old_uri, file.new_uri)))

    @server.feature(types.WORKSPACE_DID_DELETE_FILES, _EVERY_FILE)
    async def did_delete(ls: VizslaServer, params: types.DeleteFilesParams) -> None:
        """Files or folders are gone."""
        await _changed(ls, (file.uri for file in params.files))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def did_change_watched(ls: VizslaServer, params: object) -> None:
        """Files changed; there may be tens of thousands after a switch of branches, so they come as plain data."""
        await _changed(ls, (change.required_text("uri") for change in Fields(params).children("changes")))


async def _changed(ls: VizslaServer, uris: Iterable[str]) -> None:
    roots = ls.roots
    if roots is not None:
        # The executor draws the URIs: reading ten thousand of them takes longer than the loop may wait.
        await ls.run_blocking(lambda: roots.changed(path for path in map(path_of, uris) if path is not None))
