"""Files that change on the disk, of which only the client tells: then no watcher of our own runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lsp.editor import editing, found_when, settled
from lsp.strict_client import RefusedError, StrictClient
from shop import SHOP, write_tree

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAPABILITIES = {
    "workspace": {
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "fileOperations": {"didCreate": True, "didRename": True, "didDelete": True},
    }
}
Desk = tuple[StrictClient, Path]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("files")
    shop = write_tree(folder / "shop", SHOP)
    async with editing(shop, cache=folder / "cache", capabilities=CAPABILITIES) as client:
        yield client, shop


async def test_the_server_asks_to_be_told_and_watches_no_files_itself(desk: Desk) -> None:
    client, _ = desk
    (asked,) = client.requests("client/registerCapability")
    (registration,) = asked["registrations"]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    assert registration["registerOptions"]["watchers"] == [{"globPattern": "**/*"}]
    (root,) = (await client.request("vizsla/status"))["roots"]
    assert root["watcher"] == "client"


async def test_files_that_are_made_renamed_and_deleted_are_followed(desk: Desk) -> None:
    client, shop = desk
    old, new = shop / "a b#.py", shop / "moved" / "c.py"
    old.write_text("def told_about(): return 1\n")
    client.notify("workspace/didCreateFiles", {"files": [{"uri": old.as_uri()}]})
    await found_when(client, "told about", lambda found: "told_about" in found)
    new.parent.mkdir()
    old.rename(new)
    client.notify("workspace/didRenameFiles", {"files": [{"oldUri": old.as_uri(), "newUri": new.as_uri()}]})
    found = await found_when(client, "told about path:moved/**", lambda found: "told_about" in found)
    assert [hit["path"] for hit in found["hits"] if hit["name"] == "told_about"] == ["moved/c.py"]
    new.unlink()
    client.notify("workspace/didDeleteFiles", {"files": [{"uri": new.as_uri()}]})
    await found_when(client, "told about", lambda found: "told_about" not in found)


async def test_watched_files_are_followed(desk: Desk) -> None:
    client, shop = desk
    file = shop / "watched.py"
    for kind, text in ((1, "def watched_first(): pass\n"), (2, "def watched_second(): pass\n")):
        file.write_text(text)
        client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": file.as_uri(), "type": kind}]})
        await found_when(client, "watched", lambda found, text=text: text.split("(")[0][4:] in found)  # type: ignore[misc]
    file.unlink()
    changes = [{"uri": file.as_uri(), "type": 3}, {"uri": "untitled:1", "type": 1}, {"uri": "file:///x/y", "type": 1}]
    client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    await found_when(client, "watched", lambda found: "watched_second" not in found)


async def test_where_the_client_refuses_the_server_watches_itself(tmp_path: Path, shop: Path) -> None:
    def refuse(_: object) -> object:
        raise RefusedError({"code": -32601, "message": "not after all"})

    async with StrictClient.start(env={"VIZSLA_CACHE_DIR": str(tmp_path / "cache")}) as client:
        client.answers["client/registerCapability"] = refuse
        await client.initialize(shop, capabilities=CAPABILITIES)
        (root,) = (await settled(client))["roots"]
        assert root["watcher"] in ("watchdog", "polling")
