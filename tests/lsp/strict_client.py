"""A language client that believes nothing: it fails on whatever a server must not do, seen on the raw stream.

Faults are collected as they happen and raised at the end of ``StrictClient.start`` (or by ``check``): a second answer
to an id, a missing answer, an answer to nothing, a message or method that nobody may send, progress on a token that
nobody made or that never ends, bytes on the stream that are no message, a traceback on stderr.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from lsp.conduct import Json
from lsp.line import PATIENCE_SECONDS, SILENCE, Line, RefusedError

__all__ = ["PATIENCE_SECONDS", "SILENCE", "RefusedError", "StrictClient"]


class StrictClient(Line):
    """One connection to one server.

    >>> async with StrictClient.start(env={"VIZSLA_CACHE_DIR": "…"}) as client:
    ...     await client.initialize(folder, capabilities={…}, options={…})
    ...     await client.request("vizsla/search", {"query": "retry uploads"})
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        process: asyncio.subprocess.Process | None = None,
    ) -> None:
        super().__init__(reader, writer)
        self.process = process
        self.stderr = ""
        if process is not None and process.stderr is not None:
            self._tasks.append(asyncio.create_task(self._read_stderr(process.stderr)))

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        args: Sequence[str] = (),
        *,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
        cwd: Path | None = None,
    ) -> AsyncIterator[Self]:
        """Run a server and talk to it; at the end it is shut down in good order, and every fault is raised.

        Args:
            args: of ``vizsla serve``.
            env: added to this process's environment.
            command: run this instead of ``vizsla serve``.
            cwd: where it runs.
        """
        process = await asyncio.create_subprocess_exec(
            *(command or [sys.executable, "-m", "vizsla.cli", "serve"]),
            *args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            limit=2**27,
        )
        assert process.stdin is not None and process.stdout is not None
        client = cls(process.stdout, process.stdin, process)
        try:
            yield client
            await client.finish()
        finally:
            await client.dispose()

    async def initialize(
        self,
        *folders: Path,
        capabilities: Json | None = None,
        options: Json | None = None,
        process_id: int | None = None,
        encodings: Sequence[str] = (),
        then_initialized: bool = True,
    ) -> Json:
        """Shake hands, and return what the server says of itself."""
        capabilities = dict(capabilities or {})
        if encodings:
            capabilities["general"] = {**capabilities.get("general", {}), "positionEncodings": list(encodings)}
        params = {
            "processId": os.getpid() if process_id is None else process_id,
            "rootUri": folders[0].as_uri() if folders else None,
            "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders] or None,
            "capabilities": capabilities,
        }
        if options is not None:
            params["initializationOptions"] = options
        result: Json = await self.request("initialize", params)
        if then_initialized:
            self.notify("initialized", {})
        return result

    async def shutdown(self) -> None:
        """Ask the server to make ready for its end."""
        await self.request("shutdown")

    def close_stdin(self) -> None:
        """Close the line to the server, as a client does that ends or dies."""
        self._writer.close()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send the server a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def wait_exit(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for the server's end; its exit code, negative for a signal. What it left unanswered is no fault.

        Raises:
            TimeoutError: it still runs.
        """
        assert self.process is not None
        code = await asyncio.wait_for(self.process.wait(), seconds)
        await asyncio.wait(self._tasks, timeout=PATIENCE_SECONDS)
        self.conduct.is_over = True
        return code

    async def finish(self) -> None:
        """End the server in good order unless it has ended, then raise every fault."""
        if self.process is not None and self.process.returncode is None and not self._writer.is_closing():
            if self.conduct.is_initialized and "shutdown" not in self.conduct.methods_asked:
                await self.shutdown()
            self.notify("exit")
            code = await asyncio.wait_for(self.process.wait(), PATIENCE_SECONDS)
            if code != 0 and self.conduct.is_initialized:
                self.conduct.fault(f"exit code {code} after shutdown")
            await asyncio.wait(self._tasks, timeout=PATIENCE_SECONDS)
        self.check()

    def check(self) -> None:
        """Raise an ``AssertionError`` that names every fault so far and every answer still owed."""
        faults = self.conduct.reckoning(self.stderr)
        assert not faults, "\n".join([*faults, "stderr:", self.stderr[-4000:]])

    async def dispose(self) -> None:
        """Leave nothing running, whatever happened."""
        for task in self._tasks:
            task.cancel()
        self._writer.close()
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    async def _read_stderr(self, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(2**16):
            self.stderr += chunk.decode(errors="replace")
            async with self._moved:
                self._moved.notify_all()
