"""What tests do with a strict client over small workspaces, beyond single messages."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from lsp.strict_client import StrictClient

DEADLINE_SECONDS = 60.0


@contextlib.asynccontextmanager
async def editing(
    *folders: Path, cache: Path, is_settled: bool = True, settings: object = None, **more: Any
) -> AsyncIterator[StrictClient]:
    """A server over some folders, by default once they are indexed.

    Args:
        folders: of the workspace.
        cache: directory of the index.
        is_settled: whether to wait until everything is indexed.
        settings: ``initializationOptions.settings``.
        more: arguments of ``StrictClient.initialize``.
    """
    options = {**more.pop("options", {}), **({} if settings is None else {"settings": settings})}
    async with StrictClient.start(env={"VIZSLA_CACHE_DIR": str(cache)}) as client:
        await client.initialize(*folders, options=options, **more)
        if is_settled:
            await settled(client)
        yield client


async def settled(client: StrictClient) -> Any:
    """Wait until every folder is indexed with vectors; the status then."""
    return await status_when(client, lambda status: all(map(_is_settled, status["roots"])))


async def status_when(client: StrictClient, holds: Callable[[Any], bool]) -> Any:
    """Wait until something holds of the status; that status."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not holds(status := await client.request("vizsla/status")):
            await asyncio.sleep(0.05)
    return status


async def found_when(client: StrictClient, query: str, holds: Callable[[list[str]], bool], **more: object) -> Any:
    """Ask until something holds of the qualified names of the hits; the result then."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not holds(names(result := await client.request("vizsla/search", {"query": query, **more}))):
            await asyncio.sleep(0.05)
    return result


def names(result: Any) -> list[str]:
    """The qualified names of the hits, best first."""
    return [hit["qualifiedName"] for hit in result["hits"]]


@contextlib.contextmanager
def model_worker_halted(client: StrictClient) -> Iterator[None]:
    """The model worker answers nothing meanwhile, so that a question stays open."""
    worker = _model_worker(client)
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):  # it was killed
            os.kill(worker, signal.SIGCONT)


def _is_settled(root: Any) -> bool:
    index = root["index"]
    return root["activity"] == "ready" and index is not None and index["pending"] == index["unread"] == 0


def workers(client: StrictClient, module: str) -> list[int]:
    """The process ids of the server's children that run a module."""
    assert client.process is not None
    found: list[int] = []
    for task in Path(f"/proc/{client.process.pid}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread or child that is gone by now
            children = (task / "children").read_text().split()
            found += [int(child) for child in children if module in Path(f"/proc/{child}/cmdline").read_text()]
    return found


def _model_worker(client: StrictClient) -> int:
    return workers(client, "vizsla.models.worker")[0]
