"""Open questions, and which of them give way when a newer one comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from vizsla.lsp.envelopes import SERVER_CANCELLED, RefusedError

_T = TypeVar("_T")


class Questions:
    """The open questions of one sort. Used on the event loop only."""

    def __init__(self, replaces: Callable[[str, str], bool]) -> None:
        """Make an empty set.

        Args:
            replaces: whether a newer question (first) makes an older one (second) superfluous.
        """
        self._replaces = replaces
        self._open: dict[asyncio.Task[Any], str] = {}

    async def newest(self, name: str, question: Coroutine[Any, Any, _T]) -> _T:
        """Answer a question, and give up the open ones that it replaces.

        Args:
            name: what ``replaces`` compares: a session, or the text of the question.
            question: its work, which may be cancelled at every ``await``.

        Raises:
            RefusedError: ServerCancelled, when a newer question replaced this one.
        """
        for open_task, older in list(self._open.items()):
            if self._replaces(name, older):
                del self._open[open_task]
                open_task.cancel()
        task: asyncio.Task[_T] = asyncio.ensure_future(question)
        self._open[task] = name
        try:
            return await task
        except asyncio.CancelledError:
            if task in self._open:  # the client cancelled it, or everything ends
                raise
            raise RefusedError(SERVER_CANCELLED, "a newer question took the place of this one") from None
        finally:
            self._open.pop(task, None)


def is_same(newer: str, older: str) -> bool:
    """Whether two questions are of one session."""
    return newer == older


def is_typed_on(newer: str, older: str) -> bool:
    """Whether a text is what the user made of another by typing on or deleting."""
    return newer != older and (newer.startswith(older) or older.startswith(newer))
