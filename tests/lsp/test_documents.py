"""Open documents over the real server: what is written and not saved is searched, what is closed is not."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lsp.editor import editing, found_when, names, status_when
from lsp.strict_client import StrictClient
from shop import SHOP, write_tree

pytestmark = pytest.mark.asyncio(loop_scope="module")

_versions = itertools.count(1)


class Editor:
    """An editor that has files open, and sends what is typed."""

    def __init__(self, client: StrictClient, shop: Path) -> None:
        self.client = client
        self.shop = shop

    def open(self, path: str, text: str) -> None:
        document = {"uri": self.uri(path), "languageId": "python", "version": next(_versions), "text": text}
        self.client.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, path: str, *changes: dict[str, Any]) -> None:
        document = {"uri": self.uri(path), "version": next(_versions)}
        self.client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def close(self, path: str) -> None:
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": self.uri(path)}})

    def uri(self, path: str) -> str:
        return path if ":" in path else (self.shop / path).as_uri()

    async def found(self, query: str, name: str) -> Any:
        return await found_when(self.client, query, lambda found: name in found, limit=100)

    async def gone(self, query: str, name: str) -> Any:
        return await found_when(self.client, query, lambda found: name not in found, limit=100)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def editor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    folder = tmp_path_factory.mktemp("documents")
    shop = write_tree(folder / "shop", SHOP)
    async with editing(shop, cache=folder / "cache") as client:
        yield Editor(client, shop)


def replaced(line: int, start: int, end: int, text: str) -> dict[str, Any]:
    return {
        "range": {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}},
        "text": text,
    }


async def test_what_is_typed_is_found_and_closing_brings_the_disk_back(editor: Editor) -> None:
    text = (editor.shop / "shop/cart.py").read_text()
    editor.open("shop/cart.py", text)
    editor.change("shop/cart.py", replaced(0, 0, 0, "# 🙂\n"), replaced(1, 0, 0, "def unsaved_wish(): return 1\n"))
    result = await editor.found("unsaved wish", "unsaved_wish")
    hit = next(hit for hit in result["hits"] if hit["name"] == "unsaved_wish")
    assert hit["location"]["range"]["start"] == {"line": 1, "character": 0}
    moved = next(
        hit for hit in (await editor.found("total price", "Cart.total_price"))["hits"] if hit["name"] == "total_price"
    )
    assert moved["location"]["range"]["start"]["line"] == 8
    editor.change("shop/cart.py", replaced(1, 4, 16, "renamed_wish"))
    await editor.found("wish", "renamed_wish")
    assert "unsaved_wish" not in names(await editor.client.request("vizsla/search", {"query": "wish", "limit": 100}))
    editor.close("shop/cart.py")
    await editor.gone("wish", "renamed_wish")
    assert (editor.shop / "shop/cart.py").read_text() == text


async def test_the_whole_text_may_be_sent(editor: Editor) -> None:
    editor.open("shop/uploads.py", "")
    await editor.gone("retry upload", "retry_upload")
    editor.change("shop/uploads.py", {"text": "def whole_text(): pass\n"})
    await editor.found("whole text", "whole_text")
    editor.close("shop/uploads.py")
    await editor.found("retry upload", "retry_upload")


async def test_a_file_that_is_not_on_the_disk_is_searched_and_stays_once_saved(editor: Editor) -> None:
    editor.open("shop/draft.py", "def drafted(): return 'draft'\n")
    await editor.found("drafted", "drafted")
    status = await editor.client.request("vizsla/status")
    assert status["roots"][0]["openBuffers"] == 1
    (editor.shop / "shop/draft.py").write_text("def drafted(): return 'draft'\n")
    editor.client.notify("textDocument/didSave", {"textDocument": {"uri": editor.uri("shop/draft.py")}})
    await status_when(editor.client, lambda status: status["roots"][0]["index"]["files"] == 5)
    editor.close("shop/draft.py")
    await status_when(editor.client, lambda status: status["roots"][0]["openBuffers"] == 0)
    await editor.found("drafted", "drafted")


async def test_what_is_no_file_of_the_workspace_is_left_alone(editor: Editor) -> None:
    for uri in ("untitled:Untitled-1", "git:/shop/cart.py", "file:///elsewhere/foreign.py", "file://host/shop/a.py"):
        editor.open(uri, "def foreign_function(): pass\n")
        editor.change(uri, replaced(0, 4, 11, "alien"))
    assert "foreign_function" not in names(
        await editor.client.request("vizsla/search", {"query": "foreign alien function"})
    )
    for uri in ("untitled:Untitled-1", "git:/shop/cart.py", "file:///elsewhere/foreign.py", "file://host/shop/a.py"):
        editor.close(uri)


async def test_changes_of_what_is_not_open_are_ignored(editor: Editor) -> None:
    editor.change("shop/cart.py", replaced(0, 0, 0, "def nobody_opened(): pass\n"))
    editor.close("shop/cart.py")
    assert "nobody_opened" not in names(await editor.client.request("vizsla/search", {"query": "nobody opened"}))


async def test_a_place_in_a_buffer_is_the_buffers(editor: Editor) -> None:
    text = (editor.shop / "shop/cart.py").read_text()
    editor.open("shop/cart.py", "\n\n\n# 🙂\n" + text)
    await editor.found("total price", "Cart.total_price")
    await status_when(editor.client, lambda status: status["roots"][0]["index"]["pending"] == 0)
    place = {"textDocument": {"uri": editor.uri("shop/cart.py")}, "position": {"line": 11, "character": 8}}
    found = await editor.client.request("vizsla/similar", place)
    assert "Cart.total_price" not in names(found) and found["hits"]
    editor.close("shop/cart.py")


async def test_a_buffer_beyond_the_limit_is_not_searched(editor: Editor) -> None:
    editor.open("shop/huge.py", "def far_too_large(): pass\n" + "x = 1\n" * 200_000)
    editor.open("shop/small.py", "def small_enough(): pass\n")
    await editor.found("small enough", "small_enough")
    assert "far_too_large" not in names(await editor.client.request("vizsla/search", {"query": "far too large"}))
    editor.close("shop/huge.py")
    editor.close("shop/small.py")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_edits_are_applied_in_the_encoding_that_was_agreed(tmp_path: Path, encoding: str) -> None:
    shop = write_tree(tmp_path / "shop", {"a.py": "x = 1\n"})
    sizes = {"utf-8": 4, "utf-16": 2, "utf-32": 1}
    async with editing(shop, cache=tmp_path / "cache", encodings=[encoding]) as client:
        editor = Editor(client, shop)
        editor.open("a.py", "'🙂'; old = 1\ndef first(): pass\n")
        begin = 1 + sizes[encoding] + 3  # behind the quotes, the face and "; "
        editor.change("a.py", replaced(0, begin, begin + 3, "brand_new_function = lambda: 0; kept"))
        await editor.found("brand new function", "brand_new_function")
