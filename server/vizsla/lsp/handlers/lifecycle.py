"""From ``initialize`` to ``shutdown``: who the client is, its settings, its first folders, what it shall tell us."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from vizsla.lsp.dialogue import OPEN_SECONDS, Dialogue, warn
from vizsla.lsp.handlers import configuration, documents, training
from vizsla.lsp.messages import SECTION
from vizsla.lsp.options import client_of
from vizsla.lsp.progress import Pulse
from vizsla.lsp.server import VizslaServer
from vizsla.services.roots import Roots

_ANSWER_SECONDS = 1.0  # a client answers in milliseconds; one that does not must not keep its user waiting

logger = logging.getLogger(__name__)


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Begin and end."""
    pulse = Pulse(server, dialogue)

    @server.feature(types.INITIALIZE)
    def initialize(ls: VizslaServer, params: types.InitializeParams) -> None:
        """Remember who the client is; the handshake has answered it already."""
        dialogue.client = client_of(params)

    @server.feature(types.INITIALIZED)
    async def initialized(ls: VizslaServer, params: types.InitializedParams) -> None:
        """Learn the settings, open the folders, tell what the user should know."""
        for problem in dialogue.client.problems:
            warn(ls, problem)
        try:
            is_told = await _begin(ls, dialogue, pulse)
        finally:
            dialogue.begun.set()  # whatever happened: nobody may wait for ever
        if not is_told:
            await configuration.load(ls, dialogue)

    @server.feature(types.SHUTDOWN)
    def shutdown(ls: VizslaServer, params: None) -> None:
        """No progress is left for the client to show."""
        pulse.close()

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancel(ls: VizslaServer, params: types.WorkDoneProgressCancelParams) -> None:
        """The user no longer wants what a progress shows."""
        dialogue.cancels.get(params.token, lambda: None)()


async def _begin(ls: VizslaServer, dialogue: Dialogue, pulse: Pulse) -> bool:
    """Open the first folders under the client's settings; False when the client did not tell these yet."""
    is_told, is_watching = await asyncio.gather(_load_settings(ls, dialogue), _register(ls, dialogue))
    resources = await ls.run_blocking(ls.take_resources, dialogue.client.folders)
    ls.roots = Roots(resources, listener=pulse, watch="client" if is_watching else "own")
    training.prepare(ls, ls.roots, pulse.changed)
    for uri, buffer in dialogue.buffers.items():
        documents.hand_on(ls, uri, buffer)
    ls.spawn(pulse.run())
    await _open(ls, ls.roots, dialogue.client.folders)
    return is_told


async def _load_settings(ls: VizslaServer, dialogue: Dialogue) -> bool:
    """Apply the settings for the first time; False when the client did not tell its own yet."""
    try:
        return await configuration.load(ls, dialogue, seconds=_ANSWER_SECONDS)
    except Exception:  # whatever it is: questions are answered all the same
        logger.exception("the settings cannot be loaded; the workspace is opened with the defaults")
        return True


async def _open(ls: VizslaServer, roots: Roots, folders: tuple[Path, ...]) -> None:
    """Open the folders in their order; what takes long, such as a dead network drive, is not waited for."""

    def add_all() -> None:
        for folder in folders:
            roots.add(folder)

    await asyncio.wait((ls.spawn(ls.run_blocking(add_all)),), timeout=OPEN_SECONDS)


async def _register(ls: VizslaServer, dialogue: Dialogue) -> bool:
    """Ask to be told of changes; True when the client will tell us of files."""
    wanted = []
    if dialogue.client.can_register_watching:
        every = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(glob_pattern="**/*")])
        wanted.append(types.Registration("vizsla-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, every))
    if dialogue.client.can_register_settings:
        section = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        wanted.append(types.Registration("vizsla-settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
    if not wanted:
        return False
    try:
        asked = ls.client_register_capability_async(types.RegistrationParams(wanted))
        await asyncio.wait_for(asked, _ANSWER_SECONDS)
    except (JsonRpcException, TimeoutError) as error:
        logger.warning("the client does not let us register for changes: %s", error or "no answer")
        return False
    return dialogue.client.can_register_watching
