"""The client's settings: pulled where the client answers, else as it pushes them; what is refused is shown once."""

from __future__ import annotations

import asyncio
import logging

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from vizsla.core.options import load_settings
from vizsla.lsp.dialogue import Dialogue, warn
from vizsla.lsp.messages import SECTION
from vizsla.lsp.options import client_settings, pushed_section
from vizsla.lsp.server import VizslaServer

_PULL_SECONDS = 30.0  # a client that asks its user may take its time

logger = logging.getLogger(__name__)


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Follow the client's settings."""

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change(ls: VizslaServer, params: types.DidChangeConfigurationParams) -> None:
        """A client that answers is asked; what another one sends is taken."""
        await load(ls, dialogue, pushed=params.settings)


async def load(ls: VizslaServer, dialogue: Dialogue, *, pushed: object = None, seconds: float = _PULL_SECONDS) -> bool:
    """Apply the settings of the user's file with those of the client over them.

    Args:
        ls: gets the settings, and its folders too.
        dialogue: with the client.
        pushed: what the client sent by itself.
        seconds: how long a client that can be asked is waited for.

    Returns:
        False when the client did not answer in time.
    """
    async with dialogue.configuring:
        raw, is_answered = pushed_section(pushed), True
        if dialogue.client.can_pull_settings:
            raw, is_answered = await _pulled(ls, seconds)
        elif raw is None and pushed is not None:
            return True  # other sections changed
        base, problems = await ls.run_blocking(load_settings)
        settings, refused = client_settings(dialogue.client.settings if raw is None else raw, base)
        _show(ls, dialogue, (*problems, *refused))
        if settings != ls.settings:
            ls.settings = settings
            if ls.roots is not None:
                await ls.run_blocking(ls.roots.apply_settings, settings)
        return is_answered


async def _pulled(ls: VizslaServer, seconds: float) -> tuple[object, bool]:
    """Our section, None when the client has none; and whether it answered."""
    params = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
    try:
        found = await asyncio.wait_for(ls.workspace_configuration_async(params), seconds)
    except TimeoutError:
        return None, False
    except JsonRpcException as error:
        logger.warning("the client does not tell its settings: %s", error)
        return None, True
    return (found[0] if found else None), True


def _show(ls: VizslaServer, dialogue: Dialogue, refused: tuple[str, ...]) -> None:
    """Show what is refused now and was not before."""
    news = [sentence for sentence in dict.fromkeys(refused) if sentence not in dialogue.refused]
    dialogue.refused = refused
    if news:
        warn(ls, "\n".join(news))
