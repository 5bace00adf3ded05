"""One client over TCP: on this machine alone, with the token, and nobody else."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lsp.strict_client import RefusedError, StrictClient
from vizsla.lsp.exit import Ending
from vizsla.lsp.tcp import AddressError, Listener

TOKEN = "a token that is long enough"


class Served:
    """A server that listens."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, token: str) -> None:
        self.process = process
        self.port = port
        self.token = token

    async def connect(self) -> StrictClient:
        return StrictClient(*await asyncio.open_connection("127.0.0.1", self.port, limit=2**27))

    async def speak(self, data: bytes) -> bytes:
        """What the server says to these bytes, until it closes the line."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        heard = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return heard


@asynccontextmanager
async def listening(cache: Path, token: str | None = None) -> AsyncIterator[Served]:
    environment = {**os.environ, "VIZSLA_CACHE_DIR": str(cache)} | ({"VIZSLA_TOKEN": token} if token else {})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vizsla.cli", "serve", "--tcp", "0"), stderr=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stderr is not None
    try:
        said = (await process.stderr.readline()).decode()
        match = re.fullmatch(r"vizsla: listening on 127\.0\.0\.1 port (\d+)(?:; token: (\S+))?\n", said)
        assert match is not None, said
        assert (match[2] is None) == (token is not None)
        yield Served(process, int(match[1]), token or match[2])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def refused(client: StrictClient, options: dict[str, Any] | None) -> bool:
    with pytest.raises(RefusedError) as error:
        await client.initialize(options=options)
    await client.dispose()
    return error.value.code == -32600 and TOKEN not in error.value.message


async def test_only_who_shows_the_token_is_served_and_only_one(cache: Path) -> None:
    async with listening(cache) as served:
        assert await refused(await served.connect(), None)
        assert await refused(await served.connect(), {"token": "wrong"})
        assert await refused(await served.connect(), {"token": None})
        waiting = await served.connect()  # a second one, at the same time
        client = await served.connect()
        await client.initialize(options={"token": served.token})
        assert (await client.request("vizsla/status", {}))["processId"] == served.process.pid
        with pytest.raises((ConnectionError, TimeoutError)):
            await served.connect()
        waiting.send_request("initialize", {"processId": None, "capabilities": {}})
        await asyncio.wait(waiting._tasks, timeout=30)  # its line is closed
        assert not waiting.conduct._answered
        await waiting.dispose()
        client.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"text": "x" * 3_000_000}})
        await client.request("vizsla/status", {})  # more than a stranger may say
        await client.shutdown()
        client.check()
        client.notify("exit")
        assert await asyncio.wait_for(served.process.wait(), 30) == 0
        await client.dispose()


async def test_strangers_are_told_nothing(cache: Path) -> None:
    async with listening(cache, TOKEN) as served:
        assert await served.speak(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
        assert await served.speak(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello") == b""
        assert await served.speak(b"Content-Length: 5000000\r\n\r\n") == b""
        request = b'{"jsonrpc": "2.0", "id": 1, "method": "vizsla/status"}'
        said = served.speak(b"Content-Length: %d\r\n\r\n%b\xff\n\n" % (len(request), request))
        assert b"-32002" in await said
        client = await served.connect()  # none of these is in the way of the one with the token
        await client.initialize(options={"token": TOKEN})
        assert (await client.request("vizsla/status", {}))["processId"] == served.process.pid
        await client.dispose()
        assert await asyncio.wait_for(served.process.wait(), 30) == 1  # as on stdin: the line was closed


async def test_a_signal_ends_a_server_that_still_waits(cache: Path) -> None:
    async with listening(cache) as served:
        served.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(served.process.wait(), 30) == 1


@pytest.mark.parametrize("where", ["0.0.0.0:0", "192.0.2.1:80", "localhost.example:1", ":::0", "x", "99999", "-1", ""])
def test_other_addresses_than_loopback_are_refused(where: str) -> None:
    with pytest.raises(AddressError):
        Listener(where, Ending())


def test_a_token_that_can_be_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIZSLA_TOKEN", "1234")
    with pytest.raises(AddressError, match="at least 16"):
        Listener("0", Ending())


def test_a_port_in_use_is_named_in_one_sentence(run_vizsla: Callable[..., Any]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run_vizsla("serve", "--tcp", str(port))
    assert ended.returncode == 2
    assert f"127.0.0.1 port {port} cannot be listened on" in ended.stderr
    assert "Traceback" not in ended.stderr
