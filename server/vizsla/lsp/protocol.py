"""The protocol after ``initialize``: every request is answered exactly once, whatever becomes of it.

pygls keeps the features and progress; reading, dispatching and sending are ours.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method

from vizsla.core.errors import VizslaError
from vizsla.lsp.converter import structure_answer, structure_initialize, structure_params
from vizsla.lsp.envelopes import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    REQUEST_CANCELLED,
    REQUEST_FAILED,
    Json,
    MessageId,
    RefusedError,
    check_call,
    id_of,
    is_answer,
    result,
)
from vizsla.lsp.framing import Unreadable
from vizsla.lsp.handshake import position_encoding

if TYPE_CHECKING:
    import cattrs

    from vizsla.lsp.server import VizslaServer

CANCELLING_SECONDS = 0.03
"""A handler that is cancelled may tidy up for so long; then its request is answered without it."""

_MAY_BE_MISSED = {types.WINDOW_LOG_MESSAGE, types.LOG_TRACE, "vizsla/statusChanged"}

logger = logging.getLogger(__name__)


class VizslaProtocol(LanguageServerProtocol):
    """One client's messages, each of them on the event loop."""

    _server: VizslaServer

    def __init__(self, server: VizslaServer, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self._running: dict[MessageId, asyncio.Task[Any]] = {}
        self.client_capabilities = types.ClientCapabilities()
        self.send_body: Callable[..., object] = _unsent

    async def begin(self, message: Any) -> None:
        """Take the ``initialize`` that the handshake has answered; other messages come after it."""
        params = message["params"]
        encoding = position_encoding(params["capabilities"])
        # What a client can fills pages: the first look at it makes converters for hundreds of types.
        structured = await self._server.run_blocking(structure_initialize, self._converter, params, encoding)
        await self._run(self.lsp_initialize, structured)

    def receive(self, message: object) -> None:
        """Take any message but the first ``initialize``. Never raises; returns before the work is done."""
        try:
            if isinstance(message, Unreadable):
                raise RefusedError(message.code, message.reason)
            if self._receive_answer(message):
                return
            call = check_call(message)
            if "id" in call:
                self._receive_request(call["id"], call["method"], call.get("params"))
            else:
                self._receive_notification(call["method"], call.get("params"))
        except RefusedError as refused:
            self._send_data(refused.answer(id_of(message)))
        except Exception as error:  # a fault of ours, which must cost this message alone
            answer, number = _failure(id_of(message), "a message", error), id_of(message)
            if number is not None and number not in self._running and not is_answer(message):
                self._send_data(answer)

    async def leave(self, reason: str) -> None:
        """End the process; what ``shutdown`` still has to answer comes first."""
        if self._shutdown and self._running:
            await asyncio.wait(self._running.values(), timeout=4 * CANCELLING_SECONDS)
        self._server.ending.end(reason)

    def _receive_request(self, number: MessageId, method: str, params: object) -> None:
        if number in self._running:
            raise RefusedError(INVALID_REQUEST, "a request with this id is not answered yet")
        if self._shutdown:
            raise RefusedError(INVALID_REQUEST, "the server was shut down; only 'exit' may follow")
        if method == types.INITIALIZE:
            raise RefusedError(INVALID_REQUEST, "'initialize' may be sent once only")
        handler = self._handler(method)
        if handler is None or (method in types.METHOD_TO_TYPES and types.METHOD_TO_TYPES[method][1] is None):
            raise RefusedError(METHOD_NOT_FOUND, f"there is no request '{method}' here")
        structured = structure_params(self._converter, method, params)
        if method == types.SHUTDOWN:  # now, not when its turn comes: the next message may be another request, or exit
            self._shutdown = self._server.ending.is_expected = True
        context = contextvars.copy_context()
        context.run(self._ctx_msg_id.set, number)
        task = self._server.loop.create_task(self._run(handler, structured), name=method, context=context)
        self._running[number] = task
        task.add_done_callback(partial(self._answer, number, method))

    def _receive_notification(self, method: str, params: object) -> None:
        if method == types.EXIT:
            self._server.spawn(self.leave("the client said exit"))
            return
        handler = self._handler(method)
        is_request = method in types.METHOD_TO_TYPES and types.METHOD_TO_TYPES[method][1] is not None
        if self._shutdown or is_request or (handler is None and method != types.CANCEL_REQUEST):
            logger.debug("notification %s is ignored", method[:100])
            return
        try:
            structured = structure_params(self._converter, method, params)
        except RefusedError as refused:
            logger.warning("a notification is ignored: %s", refused)
            return
        if handler is None:
            if (number := id_of({"id": structured.id})) is not None:
                self._cancel(number)
            return
        task = self._server.loop.create_task(self._run(handler, structured), name=method)
        task.add_done_callback(partial(self._note_failure, method))

    def _receive_answer(self, message: object) -> bool:
        """Take a message that answers one of our requests; False when it is something else."""
        if not isinstance(message, dict) or "method" in message:
            return False
        number = id_of(message)
        future: Future[Any] | None = None if number is None else self._request_futures.pop(number, None)
        if number is None or future is None:
            return is_answer(message)  # an answer to nothing is never answered
        kind = self._result_types.pop(number, None)
        if not future.set_running_or_notify_cancel():
            return True
        try:
            future.set_result(structure_answer(self._converter, message, kind))
        except JsonRpcException as error:
            future.set_exception(error)
        return True

    def _handler(self, method: str) -> Callable[..., Any] | None:
        found: Callable[..., Any] | None = self.fm.builtin_features.get(method) or self.fm.features.get(method)
        return found

    async def _run(self, handler: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Run a handler of any of the kinds that pygls knows, all of them on this loop."""
        try:
            outcome: Any = handler(*arguments, **named)
            if inspect.isgeneratorfunction(handler):  # pygls's own: they hand out the handlers that run in their middle
                value = None
                while True:
                    try:
                        inner, positional, by_name = outcome.send(value)
                    except StopIteration as end:
                        return end.value
                    value = await self._run(inner, *(positional or ()), **(by_name or {}))
            return await outcome if inspect.isawaitable(outcome) else outcome
        except (SystemExit, KeyboardInterrupt) as error:  # these would end the loop
            raise RuntimeError(f"a handler raised {type(error).__name__}") from error

    def _answer(self, number: MessageId, method: str, task: asyncio.Task[Any]) -> None:
        """Answer a request whose handler is done, unless it was cancelled and answered before that."""
        error = None if task.cancelled() else task.exception()
        if self._running.get(number) is not task:
            self._note_failure(method, task)
            return
        del self._running[number]
        if task.cancelled():
            self._send_data(_cancelled(number))
        elif error is not None:
            self._send_data(_failure(number, method, error))
        else:
            try:
                self._send_data(result(number, task.result()))
            except Exception as unfit:  # what cannot be said in JSON
                self._send_data(_failure(number, method, unfit))

    def _cancel(self, number: MessageId) -> None:
        task = self._running.get(number)
        if task is not None:
            task.cancel()
            self._server.loop.call_later(CANCELLING_SECONDS, self._abandon, number, task)

    def _abandon(self, number: MessageId, task: asyncio.Task[Any]) -> None:
        if self._running.get(number) is task:
            del self._running[number]
            self._send_data(_cancelled(number))

    def _note_failure(self, method: str, task: asyncio.Task[Any]) -> None:
        """Log what nobody else hears of."""
        if not task.cancelled() and (error := task.exception()) is not None:
            _failure(None, method, error)

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, *_: object) -> None:  # type: ignore[override]  # every kind of handler is run
        """Make ready for ``exit``: no more requests, and those that run are cancelled and answered."""
        others = {number: task for number, task in self._running.items() if number != self.msg_id}
        for number in others:
            self._cancel(number)
        if others:
            await asyncio.wait(others.values(), timeout=2 * CANCELLING_SECONDS)
        if (handler := self.fm.features.get(types.SHUTDOWN)) is not None:
            await self._run(handler, None)

    # Texts of open documents are kept by ``buffers``, which says why; what is no method is no feature of pygls.
    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]

    def _send_data(self, data: Any) -> None:
        """Send a message; from any thread.

        Raises:
            Exception: it cannot be said in JSON, and nothing was sent.
        """
        body = json.dumps(data, default=self._serialize_message, allow_nan=False).encode()
        method = getattr(data, "method", "")
        may_be_missed = method in _MAY_BE_MISSED or (method == types.PROGRESS and not _is_milestone(data.params.value))
        self.send_body(body, may_be_missed=may_be_missed)


def _failure(number: MessageId | None, method: str, error: BaseException) -> Json:
    """The answer to a request that failed; what nobody foresaw is logged, here and nowhere else."""
    if isinstance(error, RefusedError):
        return error.answer(number)
    if isinstance(error, JsonRpcException):
        answer = RefusedError(error.code, error.message).answer(number)
        if error.data is not None:
            answer["error"]["data"] = error.data
        return answer
    if isinstance(error, VizslaError):
        if number is None:
            logger.warning("%s: %s", method, error)
        return RefusedError(REQUEST_FAILED, str(error)).answer(number)
    logger.error("%s failed", method, exc_info=error)
    told = f"'{method}' failed by a fault of the server ({type(error).__name__}); its log has more"
    return RefusedError(INTERNAL_ERROR, told).answer(number)


def _cancelled(number: MessageId) -> Json:
    return RefusedError(REQUEST_CANCELLED, "the request was cancelled").answer(number)


def _is_milestone(value: object) -> bool:
    """Whether a value of progress begins or ends it: without these a client would show it for ever."""
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind in ("begin", "end")


def _unsent(*_: object, **__: object) -> None:
    raise RuntimeError("there is no client yet")
