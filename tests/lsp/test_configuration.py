"""The client's settings over the real server: pulled and pushed, checked, refused once, in force at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from lsp.editor import editing, settled, status_when
from lsp.strict_client import SILENCE, RefusedError, StrictClient

PULLS = {"workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}}


async def hit_count(client: StrictClient) -> int:
    return len((await client.request("vizsla/search", {"query": "price"}))["hits"])


def messages(client: StrictClient) -> list[str]:
    return [told["message"] for told in client.notifications("window/showMessage")]


async def test_settings_are_pulled_at_first_and_when_they_change(tmp_path: Path, shop: Path) -> None:
    async with StrictClient.start(env={"VIZSLA_CACHE_DIR": str(tmp_path / "cache")}) as client:
        client.settings["vizsla"] = {"search": {"limit": 2}}
        await client.initialize(shop, capabilities=PULLS)
        await settled(client)
        assert await hit_count(client) == 2
        (registered,) = client.requests("client/registerCapability")
        assert registered["registrations"][0]["registerOptions"] == {"section": "vizsla"}
        client.settings["vizsla"] = {"search": {"limit": 3}}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        await client.wait_for(lambda: len(client.requests("workspace/configuration")) == 2)
        while await hit_count(client) != 3:
            pass
        assert messages(client) == []


async def test_settings_are_taken_as_they_are_pushed(tmp_path: Path, shop: Path) -> None:
    async with editing(shop, cache=tmp_path / "cache", settings={"search": {"limit": 1}}) as client:
        assert await hit_count(client) == 1
        client.notify("workspace/didChangeConfiguration", {"settings": {"vizsla": {"search": {"limit": 4}}}})
        while await hit_count(client) != 4:
            pass
        client.notify("workspace/didChangeConfiguration", {"settings": {"editor": {"tabSize": 4}}})
        assert await hit_count(client) == 4
        assert client.requests("workspace/configuration") == []


async def test_each_refused_setting_is_shown_once(tmp_path: Path, shop: Path) -> None:
    wrong: dict[str, Any] = {"search": {"limit": "many", "rerankDepth": 5}, "colour": {}}
    async with editing(shop, cache=tmp_path / "cache", settings=wrong) as client:
        (told,) = messages(client)
        assert (
            "search.limit: must be a whole number, got 'many'; keeping 10" in told and "colour: no such section" in told
        )
        status = await client.request("vizsla/status")
        assert len(status["refusedSettings"]) == 2
        push = "workspace/didChangeConfiguration"
        client.notify(push, {"settings": {"vizsla": {"search": {"limit": "many"}}}})
        await status_when(client, lambda status: len(status["refusedSettings"]) == 1)
        client.notify(push, {"settings": {"vizsla": {"search": {"limit": 2}}}})
        await status_when(client, lambda status: status["refusedSettings"] == [])
        assert len(messages(client)) == 1
        client.notify(push, {"settings": {"vizsla": {"search": {"limit": -1}}}})
        await status_when(client, lambda status: len(status["refusedSettings"]) == 1)
        await client.wait_for(lambda: len(messages(client)) == 2)
        assert await hit_count(client) == 10


async def test_a_client_that_never_tells_its_settings_is_served_with_what_it_said_at_first(
    tmp_path: Path, shop: Path
) -> None:
    async with StrictClient.start(env={"VIZSLA_CACHE_DIR": str(tmp_path / "cache")}) as client:
        client.answers["workspace/configuration"] = lambda _: SILENCE
        await client.initialize(shop, capabilities=PULLS, options={"settings": {"search": {"limit": 3}}})
        await settled(client)
        assert await hit_count(client) == 3


async def test_a_client_that_will_not_tell_its_settings_is_served_with_the_defaults(tmp_path: Path, shop: Path) -> None:
    def refuse(_: object) -> object:
        raise RefusedError({"code": -32603, "message": "no settings here"})

    async with StrictClient.start(env={"VIZSLA_CACHE_DIR": str(tmp_path / "cache")}) as client:
        client.answers["workspace/configuration"] = refuse
        await client.initialize(shop, capabilities=PULLS)
        await settled(client)
        assert await hit_count(client) == 10


ODD_ANSWERS: dict[str, dict[str, object]] = {
    "null": {"result": None},
    "no result": {},
    "an object": {"result": {"search": {"limit": 3}}},
    "an error without message": {"error": {"code": -32601}},
    "an error that is none": {"error": "no"},
}


@pytest.mark.parametrize("odd", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
async def test_a_client_whose_answers_do_not_fit_is_served_with_the_defaults(
    tmp_path: Path, shop: Path, odd: dict[str, object]
) -> None:
    async with StrictClient.start(env={"VIZSLA_CACHE_DIR": str(tmp_path / "cache")}) as client:

        def answer(message: dict[str, Any]) -> None:
            client.send({"jsonrpc": "2.0", "id": message["id"], **odd})

        client._answer = answer  # type: ignore[method-assign]  # also what no client may say
        watching = {"didChangeWatchedFiles": {"dynamicRegistration": True}}
        capabilities = {"workspace": {**PULLS["workspace"], **watching}, "window": {"workDoneProgress": True}}
        await client.initialize(shop, capabilities=capabilities)
        await settled(client)
        assert len(client.requests("workspace/configuration")) == len(client.requests("client/registerCapability")) == 1
        assert await hit_count(client) == 10


async def test_folders_are_opened_with_the_defaults_where_settings_cannot_be_loaded(tmp_path: Path, shop: Path) -> None:
    code = (
        "from vizsla.lsp.handlers import configuration\n"
        "from vizsla.lsp.serving import serve\n"
        "def fail(): raise RuntimeError('as asked')\n"
        "configuration.load_settings = fail\n"
        "serve()"
    )
    environment = {"VIZSLA_CACHE_DIR": str(tmp_path / "cache")}
    async with StrictClient.start(command=[sys.executable, "-c", code], env=environment) as client:
        client.conduct.allows_traceback = True
        await client.initialize(shop)
        assert (await client.request("vizsla/status"))["roots"][0]["uri"] == shop.as_uri()
        assert client.stderr.count("RuntimeError: as asked") == 1
        assert "the workspace is opened with the defaults" in client.stderr


async def test_what_is_indexed_follows_the_settings(tmp_path: Path, shop: Path) -> None:
    async with editing(shop, cache=tmp_path / "cache") as client:
        client.notify("workspace/didChangeConfiguration", {"settings": {"vizsla": {"index": {"exclude": ["web/"]}}}})
        await status_when(client, lambda status: status["roots"][0]["index"]["files"] == 3)


async def test_a_plugin_of_another_schema_is_told_to_the_user(tmp_path: Path, shop: Path) -> None:
    async with editing(shop, cache=tmp_path / "cache", options={"schema": 99}) as client:
        (told,) = messages(client)
        assert "schema 99" in told and "update the server" in told


async def test_what_a_folder_may_not_set_is_shown_once_too(tmp_path: Path, shop: Path) -> None:
    (shop / ".vizsla.toml").write_text('[models]\nretriever = "/tmp/evil"\n')
    async with editing(shop, cache=tmp_path / "cache") as client:
        await client.wait_for(lambda: messages(client))
        (told,) = messages(client)
        assert "models.retriever: may not be set by the workspace" in told
        status = await client.request("vizsla/status")
        assert any("models.retriever" in sentence for sentence in status["roots"][0]["index"]["degraded"])
