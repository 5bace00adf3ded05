"""The answer to ``initialize``: given before pygls is there, and true of what pygls does later."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder

from lsp.strict_client import StrictClient
from vizsla import __version__
from vizsla.lsp import messages
from vizsla.lsp.converter import strict_converter, structure_initialize
from vizsla.lsp.exit import Ending
from vizsla.lsp.framing import Unreadable
from vizsla.lsp.handlers import register
from vizsla.lsp.handshake import Handshake, initialize_result, server_capabilities
from vizsla.lsp.server import VizslaServer

OPERATIONS = {"didCreate": True, "didRename": True, "didDelete": True, "willRename": True}
CLIENTS: list[dict[str, Any]] = [
    {},
    {"workspace": {"fileOperations": OPERATIONS}},
    {"workspace": {"fileOperations": {"didCreate": True, "didDelete": False}}},
    {"general": {"positionEncodings": ["utf-8", "utf-16"]}},
    {"general": {"positionEncodings": ["utf-7", "utf-32"]}},
    {"general": {"positionEncodings": []}},
    {"textDocument": {"synchronization": {"willSave": True, "willSaveWaitUntil": True, "didSave": True}}},
    {"notebookDocument": {"synchronization": {}}},
]


@pytest.fixture
def server() -> Iterator[VizslaServer]:
    server = VizslaServer(Ending())
    register(server)
    yield server
    server.loop.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_said_is_what_the_registered_handlers_can_do(server: VizslaServer, client: dict[str, Any]) -> None:
    converter, manager = strict_converter(), server.protocol.fm
    capabilities = converter.structure(client, types.ClientCapabilities)
    built: types.ServerCapabilities = ServerCapabilitiesBuilder(
        capabilities,
        {*manager.features, *manager.builtin_features},
        manager.feature_options,
        list(manager.commands),
        types.TextDocumentSyncKind.Incremental,
        None,
        ServerCapabilitiesBuilder.choose_position_encoding(capabilities),
    ).build()  # type: ignore[no-untyped-call]
    said = server_capabilities(client)
    assert said.pop("experimental") == messages.experimental()
    expected = json.loads(json.dumps(converter.unstructure(built, types.ServerCapabilities)))
    for name in ("willSave", "willSaveWaitUntil"):
        assert expected["textDocumentSync"].pop(name, False) is False
    for capabilities_ in (said, expected):
        capabilities_["executeCommandProvider"]["commands"].sort()
    assert said == expected


def test_our_own_requests_and_commands_are_those_that_are_registered(server: VizslaServer) -> None:
    own = {name for name in server.protocol.fm.features if name.startswith("vizsla/")}
    assert own == {*messages.REQUESTS, messages.OPENED}
    assert set(server.protocol.fm.commands) == set(messages.COMMANDS)


def test_nothing_that_takes_long_to_import_is_needed_for_the_answer() -> None:
    code = "import sys, vizsla.cli.app, vizsla.lsp.serving; print(' '.join(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pygls", "lsprotocol", "attrs", "cattrs", "numpy", "sqlite3", "usearch"} & set(printed)


def test_the_answer_names_the_server_and_the_schema_of_its_messages() -> None:
    said = initialize_result({"capabilities": {}})
    assert said["serverInfo"] == {"name": "vizsla", "version": __version__}
    assert said["capabilities"]["experimental"]["vizsla"]["schema"] == messages.SCHEMA


def test_messages_after_initialize_wait_in_order_until_someone_takes_them() -> None:
    sent: list[Any] = []
    watched: list[int] = []
    handshake = Handshake(sent.append, refuse=sent.append, watch_parent=watched.append)
    handshake.receive({"jsonrpc": "2.0", "method": "textDocument/didOpen"})
    handshake.receive({"jsonrpc": "2.0", "id": "x", "result": 1})
    handshake.receive(Unreadable(code=-32700, reason="none"))
    first = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": 5, "capabilities": {}}}
    later = [{"jsonrpc": "2.0", "id": n, "method": "x"} for n in range(3)]
    for message in [first, *later]:
        handshake.receive(message)
    assert [json.loads(body)["id"] for body in sent] == [None, 1]
    assert watched == [5]
    waited: list[object] = []
    came: list[object] = []
    handshake.attach(waited.append, came.append)
    handshake.receive("more")
    assert (waited, came) == ([first, *later], ["more"])


def test_initialize_is_handed_on_also_when_someone_takes_messages_before_it_comes() -> None:
    waited: list[object] = []
    came: list[object] = []
    handshake = Handshake(lambda body: None, refuse=came.append, watch_parent=lambda number: None)
    handshake.attach(waited.append, came.append)
    wrong = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None}}
    first = {"jsonrpc": "2.0", "id": 2, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
    for message in (wrong, first, "more"):
        handshake.receive(message)
    assert (waited, came) == ([], [first, "more"])


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        ({"workspace": {"symbol": {"symbolKind": {"valueSet": [1, 999]}}}}, True),
        ({"workspace": {"applyEdit": "yes"}}, False),
        ({"textDocument": 5}, False),
        ({"futureSection": {"anything": [1]}}, True),
        ({"general": {"positionEncodings": ["utf-8", "utf-99"], "markdown": 7}}, False),
    ],
)
def test_capabilities_of_a_newer_protocol_cost_only_themselves(odd: dict[str, Any], kept: bool) -> None:
    window = {"window": {"workDoneProgress": True}}
    params = {"processId": 1, "rootUri": "file:///x", "capabilities": {**window, **odd}, "trace": "off"}
    structured = structure_initialize(strict_converter(), params, "utf-8")
    assert structured.capabilities.window is not None and structured.capabilities.window.work_done_progress
    assert structured.root_uri == "file:///x"
    assert structured.capabilities.general is not None
    assert structured.capabilities.general.position_encodings == ["utf-8"]
    assert kept or (structured.capabilities.text_document is None and structured.capabilities.workspace is None)


def test_other_parameters_that_do_not_fit_cost_only_themselves() -> None:
    params: dict[str, Any] = {
        "processId": None,
        "rootUri": 5,
        "capabilities": {},
        "clientInfo": "me",
        "workspaceFolders": [5],
    }
    structured = structure_initialize(strict_converter(), params, "utf-16")
    assert (structured.root_uri, structured.client_info, structured.workspace_folders) == (None, None, None)


async def test_a_real_server_answers_and_agrees_on_an_encoding(client: StrictClient, tmp_path: Path) -> None:
    said = await client.initialize(tmp_path, encodings=["utf-7", "utf-32", "utf-8"])
    assert said["capabilities"]["positionEncoding"] == "utf-32"
    assert (await client.request("vizsla/status", {}))["positionEncoding"] == "utf-32"


async def test_a_client_that_takes_its_time_before_initialize_is_served(
    client: StrictClient, shop: Path, tmp_path: Path
) -> None:
    assert client.process is not None
    process = Path(f"/proc/{client.process.pid}")
    async with asyncio.timeout(60):
        idle = 0
        while idle < 10:  # looks in a row at which there is a loop, and nothing to do on it
            await asyncio.sleep(0.1)
            idle = idle + 1 if _has_loop(process) and ") S " in (process / "stat").read_text() else 0
    await client.initialize(shop)
    assert (await client.request("vizsla/status", {}))["roots"][0]["uri"] == shop.as_uri()


def test_every_pair_of_clients_differs() -> None:
    assert all(one != other for one, other in itertools.combinations(CLIENTS, 2))


def _has_loop(process: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):  # it closed one of its files meanwhile
        return any("eventpoll" in str(file.readlink()) for file in (process / "fd").iterdir())
    return False
