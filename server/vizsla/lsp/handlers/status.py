"""``vizsla/status``: the truth about every workspace folder."""

from __future__ import annotations

import os

from vizsla import __version__
from vizsla.lsp import convert, messages
from vizsla.lsp.dialogue import Dialogue, client_folders
from vizsla.lsp.fields import Fields
from vizsla.lsp.server import VizslaServer
from vizsla.services.succession import Preparing
from vizsla.services.training import TrainingEnd, TrainingState


def register(server: VizslaServer, dialogue: Dialogue) -> None:
    """Answer ``vizsla/status``."""

    @server.feature(messages.STATUS)
    async def status(ls: VizslaServer, params: object) -> messages.StatusResult:
        """Nothing is scanned, parsed or encoded for it."""
        return await answer(ls, dialogue, params)


async def answer(ls: VizslaServer, dialogue: Dialogue, params: object) -> messages.StatusResult:
    """The status; ``params`` may be absent."""
    with_files = Fields({} if params is None else params).flag("files")
    roots = await dialogue.roots(ls)
    await ls.run_blocking(roots.models.look)
    names = client_folders(roots)
    statuses = await ls.run_blocking(roots.statuses)
    training = ls.training
    return {
        "schema": messages.SCHEMA,
        "version": __version__,
        "processId": os.getpid(),
        "positionEncoding": ls.position_encoding,
        "refusedSettings": list(dialogue.refused),
        "preparing": _preparing(roots.models.preparing),
        "training": _training(training.state if training is not None else None),
        "lastTraining": _training_end(training.last if training is not None else None),
        "roots": [convert.root_result(one, names, with_files=with_files) for one in statuses],
    }


def _preparing(state: Preparing | None) -> messages.Preparing | None:
    if state is None:
        return None
    return {"model": state.model, "done": state.done, "total": state.total, "waits": state.waits}


def _training(state: TrainingState | None) -> messages.Training | None:
    if state is None:
        return None
    return {
        "activity": state.activity,
        "stage": state.stage,
        "done": state.done,
        "total": state.total,
        "message": state.message,
    }


def _training_end(end: TrainingEnd | None) -> messages.TrainingEnd | None:
    if end is None:
        return None
    return {"isOffered": end.is_offered, "sentence": end.sentence, "report": end.report}
