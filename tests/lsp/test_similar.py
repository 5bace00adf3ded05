"""``vizsla/similar`` over the real server: functions like the one at a place, also in text that is not saved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lsp.editor import editing, names
from lsp.strict_client import RefusedError, StrictClient
from shop import SHOP, write_tree

pytestmark = pytest.mark.asyncio(loop_scope="module")

Desk = tuple[StrictClient, Path]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("similar")
    shop = write_tree(folder / "shop", SHOP)
    async with editing(shop, cache=folder / "cache") as client:
        yield client, shop


async def similar(desk: Desk, path: str, line: int, **more: object) -> Any:
    client, shop = desk
    place = {"textDocument": {"uri": (shop / path).as_uri()}, "position": {"line": line, "character": 4}}
    return await client.request("vizsla/similar", {**place, **more})


async def test_others_like_the_function_are_found_and_itself_is_left_out(desk: Desk) -> None:
    result = await similar(desk, "shop/cart.py", 8)
    assert "Cart.total_price" not in names(result)
    assert "test_total_price_includes_tax" in names(result)[:3]
    assert result["isSemantic"] and not result["isReranked"]
    assert len((await similar(desk, "shop/cart.py", 8, limit=1))["hits"]) == 1


@pytest.mark.parametrize("character", [0, 2, 4])
async def test_a_cursor_before_the_first_word_of_a_method_means_the_method(desk: Desk, character: int) -> None:
    result = await similar(desk, "shop/cart.py", 6, position={"line": 6, "character": character})
    assert "Cart.total_price" not in names(result)
    assert "test_total_price_includes_tax" in names(result)[:3]


@pytest.mark.parametrize(
    ("path", "more", "code"),
    [
        ("shop/no-such.py", {}, -32803),
        ("../elsewhere.py", {}, -32803),
        ("shop/cart.py", {"limit": 0}, -32602),
        ("shop/cart.py", {"position": {"line": "8", "character": 0}}, -32602),
        ("shop/cart.py", {"textDocument": {"uri": "untitled:1"}}, -32602),
    ],
)
async def test_a_place_without_a_function_is_refused(desk: Desk, path: str, more: dict[str, Any], code: int) -> None:
    with pytest.raises(RefusedError) as refused:
        await similar(desk, path, 8, **more)
    assert refused.value.code == code and "\n" not in refused.value.message


async def test_a_line_beyond_the_file_is_refused(desk: Desk) -> None:
    with pytest.raises(RefusedError) as refused:
        await similar(desk, "shop/cart.py", 5000)
    assert refused.value.code == -32803
