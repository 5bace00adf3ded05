"""``vizsla/opened``: noted when the user wants it, and never else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from lsp.editor import DEADLINE_SECONDS, editing
from lsp.strict_client import StrictClient


async def first_hit(client: StrictClient) -> Any:
    return (await client.request("vizsla/search", {"query": "retry uploads"}))["hits"][0]


async def test_an_opened_hit_is_noted_where_the_user_wants_it(shop: Path, cache: Path) -> None:
    async with editing(shop, cache=cache, settings={"feedback": {"enabled": True}}) as client:
        hit = await first_hit(client)
        client.notify("vizsla/opened", {"query": "retry uploads", "location": hit["location"]})
        log = cache / "feedback.jsonl"
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not (log.exists() and log.read_text().endswith("\n")):
                await asyncio.sleep(0.02)
        noted = json.loads(log.read_text())
        assert (noted["query"], noted["path"], noted["qualified_name"]) == (
            "retry uploads",
            hit["path"],
            hit["qualifiedName"],
        )


async def test_nothing_is_noted_by_default(shop: Path, cache: Path) -> None:
    async with editing(shop, cache=cache) as client:
        hit = await first_hit(client)
        client.notify("vizsla/opened", {"query": "retry uploads", "location": hit["location"]})
        client.notify("vizsla/opened", {"nothing": "of it is read"})
        await first_hit(client)
    assert not (cache / "feedback.jsonl").exists()
