"""Runs the stages of questions in threads: a few at once, and never for somebody who is gone.

It does not know what a stage does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TypeVar

from vizsla.core.errors import QueryError
from vizsla.index.database import DamagedError
from vizsla.services.workspace import View, Workspace

_THREADS = 8  # more than work at once: some may still be at a question that was given up
_AT_ONCE = 2  # more would only take the interpreter from one another, and from the event loop
_REPLACEMENTS = 5  # of a store beneath one question: more than that is no replacement but a fault
_T = TypeVar("_T")


class GivenUp:
    """Whether nobody waits for a stage any more."""

    def __init__(self) -> None:
        self._is_told = False

    def tell(self) -> None:
        """Nobody waits from now on."""
        self._is_told = True

    def check(self) -> None:
        """End the stage if nobody waits for it.

        Raises:
            CancelledError: nobody does.
        """
        if self._is_told:
            raise CancelledError


class Stages:
    """The threads of one workspace's questions. One event loop uses it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="search")
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def run(self, stage: Callable[[GivenUp], _T]) -> _T:
        """Run a stage in a thread. When the question is given up, so is this wait, and the stage is told."""
        given_up = GivenUp()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, stage, given_up)
        except asyncio.CancelledError:
            given_up.tell()
            raise

    async def on_view(self, stage: Callable[[View, GivenUp], _T]) -> _T:
        """Run a stage on store and vectors that belong together; again if they were replaced beneath it."""

        def again(given_up: GivenUp) -> _T:
            for _ in range(_REPLACEMENTS):
                store = self._workspace.current_store()
                try:
                    # To load the vectors for a view reads the store as well.
                    return stage(self._workspace.view(), given_up)
                except (QueryError, CancelledError):
                    raise
                except Exception as error:
                    if self._workspace.current_store() is store:
                        self._workspace.is_damaged |= isinstance(error, DamagedError)  # the next upkeep mends it
                        raise
            return stage(self._workspace.view(), given_up)

        async with self._turns:
            return await self.run(again)

    def close(self) -> None:
        """Wait for the stages that run, and end the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)
