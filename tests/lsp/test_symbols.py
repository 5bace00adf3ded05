"""``workspace/symbol`` over the real server: search for clients without any plug-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from lsp.editor import editing, model_worker_halted
from lsp.strict_client import RefusedError, StrictClient
from shop import SHOP, write_tree

pytestmark = pytest.mark.asyncio(loop_scope="module")

RUST = "pub struct Basket {\n    items: Vec<u8>,\n}\n\nimpl Basket {\n    pub fn weigh(&self) -> usize { self.items.len() }\n}\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StrictClient]:
    folder = tmp_path_factory.mktemp("symbols")
    shop = write_tree(folder / "shop", {**SHOP, "basket.rs": RUST})
    async with editing(shop, cache=folder / "cache") as opened:
        yield opened


async def symbols(client: StrictClient, query: str) -> Any:
    return await client.request("workspace/symbol", {"query": query})


async def test_a_question_in_plain_words_finds_functions(client: StrictClient) -> None:
    found = await symbols(client, "where is a file sent again")
    assert found[0]["name"] == "retry_upload" and found[0]["kind"] == 12
    assert found[0]["containerName"] == "shop/uploads.py"
    assert found[0]["location"]["range"]["start"] == {"line": 5, "character": 0}


async def test_a_name_finds_its_symbol_first(client: StrictClient) -> None:
    first = (await symbols(client, "total_price"))[0]
    assert (first["name"], first["kind"], first["containerName"]) == ("total_price", 6, "Cart")


async def test_a_kind_that_the_client_does_not_know_becomes_one_that_it_does(client: StrictClient) -> None:
    (basket,) = [symbol for symbol in await symbols(client, "Basket kind:struct") if symbol["name"] == "Basket"]
    assert basket["kind"] == 5


@pytest.mark.parametrize("query", ["", "  ", "?", "lang:klin", "kind:meth", "is:o"])
async def test_half_a_question_finds_nothing_and_disturbs_nobody(client: StrictClient, query: str) -> None:
    assert await symbols(client, query) == []


async def test_typing_on_takes_the_place_of_the_older_text(client: StrictClient) -> None:
    with model_worker_halted(client):
        _, older = client.send_request("workspace/symbol", {"query": "retr"})
        _, other = client.send_request("workspace/symbol", {"query": "cookie"})
        _, newer = client.send_request("workspace/symbol", {"query": "retry upl"})
        with pytest.raises(RefusedError) as refused:
            await asyncio.wait_for(older, 30)
        assert refused.value.code == -32802
        _, shorter = client.send_request("workspace/symbol", {"query": "retry"})
        with pytest.raises(RefusedError):
            await asyncio.wait_for(newer, 30)
    assert (await shorter)[0]["name"] == "retry_upload"
    assert await other


async def test_parameters_are_checked(client: StrictClient) -> None:
    with pytest.raises(RefusedError) as refused:
        await client.request("workspace/symbol", {"query": 5})
    assert refused.value.code == -32602
