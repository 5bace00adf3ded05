"""``vizsla.train``, ``vizsla.stopTraining`` and ``vizsla.useModels``: models of one's own, and going over to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lsprotocol import types

from vizsla.lsp import messages
from vizsla.lsp.dialogue import Dialogue
from vizsla.lsp.encoding import path_of
from vizsla.lsp.fields import Fields
from vizsla.lsp.handlers.commands import only_argument
from vizsla.lsp.server import VizslaServer
from vizsla.services.roots import Roots
from vizsla.services.training import Training, TrainingEnd


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Offer the commands."""

    @server.command(messages.COMMAND_TRAIN)
    async def train(ls: VizslaServer, *arguments: object) -> None:
        """Begin to train on a folder, or on all; its progress and its end are told."""
        folder, recipe = _wanted(only_argument(arguments))
        roots = await dialogue.roots(ls)
        assert ls.training is not None  # made with the roots
        folders = [one.path for one in roots.chosen((folder,) if folder is not None else ())]
        models = ls.settings.models
        ls.training.start(folders, ls.settings.cache.directory, recipe, kept=(models.retriever, models.reranker))

    @server.command(messages.COMMAND_STOP_TRAINING)
    async def stop(ls: VizslaServer, *arguments: object) -> None:
        """Stop it where it can go on another time."""
        only_argument(arguments)
        await dialogue.roots(ls)
        if ls.training is not None:
            await ls.run_blocking(ls.training.stop)

    @server.command(messages.COMMAND_USE_MODELS)
    async def use(ls: VizslaServer, *arguments: object) -> None:
        """Go over to the models that are in use now, at once."""
        only_argument(arguments)
        roots = await dialogue.roots(ls)
        await ls.run_blocking(roots.models.look, again=True)


def prepare(ls: VizslaServer, roots: Roots, told: Callable[[], None]) -> None:
    """Be ready to train."""

    def ended(end: TrainingEnd) -> None:
        roots.models.look()
        shown = types.ShowMessageParams(type=types.MessageType.Info, message=f"Vizsla: {end.sentence}")
        ls.call_soon(ls.window_show_message, shown)

    ls.training = Training(roots.questions, told=told, ended=ended)


def _wanted(argument: object) -> tuple[Path | None, str]:
    """The folder, None for all, and the recipe."""
    given = {} if argument is None else argument
    fields = Fields({"folder": given} if isinstance(given, str) else given, "arguments[0]")
    uri = fields.text("folder")
    folder = path_of(uri) if uri is not None else None
    if uri is not None and folder is None:
        raise fields.wrong("folder", "the URI of a workspace folder")
    return folder, fields.text("recipe") or "default"
