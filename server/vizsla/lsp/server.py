"""The server that handlers know: the client's settings and folders, its loop, and where slow work is done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, ParamSpec, TypeVar, cast

from pygls.lsp.server import LanguageServer

from vizsla import __version__
from vizsla.core.settings import Settings
from vizsla.lsp.converter import strict_converter
from vizsla.lsp.exit import Ending
from vizsla.lsp.protocol import VizslaProtocol

if TYPE_CHECKING:
    from vizsla.lsp.encoding import Encoding
    from vizsla.lsp.preparing import Preparation
    from vizsla.services.resources import Resources
    from vizsla.services.roots import Roots
    from vizsla.services.training import Training

_SLOW_THREADS = 4

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


class VizslaServer(LanguageServer):
    """One client's server. Handlers get it as ``ls`` and run on its loop, where nothing may take milliseconds."""

    protocol: VizslaProtocol

    def __init__(
        self, ending: Ending, *, settings: Settings | None = None, preparation: Preparation | None = None
    ) -> None:
        """Make it, with a loop that does not run yet.

        Args:
            ending: ends this process.
            settings: to begin with; the handlers set others when the client has told them.
            preparation: of the resources; None where none was begun.
        """
        self.loop = asyncio.new_event_loop()
        super().__init__("vizsla", __version__, protocol_cls=VizslaProtocol, converter_factory=strict_converter)
        self.ending = ending
        self.settings = settings or Settings()
        self.roots: Roots | None = None
        self.training: Training | None = None
        self._preparation = preparation
        self._is_ending = False
        self._slow = ThreadPoolExecutor(_SLOW_THREADS, thread_name_prefix="slow")
        self._tasks: set[asyncio.Task[Any]] = set()
        self.loop.set_exception_handler(_log_from_loop)
        ending.before(self._close)

    @property
    def position_encoding(self) -> Encoding:
        """What a character of a position counts, as agreed with the client."""
        encoding = self.workspace.position_encoding
        return cast("Encoding", str(getattr(encoding, "value", encoding)))

    @property
    def thread_pool(self) -> Never:
        """Not there: pygls would hand out the threads that something else waits for."""
        raise RuntimeError("handlers are coroutines, and hand slow work to run_blocking")

    def take_resources(self, folders: Sequence[Path] = ()) -> Resources:
        """Resources under the settings of now, with the models that have the vectors of these folders; slow. For the
        one who opens the roots."""
        from vizsla.services.model_choice import models_that_answered
        from vizsla.services.resources import Resources

        choice = models_that_answered(self.settings.models, self.settings.cache.directory, folders)
        if self._preparation is None:
            return Resources(self.settings, choice)
        return self._preparation.take(self.settings, choice)

    async def run_blocking(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do slow work on a thread of our own, and wait for it.

        When the waiting task is cancelled, the work goes on: give it a way to be told, if it is long.

        Raises:
            CancelledError: the server ends, and begins nothing more.
        """
        if self._is_ending:
            raise asyncio.CancelledError
        return await self.loop.run_in_executor(self._slow, lambda: work(*args, **kwargs))

    def spawn(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[Any]:
        """Begin work that no request waits for; on the loop's thread. Its failure is logged once."""
        task = self.loop.create_task(work, name=getattr(work, "__qualname__", None))
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def call_soon(self, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call something on the loop's thread, soon; from any thread. Nothing happens when the loop is closed."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(lambda: call(*args, **kwargs))

    def before_end(self, close: Callable[[float], object]) -> None:
        """Call this at the end of the process with the seconds it may take; what was named last is called first."""
        self.ending.before(close)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what pygls could not do; the user is not shown what only we can mend."""
        logger.error("%s: %s", getattr(source, "__name__", source), type(error).__name__, exc_info=error)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("work in the background failed", exc_info=error)

    def _close(self, seconds: float) -> None:
        self._is_ending = True
        self._slow.shutdown(wait=False, cancel_futures=True)
        if self.training is not None:
            self.training.close()
        if self.roots is not None:
            self.roots.close(seconds)


def _log_from_loop(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if error is not None:  # the message would repeat what the callback was called with, which may be a document
        logger.error("a callback failed", exc_info=error)
    else:
        logger.error("on the event loop: %s", context.get("message"))
