"""The server with what real editors say that they can do, through pytest-lsp's client, which checks answers by it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, LspSpecificationWarning, client_capabilities

from shop import SHOP, write_tree

pytestmark = [pytest.mark.asyncio, pytest.mark.filterwarnings(f"error::pytest_lsp.{LspSpecificationWarning.__name__}")]

EDITORS = ("visual_studio_code", "neovim@v0.10", "neovim@v0.11", "emacs")
QUESTION = "where is a file sent again"
SECONDS = 60.0

Symbols = Sequence[types.SymbolInformation | types.WorkspaceSymbol]


async def symbols_with(client: LanguageClient, question: str, name: str) -> Symbols:
    """Ask for symbols until one has this name; all of them then."""
    async with asyncio.timeout(SECONDS):
        while True:
            symbols = await client.workspace_symbol_async(types.WorkspaceSymbolParams(query=question)) or []
            if any(symbol.name == name for symbol in symbols):
                return symbols
            await asyncio.sleep(0.05)


async def searched(client: LanguageClient, question: str) -> Any:
    """Ask by the command until everything is indexed and the model answers, however busy the machine is."""
    asked = types.ExecuteCommandParams(command="vizsla.search", arguments=[question])
    async with asyncio.timeout(SECONDS):
        while True:
            result = await client.workspace_execute_command_async(asked)
            if result["isSemantic"] and not result["isPartial"]:
                return result
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("editor", EDITORS)
async def test_an_editor_asks_by_its_symbol_search_and_finds_text_that_is_not_saved(
    editor: str, tmp_path: Path
) -> None:
    shop = write_tree(tmp_path / "shop", SHOP)
    command = [sys.executable, "-m", "vizsla.cli", "serve"]
    config = ClientServerConfig(server_command=command, server_env={"VIZSLA_CACHE_DIR": str(tmp_path / "cache")})
    client = await config.start()
    assert isinstance(client, LanguageClient)
    try:
        folder = types.WorkspaceFolder(uri=shop.as_uri(), name="shop")
        said = await client.initialize_session(
            types.InitializeParams(
                capabilities=client_capabilities(editor), workspace_folders=[folder], root_uri=shop.as_uri()
            )
        )
        assert said.capabilities.workspace_symbol_provider
        await searched(client, QUESTION)
        found = await symbols_with(client, QUESTION, "retry_upload")
        assert found[0].name == "retry_upload"

        path = shop / "shop" / "uploads.py"
        document = types.TextDocumentItem(uri=path.as_uri(), language_id="python", version=1, text=path.read_text())
        client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))
        start = types.Position(line=0, character=0)
        added = (
            'def water_the_plants(garden):\n    """Give flowers something to drink."""\n    return garden.rain()\n\n\n'
        )
        client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                text_document=types.VersionedTextDocumentIdentifier(uri=path.as_uri(), version=2),
                content_changes=[
                    types.TextDocumentContentChangePartial(range=types.Range(start=start, end=start), text=added)
                ],
            )
        )
        flowers = "give flowers something to drink"
        (unsaved, *_) = await symbols_with(client, flowers, "water_the_plants")
        assert unsaved.name == "water_the_plants"
        assert unsaved.location.uri == path.as_uri()
        result = await searched(client, flowers)
        assert result["hits"][0]["qualifiedName"] == "water_the_plants" and result["isSemantic"]
        assert "water_the_plants" not in path.read_text()
        await client.shutdown_session()
        assert client.error is None
    finally:
        await client.stop()
