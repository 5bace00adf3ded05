"""A server of the real conduct with handlers that do what handlers must not. Run as ``python -m lsp.toy_server``."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lsprotocol import types

from vizsla.core.child import Child
from vizsla.core.errors import QueryError
from vizsla.lsp.server import VizslaServer
from vizsla.lsp.serving import serve

SLEEP = "sleep"


def register(server: VizslaServer) -> None:
    """Give the server its unruly handlers."""
    if "TOY_CANNOT_BEGIN" in os.environ:
        raise ZeroDivisionError("cannot begin")

    @server.feature("toy/echo")
    async def echo(ls: VizslaServer, params: Any) -> Any:
        return params

    @server.feature("toy/wait")
    async def wait(ls: VizslaServer, params: Any) -> str:
        await asyncio.sleep(params["seconds"])
        return "waited"

    @server.feature("toy/stubborn")
    async def stubborn(ls: VizslaServer, params: Any) -> str:
        """Does not let itself be cancelled."""
        deadline = time.monotonic() + params["seconds"]
        while (left := deadline - time.monotonic()) > 0:
            try:
                await asyncio.sleep(left)
            except asyncio.CancelledError:
                continue
        return "done all the same"

    @server.feature("toy/block")
    async def block(ls: VizslaServer, params: Any) -> str:
        await ls.run_blocking(time.sleep, params["seconds"])
        return "blocked"

    @server.feature("toy/fail")
    async def fail(ls: VizslaServer, params: Any) -> None:
        if params["how"] == "exit":
            sys.exit(3)
        if params["how"] == "user":
            raise QueryError("the question is empty; ask something")
        raise ZeroDivisionError("as asked")

    @server.feature("toy/failNow")
    def fail_now(ls: VizslaServer, params: Any) -> None:
        raise ZeroDivisionError("as asked")

    @server.feature("toy/unsayable")
    async def unsayable(ls: VizslaServer, params: Any) -> Any:
        return {"a set": {1}, "nan": float("nan")} if params["how"] == "nan" else threading.Lock()

    @server.feature("toy/background")
    async def background(ls: VizslaServer, params: Any) -> None:
        async def work() -> None:
            raise ZeroDivisionError("in the background")

        def soon() -> None:
            raise ZeroDivisionError("in a callback")

        def thread() -> None:
            raise ZeroDivisionError("in a thread")

        ls.spawn(work())
        ls.loop.call_soon(soon)
        started = threading.Thread(target=thread)
        started.start()
        await ls.run_blocking(started.join)

    @server.feature("toy/note")
    async def note(ls: VizslaServer, params: Any) -> None:
        raise ZeroDivisionError("in a notification")

    @server.feature("toy/print")
    async def print_(ls: VizslaServer, params: Any) -> None:
        print("Content-Length: 5\r\n\r\nstray", flush=True)
        os.write(1, b"stray bytes of a library")
        subprocess.run([sys.executable, "-c", "print('stray child')"], check=True)

    @server.feature("toy/flood")
    async def flood(ls: VizslaServer, params: Any) -> None:
        for _ in range(params["count"]):
            ls.window_log_message(types.LogMessageParams(type=types.MessageType.Info, message="x" * 1000))
        Path(params["sign"]).touch()  # for a client that does not read

    @server.feature("toy/spin")
    async def spin(ls: VizslaServer, params: Any) -> None:
        def work() -> None:
            deadline = time.monotonic() + params["seconds"]
            while time.monotonic() < deadline:
                pass

        threading.Thread(target=work).start()

    @server.feature("toy/hang")
    async def hang(ls: VizslaServer, params: Any) -> None:
        """Keep the loop itself, and everything that is closed at the end."""
        ls.before_end(lambda _: time.sleep(60))
        ls.loop.call_later(0.2, time.sleep, 60)

    @server.feature("toy/keep")
    async def keep(ls: VizslaServer, params: Any) -> None:
        time.sleep(params["seconds"])

    @server.feature("toy/child")
    async def child(ls: VizslaServer, params: Any) -> int:
        """A child that does not notice that nobody listens any more."""
        return Child("lsp.toy_server", [SLEEP], on_message=print, on_exit=print).pid

    @server.feature("toy/state")
    async def state(ls: VizslaServer, params: Any) -> Any:
        return {
            "pid": os.getpid(),
            "encoding": ls.position_encoding,
            "folders": sorted(ls.workspace.folders),
            "threads": [thread.name for thread in threading.enumerate()],
        }

    @server.feature("toy/configuration")
    async def configuration(ls: VizslaServer, params: Any) -> Any:
        item = types.ConfigurationItem(section=params["section"])
        return await ls.workspace_configuration_async(types.ConfigurationParams(items=[item]))

    @server.feature(types.WORKSPACE_SYMBOL)
    async def symbols(ls: VizslaServer, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        return []


if __name__ == "__main__":
    if sys.argv[1:] == [SLEEP]:
        time.sleep(60)
    serve(register=register)
