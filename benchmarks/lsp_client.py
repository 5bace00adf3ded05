"""Owns a language server that is measured: its start on a tree, its questions, what its processes hold."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks.commands import CONFIG, fresh_cache
from benchmarks.trees import BENCH, PACKAGES, tree

from lsp.strict_client import StrictClient

QUESTIONS = Path(__file__).with_name("speed_questions.txt").read_text(encoding="utf-8").splitlines()
MINUTES = 3_600.0


def django() -> Path:
    """The tree that stands for a workspace of 10,000 functions: 10,799 of them, 13,708 units."""
    return tree(PACKAGES[:1], "django")


@contextlib.asynccontextmanager
async def server(root: Path, cache: Path) -> AsyncIterator[tuple[StrictClient, float]]:
    """A server on ``root`` after the handshake, and the seconds that ``initialize`` took from before its start."""
    start = time.perf_counter()
    async with StrictClient.start(env={"VIZSLA_CACHE_DIR": str(cache), "VIZSLA_CONFIG": str(CONFIG)}) as client:
        await client.initialize(root, then_initialized=False)
        seconds = time.perf_counter() - start
        client.notify("initialized", {})
        yield client, seconds


async def ready(client: StrictClient) -> dict[str, Any]:
    """Wait until the index is complete; its status."""
    while True:
        status = (await client.request("vizsla/status", {}, seconds=MINUTES))["roots"]
        if status and status[0]["activity"] in ("ready", "reading") and not status[0]["index"]["pending"]:
            found: dict[str, Any] = status[0]
            return found
        await asyncio.sleep(0.2)


async def indexed_cache(root: Path, *, like: Path | None = None) -> Path:
    """A cache directory in which the index of ``root`` is complete, made by a server once.

    Args:
        root: what is indexed.
        like: another cache directory, of ``speed.py``, whose vectors save the time to make them again.
    """
    cache = BENCH / f"cache-lsp-{root.name}"
    if not (cache / "complete").exists():
        fresh_cache(cache.name)
        for vectors in like.glob("embeddings.sqlite*") if like is not None else ():
            shutil.copy(vectors, cache)
        async with server(root, cache) as (client, _):
            await ready(client)
        (cache / "complete").touch()
    return cache


async def timed_search(client: StrictClient, query: str, **more: object) -> tuple[float, dict[str, Any]]:
    """The seconds until the answer to a question, and the answer."""
    start = time.perf_counter()
    result = await client.request("vizsla/search", {"query": query, **more}, seconds=MINUTES)
    return time.perf_counter() - start, result


def resident_bytes(process_id: int) -> int:
    """What a process holds in memory now."""
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def descriptors(process_id: int) -> int:
    """How many files, pipes and sockets a process has open."""
    return len(list(Path(f"/proc/{process_id}/fd").iterdir()))


def threads(process_id: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{process_id}/task").iterdir()))
