"""What the server says of itself, what it understands of its client, and which question gives way to which."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from vizsla.core.settings import Settings
from vizsla.lsp import messages
from vizsla.lsp.envelopes import RefusedError
from vizsla.lsp.options import client_of, client_settings, pushed_section
from vizsla.lsp.questions import Questions, is_same, is_typed_on


def said(
    options: object = None, capabilities: types.ClientCapabilities | None = None, **more: Any
) -> types.InitializeParams:
    return types.InitializeParams(
        capabilities=capabilities or types.ClientCapabilities(), initialization_options=options, **more
    )


def test_the_server_names_every_message_of_its_own() -> None:
    assert messages.experimental() == {
        "vizsla": {
            "schema": 1,
            "requests": ["vizsla/search", "vizsla/similar", "vizsla/status"],
            "notifications": ["vizsla/statusChanged", "vizsla/opened"],
            "commands": [
                "vizsla.search",
                "vizsla.rebuild",
                "vizsla.pause",
                "vizsla.resume",
                "vizsla.clear",
                "vizsla.status",
                "vizsla.useModels",
                "vizsla.train",
                "vizsla.stopTraining",
            ],
        }
    }


def test_a_client_that_says_nothing_can_nothing() -> None:
    client = client_of(said())
    assert not (client.folders or client.problems or client.wants_status or client.can_pull_settings)
    assert not (client.can_register_watching or client.can_register_settings or client.can_show_progress)
    assert client.symbol_kinds == frozenset(range(1, 19))


def test_what_a_client_can_is_read_from_its_capabilities() -> None:
    capabilities = types.ClientCapabilities(
        workspace=types.WorkspaceClientCapabilities(
            configuration=True,
            did_change_configuration=types.DidChangeConfigurationClientCapabilities(dynamic_registration=True),
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
            symbol=types.WorkspaceSymbolClientCapabilities(
                symbol_kind=types.ClientSymbolKindOptions(value_set=[types.SymbolKind.Struct])
            ),
        ),
        window=types.WindowClientCapabilities(work_done_progress=True),
        experimental={"vizsla": {}},
    )
    client = client_of(said(capabilities=capabilities))
    assert client.can_pull_settings and client.can_register_settings
    assert client.can_register_watching and client.can_show_progress
    assert client.symbol_kinds == {23} and not client.wants_status
    assert client_of(said({"statusNotifications": True})).wants_status
    assert client_of(said(capabilities=types.ClientCapabilities(experimental={"vizsla": True}))).wants_status


def test_the_folders_of_a_client_are_read_in_all_three_ways() -> None:
    folders = [types.WorkspaceFolder(uri, "x") for uri in ("file:///a%20b", "untitled:x", "file:///c", "file:///c")]
    assert client_of(said(workspace_folders=folders, root_uri="file:///z")).folders == (Path("/a b"), Path("/c"))
    assert client_of(said(root_uri="file:///z", root_path="/y")).folders == (Path("/z"),)
    assert client_of(said(root_path="/y")).folders == (Path("/y"),)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"schema": 2}, "update the server"),
        ({"schema": 0}, "update the plug-in"),
        ({"schema": "one"}, "schema must be a whole number"),
        ([1], "initializationOptions must be an object"),
        ({"statusNotifications": "yes"}, "statusNotifications must be true or false"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(options: object, sentence: str) -> None:
    (problem,) = client_of(said(options)).problems
    assert sentence in problem and "\n" not in problem


def test_a_client_of_our_schema_is_no_problem() -> None:
    assert not client_of(said({"schema": 1, "somethingNew": {}})).problems


def test_settings_may_be_written_as_editors_write_them() -> None:
    settings, refused = client_settings(
        {"search": {"rerankSeconds": 0.5, "limit": 5}, "index": {"max_file_bytes": 7, "exclude": None}, "cache": None},
        Settings(),
    )
    assert not refused
    assert (settings.search.rerank_seconds, settings.search.limit, settings.index.max_file_bytes) == (0.5, 5, 7)


def test_every_refused_setting_is_named() -> None:
    base = Settings()
    settings, refused = client_settings(
        {"search": {"limit": "many"}, "models": {"noSuch": 1}, "serach": {}, "index": 5}, base
    )
    assert settings == base
    assert [sentence.split(":")[0] for sentence in refused] == ["search.limit", "models.no_such", "serach", "index"]
    assert client_settings("x", base) == (
        base,
        ("the settings of vizsla must be an object, got 'x'; they are ignored",),
    )
    assert client_settings(None, base) == (base, ())


def test_the_environment_comes_before_the_clients_cache(cache: Path) -> None:
    settings, refused = client_settings({"cache": {"directory": "/elsewhere"}}, Settings())
    assert settings.cache.directory != Path("/elsewhere") and not refused


def test_pushed_settings_are_found_with_and_without_their_section() -> None:
    assert pushed_section({"vizsla": {"search": {}}, "other": 1}) == {"search": {}}
    assert pushed_section({"search": {"limit": 1}}) == {"search": {"limit": 1}}
    assert pushed_section({"editor": {}}) is None
    assert pushed_section(None) is None and pushed_section([1]) is None


async def forever() -> str:
    await asyncio.get_running_loop().create_future()
    return "never"


async def at_once() -> str:
    return "answer"


async def test_a_newer_question_of_a_session_takes_the_place_of_the_older() -> None:
    questions = Questions(is_same)
    older = asyncio.create_task(questions.newest("a", forever()))
    other = asyncio.create_task(questions.newest("b", forever()))
    await asyncio.sleep(0)
    assert await questions.newest("a", at_once()) == "answer"
    with pytest.raises(RefusedError) as refused:
        await older
    assert refused.value.code == -32802
    assert not other.done()
    other.cancel()
    with pytest.raises(asyncio.CancelledError):
        await other


async def test_a_question_that_failed_or_was_cancelled_is_forgotten() -> None:
    async def fails() -> str:
        raise ValueError("no")

    questions = Questions(is_same)
    with pytest.raises(ValueError, match="no"):
        await questions.newest("a", fails())
    cancelled = asyncio.create_task(questions.newest("a", forever()))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert await questions.newest("a", at_once()) == "answer"


@pytest.mark.parametrize(
    ("newer", "older", "replaces"),
    [
        ("retry up", "retry", True),
        ("ret", "retry", True),
        ("", "retry", True),
        ("cart", "retry", False),
        ("a", "a", False),
    ],
)
def test_a_text_gives_way_to_what_the_user_made_of_it(newer: str, older: str, replaces: bool) -> None:
    assert is_typed_on(newer, older) is replaces
