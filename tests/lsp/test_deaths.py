"""Killed children and killed servers: the answer of the moment still comes, and what died is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from lsp.editor import DEADLINE_SECONDS, editing, found_when, model_worker_halted, names, settled, status_when, workers
from lsp.strict_client import StrictClient

QUESTION = "send the file again until the server accepts it"


async def ask(client: StrictClient) -> Any:
    return await client.request("vizsla/search", {"query": QUESTION})


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=["killed", "crashed"])
async def test_a_question_is_answered_from_words_when_the_model_worker_dies_beneath_it(
    shop: Path, cache: Path, number: int
) -> None:
    async with editing(shop, cache=cache) as client:
        with model_worker_halted(client):  # so that it dies before it has answered
            _, asked = client.send_request("vizsla/search", {"query": QUESTION})
            await asyncio.sleep(0.05)
            for worker in workers(client, "vizsla.models.worker"):
                os.kill(worker, number)
                os.kill(worker, signal.SIGCONT)
            answer = await asyncio.wait_for(asked, DEADLINE_SECONDS)
        assert answer["hits"]
        assert answer["isSemantic"] or any("words" in note for note in answer["notes"])
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not (answer := await ask(client))["isSemantic"]:
                await asyncio.sleep(0.05)
        assert names(answer)[0] == "retry_upload"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=["killed", "crashed"])
async def test_parse_workers_that_die_are_replaced(shop: Path, cache: Path, number: int) -> None:
    async with editing(shop, cache=cache) as client:
        (shop / "shop/first.py").write_text("def polish_first_lantern():\n    return 'lantern'\n")
        await found_when(client, "polish the first lantern", lambda found: "polish_first_lantern" in found)
        for worker in workers(client, "vizsla.parsing.worker"):
            os.kill(worker, number)
        (shop / "shop/second.py").write_text("def polish_second_lantern():\n    return 'lantern'\n")
        await found_when(client, "polish the second lantern", lambda found: "polish_second_lantern" in found)


async def test_a_second_server_reads_and_takes_over_when_the_first_is_killed(shop: Path, cache: Path) -> None:
    async with (
        editing(shop, cache=cache) as first,
        StrictClient.start(env={"VIZSLA_CACHE_DIR": str(cache)}) as second,
    ):
        await second.initialize(shop)
        await status_when(second, lambda status: status["roots"][0]["activity"] == "reading")
        assert names(await ask(second))[0] == "retry_upload"
        first.kill()
        await first.wait_exit()
        (shop / "shop/later.py").write_text("def polish_the_lantern():\n    return 'lantern'\n")
        status = await settled(second)
        assert status["roots"][0]["index"]["isWriter"]
        await found_when(second, "polish the lantern", lambda found: "polish_the_lantern" in found)


async def test_unsaved_text_is_found_also_by_a_server_that_only_reads(shop: Path, cache: Path) -> None:
    async with editing(shop, cache=cache), StrictClient.start(env={"VIZSLA_CACHE_DIR": str(cache)}) as reader:
        await reader.initialize(shop)
        await status_when(reader, lambda status: status["roots"][0]["activity"] == "reading")
        uri = (shop / "shop/uploads.py").as_uri()
        text = "def polish_the_lantern():\n    return 'lantern'\n"
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        reader.notify("textDocument/didOpen", {"textDocument": document})
        await found_when(reader, "polish the lantern", lambda found: found[:1] == ["polish_the_lantern"])
        assert "retry_upload" not in names(await ask(reader))
        reader.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        await found_when(reader, QUESTION, lambda found: found[:1] == ["retry_upload"])
