"""A strict client over the real ``vizsla serve``, in a cache directory of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from lsp.strict_client import StrictClient


@pytest_asyncio.fixture
async def client(cache: Path) -> AsyncIterator[StrictClient]:
    """A server that runs and has not been initialized; every fault fails the test at its end."""
    async with StrictClient.start(env={"VIZSLA_CACHE_DIR": str(cache)}) as client:
        yield client
