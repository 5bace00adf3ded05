"""A server from its streams to its end. Imports pygls only when the client may have been answered already."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Never

from vizsla.lsp.exit import Ending
from vizsla.lsp.framing import MAX_BODY_BYTES, Reader
from vizsla.lsp.handshake import Handshake
from vizsla.lsp.logs import LogLevel, log_to_stderr, log_what_nobody_catches
from vizsla.lsp.process_watch import watch_process
from vizsla.lsp.stray_output import take_over_streams
from vizsla.lsp.writer import Writer

if TYPE_CHECKING:
    from vizsla.lsp.server import VizslaServer

SLOW_CALLBACK: Final = "VIZSLA_SLOW_CALLBACK_MS"
"""Environment variable: log each callback that keeps the event loop for longer than this."""

_SWITCH_SECONDS = 0.001
_MOST_UNTAKEN = 256  # messages that the loop has not looked at: the client waits then
_END = object()
_END_SECONDS = 0.5  # for the loop to come to the end of the line in its turn
_CLOSED = "the client closed the line"

logger = logging.getLogger(__name__)

Register = Callable[["VizslaServer"], object]


def serve(*, log_level: LogLevel = "warning", tcp: str | None = None, register: Register | None = None) -> Never:
    """Serve one client until it goes, then end this process.

    Args:
        log_level: of what is said on stderr.
        tcp: ``port`` or ``address:port`` of a loopback address to listen on; None for stdin and stdout.
        register: gives the server its handlers; None for the real ones.

    Raises:
        VizslaError: ``tcp`` cannot be listened on.
    """
    # A message passes through three threads, and each waits for this long when another one computes.
    sys.setswitchinterval(_SWITCH_SECONDS)
    ending = Ending()
    ending.on_signals()
    if tcp is None:
        incoming, outgoing = take_over_streams()
        connection = Connection(incoming, outgoing, ending)
        connection.reader.start()
        connect: Callable[[], Connection] = lambda: connection  # noqa: E731
    else:
        from vizsla.lsp.tcp import Listener

        connect = Listener(tcp, ending).wait
    log_to_stderr(log_level)
    log_what_nobody_catches()
    try:
        server = _make_server(ending, register)
        server.loop.call_soon(connect().attach, server)
        server.loop.run_forever()
    except BaseException as error:  # also of a broken installation, when the client was answered already
        logger.error("the server failed", exc_info=error)
    ending.end("the event loop stopped")
    while True:  # the process is ended by a thread of ``ending``
        time.sleep(1)


class Connection:
    """One client's line: what reads it, what writes it, and the handshake between."""

    def __init__(
        self,
        incoming: int,
        outgoing: int,
        ending: Ending,
        *,
        refuse: Callable[[str], object] | None = None,
        token: str | None = None,
        is_first: Callable[[], bool] = lambda: True,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """Make it; ``reader.start`` begins.

        Args:
            incoming: descriptor to read from.
            outgoing: descriptor to write to.
            ending: ends this process when the line of a client that is served ends.
            refuse: called instead for a client that is not served yet; None ends the process too.
            token: what a client has to show, see ``Handshake``.
            is_first: whether a client may be served, see ``Handshake``.
            max_body_bytes: of one message.
        """
        self._ending = ending
        self._refuse = refuse or ending.end
        self.writer = Writer(outgoing, on_gone=self._lose)
        self.handshake = Handshake(
            self.writer.send,
            refuse=self._refuse,
            watch_parent=lambda number: watch_process(number, lambda: ending.end("the client's process is dead")),
            token=token,
            is_first=is_first,
        )
        self.reader = Reader(incoming, receive=self.handshake.receive, on_end=self._end, max_body_bytes=max_body_bytes)

    def attach(self, server: VizslaServer) -> None:
        """Hand every message to the server, on its loop, in the order in which they came; call it on the loop."""
        untaken = threading.Semaphore(_MOST_UNTAKEN)
        held: list[object] = []  # until initialize is done
        is_begun = False

        def deliver(message: object) -> None:
            untaken.acquire()
            server.loop.call_soon_threadsafe(release, message)

        def release(message: object) -> None:
            untaken.release()
            take(message)

        def take(message: object) -> None:
            if not is_begun:
                held.append(message)
                if len(held) == 1:
                    server.spawn(begin())
            elif message is _END:
                server.spawn(server.protocol.leave(_CLOSED))
            else:
                server.protocol.receive(message)

        async def begin() -> None:
            nonlocal is_begun
            try:
                await server.protocol.begin(held[0])
            finally:
                is_begun = True
                for message in held[1:]:
                    take(message)

        server.protocol.send_body = self.writer.send
        self._ending.flush = self.writer.flush
        self.handshake.attach(take, deliver)

    def _end(self) -> None:
        """The line ended: what came before is still taken, so long as the loop is free to."""
        if self.handshake.is_answered:
            self.handshake.receive(_END)
            time.sleep(_END_SECONDS)
        self._lose(_CLOSED)

    def _lose(self, reason: str) -> None:
        if self.handshake.is_answered:
            self._ending.end(reason)
        else:
            self._refuse(reason)


def _make_server(ending: Ending, register: Register | None) -> VizslaServer:
    gc.disable()  # what is imported stays: looking for garbage in it costs time now and pauses later
    try:
        return _imported_server(ending, register)
    finally:
        gc.freeze()
        gc.enable()


def _imported_server(ending: Ending, register: Register | None) -> VizslaServer:
    preparation = None
    if register is None:
        from vizsla.lsp.preparing import Preparation

        preparation = Preparation()
        ending.before(preparation.close)
    from vizsla.lsp.server import VizslaServer

    server = VizslaServer(ending, preparation=preparation)
    if register is None:
        from vizsla.lsp.handlers import register as register_all

        register = register_all
    register(server)
    if (slow := os.environ.get(SLOW_CALLBACK)) is not None:
        with contextlib.suppress(ValueError):
            _watch_callbacks(float(slow) / 1000)
    return server


def _watch_callbacks(limit_seconds: float) -> None:
    """Log what keeps the loop for long; asyncio's own debugging would slow everything down."""
    import asyncio
    from asyncio import events

    run = events.Handle._run

    def timed(handle: events.Handle) -> None:
        wall, cpu = time.perf_counter(), time.thread_time()
        run(handle)
        wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
        if wall > limit_seconds:
            callback: Any = handle._callback  # type: ignore[attr-defined]
            task = getattr(callback, "__self__", None)
            what = task.get_name() if isinstance(task, asyncio.Task) else getattr(callback, "__qualname__", "?")
            logger.warning("slow callback: %.1f ms, of them %.1f ms its own: %s", wall * 1e3, cpu * 1e3, what)

    events.Handle._run = timed  # type: ignore[method-assign, assignment]
