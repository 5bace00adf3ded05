"""Work in the background as a progress that the client shows, with the user's wish to cancel it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from vizsla.lsp.dialogue import Dialogue
    from vizsla.lsp.server import VizslaServer
    from vizsla.services.succession import Preparing
    from vizsla.services.training import TrainingState

_numbers = itertools.count(1)


class TaskBar:
    """One progress; on the event loop only. Nothing is sent to a client that cannot show it."""

    def __init__(self, ls: VizslaServer, dialogue: Dialogue, title: str, cancel: Callable[[], object]) -> None:
        """Begin it; ``cancel`` is called when the user no longer wants what it shows."""
        self._ls = ls
        self._dialogue = dialogue
        self._title = title
        self._cancel = cancel
        self._token = f"vizsla-work-{next(_numbers)}"
        self._is_begun = self._is_over = False
        self._said: tuple[str, int | None] = ("", None)
        if dialogue.client.can_show_progress:
            ls.spawn(self._begin())

    def report(self, message: str, percentage: int | None = None) -> None:
        """Say how far it has come, if that is news."""
        if percentage is not None:
            percentage = max(percentage, self._said[1] or 0)  # the protocol wants it to rise
        if (message, percentage) != self._said:
            self._said = (message, percentage)
            if self._is_begun:
                self._send(types.WorkDoneProgressReport(message=message, percentage=percentage))

    def end(self, message: str) -> None:
        """Take it away."""
        self._is_over = True
        self._dialogue.cancels.pop(self._token, None)
        if self._is_begun:
            self._is_begun = False
            self._send(types.WorkDoneProgressEnd(message=message))

    async def _begin(self) -> None:
        try:
            await self._ls.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(self._token))
        except JsonRpcException:  # the client does not want to show one now
            return
        if self._is_over:
            return
        self._is_begun = True
        self._dialogue.cancels[self._token] = self._cancel
        message, percentage = self._said
        self._send(
            types.WorkDoneProgressBegin(title=self._title, cancellable=True, message=message, percentage=percentage)
        )

    def _send(self, value: object) -> None:
        self._ls.progress(types.ProgressParams(token=self._token, value=value))


class Background:
    """The bars of models that are being prepared and of a training; on the event loop only."""

    def __init__(self, ls: VizslaServer, dialogue: Dialogue) -> None:
        self._ls = ls
        self._dialogue = dialogue
        self._preparing: TaskBar | None = None
        self._training: TaskBar | None = None

    def show(self) -> None:
        """Show how things stand now."""
        roots, training = self._ls.roots, self._ls.training
        if roots is None or training is None:
            return
        state = roots.models.preparing
        if state is None:
            _end(self._preparing)
            self._preparing = None
        else:
            if self._preparing is None:
                title = f"Preparing model {state.model}"
                self._preparing = TaskBar(self._ls, self._dialogue, title, roots.models.cancel)
            self._preparing.report(_prepared(state), 100 * state.done // max(state.total, 1))
        going = training.state
        if going is None:
            _end(self._training)
            self._training = None
        else:
            if self._training is None:
                self._training = TaskBar(self._ls, self._dialogue, "Training", training.stop)
            self._training.report(_trained(going))

    def close(self) -> None:
        """Take all away; the server ends."""
        _end(self._preparing)
        _end(self._training)
        self._preparing = self._training = None


def _end(bar: TaskBar | None) -> None:
    if bar is not None:
        bar.end("")


def _prepared(state: Preparing) -> str:
    return f"{state.done:,}/{state.total:,}" + (", by another process" if state.waits else "")


def _trained(state: TrainingState) -> str:
    if state.activity != "running":
        return state.activity
    if not state.stage:
        return "starting"
    return f"{state.stage} {state.done:,}/{state.total:,}" if state.total else state.stage
