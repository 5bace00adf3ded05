"""One line to a server: requests out, answers back, and the server's own requests answered.

What is heard is judged by ``conduct``; ``strict_client`` adds the server's process.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any

from lsp.conduct import Conduct, Json

PATIENCE_SECONDS = 30.0
"""How long a test waits for what has to come; generous, for the machine may be busy."""

SILENCE = object()
"""What one of ``Line.answers`` returns to leave the server without an answer; or it raises ``RefusedError``."""

_CLOSED = "the server ended, or closed the line"


class RefusedError(Exception):
    """An answer that is an error, of the server or of this client."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: object = error.get("data")


class Line:
    """A connection to a server, with everything that was heard on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.conduct = Conduct()
        self.settings: Json = {}  # what workspace/configuration is answered from, by section
        self.answers: dict[str, Callable[[Any], object]] = {}  # further answers to the server's requests
        self._is_closed = False  # by the server
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int | str, asyncio.Future[Any]] = {}
        self._moved = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._read())]

    async def request(self, method: str, params: object = None, *, seconds: float = PATIENCE_SECONDS) -> Any:
        """Ask and wait for the result.

        Raises:
            RefusedError: the server answered with an error.
            TimeoutError: it did not answer.
        """
        return await asyncio.wait_for(asyncio.shield(self.send_request(method, params)[1]), seconds)

    def send_request(
        self, method: str, params: object = None, *, id_: int | str | None = None
    ) -> tuple[int | str, asyncio.Future[Any]]:
        """Ask, and return the id and what will hold the result (or raise ``RefusedError``)."""
        number = next(self._ids) if id_ is None else id_
        message: Json = {"jsonrpc": "2.0", "id": number, "method": method}
        if params is not None:
            message["params"] = params
        future = self.expect(number, method, params)
        self.send(message)
        return number, future

    def expect(self, number: int | str, method: str = "", params: object = None) -> asyncio.Future[Any]:
        """Expect one answer to an id that is sent by other means, such as ``send_bytes``."""
        self.conduct.asked(number, method, params)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody need ask
        self._waiting[number] = future
        if self._is_closed:
            future.set_exception(ConnectionError(_CLOSED))
        return future

    def cancel(self, number: int | str) -> None:
        """Tell the server that an answer is no longer wanted; it answers all the same."""
        self.notify("$/cancelRequest", {"id": number})

    def notify(self, method: str, params: object = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method} | ({} if params is None else {"params": params}))

    def send(self, message: object) -> None:
        """Send any JSON as a message."""
        body = json.dumps(message).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def send_bytes(self, data: bytes) -> None:
        """Send anything at all; from now on errors that name no id are no fault."""
        self.conduct.may_blame_nobody = True
        self._writer.write(data)

    async def drain(self) -> None:
        """Wait until the server has taken most of what was sent."""
        await self._writer.drain()

    def notifications(self, method: str) -> list[Any]:
        """The parameters of all notifications of a method so far, oldest first."""
        return [params for name, params in self.conduct.notified if name == method]

    def progress(self, token: int | str) -> list[Any]:
        """The values on a progress token so far, oldest first."""
        return [params["value"] for params in self.notifications("$/progress") if params["token"] == token]

    def requests(self, method: str) -> list[Any]:
        """The parameters of all requests of a method by the server so far, oldest first."""
        return [params for name, params in self.conduct.requested if name == method]

    @property
    def unaddressed(self) -> list[Json]:
        """Errors for messages that had no id that could be read, oldest first."""
        return self.conduct.unaddressed

    async def wait_for(self, condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until something holds; it is looked at after each message of the server.

        Raises:
            TimeoutError: it never did.
        """
        async with asyncio.timeout(seconds), self._moved:
            await self._moved.wait_for(condition)

    def stop_reading(self) -> None:
        """Leave what the server sends in the pipe."""
        self._transport.pause_reading()

    def go_on_reading(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    @property
    def _transport(self) -> asyncio.ReadTransport:
        transport = self._reader._transport  # type: ignore[attr-defined]  # there is no public way to stop
        assert isinstance(transport, asyncio.ReadTransport)
        return transport

    async def _read(self) -> None:
        await self._read_messages()
        self._is_closed = True
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError(_CLOSED))
        async with self._moved:
            self._moved.notify_all()

    async def _read_messages(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await self._reader.readuntil(b"\r\n\r\n")
                name, _, length = header.decode("ascii").strip().partition(": ")
                if name != "Content-Length" or not length.isdigit():
                    self.conduct.fault(f"the stream holds {header[:200]!r} where a header should be")
                    return
                await self._receive(json.loads(await self._reader.readexactly(int(length))))

    async def _receive(self, message: Json) -> None:
        self.conduct.heard(message)
        if "method" in message:
            if "id" in message:
                self._answer(message)
        elif (future := self._waiting.get(message.get("id", ""))) is not None and not future.done():
            if "error" in message:
                future.set_exception(RefusedError(message["error"]))
            else:
                future.set_result(message["result"])
        async with self._moved:
            self._moved.notify_all()

    def _answer(self, message: Json) -> None:
        method: str = message["method"]
        params: Any = message.get("params")
        result: object = None
        if method in self.answers:
            try:
                result = self.answers[method](params)
            except RefusedError as refused:
                error = {"code": refused.code, "message": refused.message}
                self.send({"jsonrpc": "2.0", "id": message["id"], "error": error})
                return
            if result is SILENCE:
                return
        elif method == "workspace/configuration":
            result = [self.settings.get(item.get("section", "")) for item in params["items"]]
        self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
