"""Workspace folders over the real server: added, removed, within each other, asked one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp.editor import editing, found_when, names, settled
from lsp.strict_client import RefusedError, StrictClient
from shop import SHOP, write_tree


def change(client: StrictClient, *, added: list[Path] | None = None, removed: list[Path] | None = None) -> None:
    folders = [[{"uri": path.as_uri(), "name": path.name} for path in paths or []] for paths in (added, removed)]
    event = {"added": folders[0], "removed": folders[1]}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": event})


async def test_folders_come_and_go(tmp_path: Path, shop: Path) -> None:
    other = write_tree(tmp_path / "other", {"bank.py": "def transfer_money():\n    return 'money'\n"})
    async with editing(shop, cache=tmp_path / "cache") as client:
        change(client, added=[other])
        found = await found_when(client, "transfer money", lambda found: "transfer_money" in found, limit=100)
        assert {hit["root"] for hit in found["hits"]} == {shop.as_uri(), other.as_uri()}
        only = await client.request("vizsla/search", {"query": "money", "filters": {"roots": [other.as_uri()]}})
        assert {hit["root"] for hit in only["hits"]} == {other.as_uri()}
        change(client, removed=[other])
        change(client, removed=[other])
        change(client, added=[other], removed=[shop])
        found = await found_when(
            client, "retry upload money", lambda found: "retry_upload" not in found and bool(found)
        )
        assert {hit["root"] for hit in found["hits"]} == {other.as_uri()}
        status = await settled(client)
        assert [root["uri"] for root in status["roots"]] == [other.as_uri()]


async def test_a_file_of_two_folders_is_found_once(tmp_path: Path, shop: Path) -> None:
    async with editing(shop, shop / "web", cache=tmp_path / "cache") as client:
        result = await client.request("vizsla/search", {"query": "sign a cookie", "limit": 100})
        assert names(result).count("signCookie") == 1
        hit = next(hit for hit in result["hits"] if hit["name"] == "signCookie")
        assert (hit["root"], hit["path"]) == ((shop / "web").as_uri(), "session.js")


async def test_a_buffer_that_was_open_before_its_folder_is_found_with_it(tmp_path: Path, shop: Path) -> None:
    other = write_tree(tmp_path / "other", {"a.py": "x = 1\n"})
    async with editing(shop, cache=tmp_path / "cache") as client:
        document = {"uri": (other / "a.py").as_uri(), "languageId": "python", "version": 1}
        client.notify("textDocument/didOpen", {"textDocument": {**document, "text": "def early_bird(): pass\n"}})
        assert "early_bird" not in names(await client.request("vizsla/search", {"query": "early bird"}))
        change(client, added=[other])
        await found_when(client, "early bird", lambda found: "early_bird" in found)


async def test_without_any_folder_nothing_is_found_until_one_comes(tmp_path: Path) -> None:
    shop = write_tree(tmp_path / "shop", SHOP)
    async with editing(cache=tmp_path / "cache") as client:
        assert await client.request("workspace/symbol", {"query": "retry uploads"}) == []
        with pytest.raises(RefusedError) as refused:
            await client.request("vizsla/search", {"query": "retry uploads"})
        assert refused.value.code == -32803
        change(client, added=[shop])
        found = await client.request("vizsla/search", {"query": "retry uploads"})  # waits for the folder
        assert "retry_upload" in names(found)
