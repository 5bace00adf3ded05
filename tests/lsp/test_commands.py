"""``workspace/executeCommand`` over the real server: everything for clients without custom requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lsp.editor import editing, model_worker_halted, names, settled, status_when
from lsp.strict_client import RefusedError, StrictClient
from shop import SHOP, write_tree

pytestmark = pytest.mark.asyncio(loop_scope="module")

Desk = tuple[StrictClient, Path]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("commands")
    shop = write_tree(folder / "shop", SHOP)
    async with editing(shop, cache=folder / "cache") as client:
        yield client, shop


async def execute(client: StrictClient, command: str, *arguments: object) -> Any:
    return await client.request("workspace/executeCommand", {"command": command, "arguments": list(arguments)})


def _activity(status: Any) -> str:
    (root,) = status["roots"]
    return str(root["activity"])


async def test_a_command_searches(desk: Desk) -> None:
    client, _ = desk
    assert names(await execute(client, "vizsla.search", "retry uploads"))[0] == "retry_upload"
    asked = {"query": "cookie", "limit": 1, "filters": {"languages": ["javascript"]}}
    assert names(await execute(client, "vizsla.search", asked)) == ["signCookie"]


async def test_a_command_tells_the_status(desk: Desk) -> None:
    client, shop = desk
    assert (await client.request("workspace/executeCommand", {"command": "vizsla.status"}))["roots"][0][
        "uri"
    ] == shop.as_uri()
    assert "skippedFiles" in (await execute(client, "vizsla.status", {"files": True}))["roots"][0]["index"]


async def test_pausing_holds_the_index_and_resuming_lets_it_go_on(desk: Desk) -> None:
    client, shop = desk
    assert await execute(client, "vizsla.pause") is None
    await status_when(client, lambda status: _activity(status) == "paused")
    (shop / "later.py").write_text("def appears_later():\n    return 1\n")
    assert await execute(client, "vizsla.resume", shop.as_uri()) is None
    await status_when(client, lambda status: _activity(status) == "ready" and status["roots"][0]["index"]["files"] == 5)


async def test_rebuilding_ends_with_the_same_index(desk: Desk) -> None:
    client, _ = desk
    before = (await settled(client))["roots"][0]["index"]
    assert await execute(client, "vizsla.rebuild") is None
    after = await status_when(
        client, lambda status: status["roots"][0]["index"]["reconciledAt"] != before["reconciledAt"]
    )
    after = await settled(client)
    assert after["roots"][0]["index"]["functions"] == before["functions"]


async def test_clearing_deletes_the_index_until_it_is_wanted_again(desk: Desk) -> None:
    client, shop = desk
    assert await execute(client, "vizsla.clear", shop.as_uri()) is None
    status = await status_when(client, lambda status: _activity(status) == "paused")
    assert status["roots"][0]["index"]["functions"] == 0
    assert await execute(client, "vizsla.resume") is None
    assert (await settled(client))["roots"][0]["index"]["functions"] > 0


async def test_cancelling_a_command_cancels_its_work(desk: Desk) -> None:
    client, _ = desk
    await settled(client)
    with model_worker_halted(client):
        params = {"command": "vizsla.search", "arguments": [{"query": "x cart", "workDoneToken": "w"}]}
        number, answer = client.send_request("workspace/executeCommand", params)
        await client.wait_for(lambda: client.progress("w"))
        client.cancel(number)
        with pytest.raises(RefusedError) as refused:
            await asyncio.wait_for(answer, 30)
        assert refused.value.code == -32800
        await client.wait_for(lambda: len(client.progress("w")) == 2)


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("vizsla.nonsense", [], -32602),
        ("vizsla.search", [], -32602),
        ("vizsla.search", [5], -32602),
        ("vizsla.search", ["a", "b"], -32602),
        ("vizsla.search", [""], -32803),
        ("vizsla.status", ["all"], -32602),
        ("vizsla.rebuild", [5], -32602),
        ("vizsla.pause", ["untitled:x"], -32602),
        ("vizsla.clear", ["file:///nowhere"], -32803),
    ],
)
async def test_what_a_command_cannot_do_is_refused(
    desk: Desk, command: str, arguments: list[object], code: int
) -> None:
    with pytest.raises(RefusedError) as refused:
        await execute(desk[0], command, *arguments)
    assert refused.value.code == code and "\n" not in refused.value.message
