"""docs/lsp.md against the code and a live server: every message, every key, every example."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lsp.editor import editing, found_when, status_when
from lsp.strict_client import RefusedError, StrictClient
from shop import SHOP, write_tree
from vizsla.core.settings import Settings
from vizsla.lsp import convert, envelopes, messages
from vizsla.lsp.fields import Fields
from vizsla.lsp.options import client_settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = (Path(__file__).parents[2] / "docs" / "lsp.md").read_text(encoding="utf-8")
HOME = "file:///home/me/shop"
MAPS = {"milliseconds", "byLanguage", "skipped", "skippedFiles", "failedFiles"}  # their keys are data

Desk = tuple[StrictClient, Path]


def section(title: str) -> str:
    """The text below a heading, up to the next one of its rank or higher."""
    found = re.search(rf"^(##+) {re.escape(title)}\n(.*?)(?=^\1 |^## |\Z)", PAGE, re.M | re.S)
    assert found, f"docs/lsp.md has no section {title}"
    return found.group(2)


def examples(title: str) -> list[Any]:
    """The JSON in a section, in its order."""
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", section(title), re.S)]


def placed(example: Any, shop: Path) -> Any:
    """An example with the workspace of the test in the place of that of the page."""
    return json.loads(json.dumps(example).replace(HOME, shop.as_uri()))


def differences(live: Any, example: Any, name: str = "") -> list[str]:
    """What a live value has that its example on the page has not, and the other way round."""
    if name in MAPS:
        return []
    if isinstance(live, dict) and isinstance(example, dict):
        odd = [f"{name}.{key} is on one side only" for key in live.keys() ^ example.keys()]
        return odd + [
            each for key in live.keys() & example.keys() for each in differences(live[key], example[key], key)
        ]
    if isinstance(live, list) and isinstance(example, list):
        return [each for item in live for each in differences(item, example[0], name)] if example else []
    return [] if _kind(live) == _kind(example) else [f"{name} is {live!r} live and {example!r} on the page"]


def _kind(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "a number, or null" if value is None or is_number else type(value).__name__


def keys_of(value: Any, name: str = "") -> set[str]:
    """Every key in an example, but for those that are data."""
    if isinstance(value, list):
        return set().union(*(keys_of(each) for each in value)) if value else set()
    if not isinstance(value, dict) or name in MAPS:
        return set()
    return set(value).union(*(keys_of(each, key) for key, each in value.items()))


def rows(title: str) -> set[str]:
    """Every part of the names in the tables of a section."""
    table = "\n".join(line for line in section(title).splitlines() if line.startswith("|"))
    return {part.removesuffix("[]") for name in re.findall(r"`([\w.\[\]]+)`", table) for part in name.split(".")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("docs")
    copies = {"old/uploads.py": SHOP["shop/uploads.py"], "data.py": "\0"}
    shop = write_tree(folder / "shop", {**SHOP, **copies})
    async with editing(shop, cache=folder / "cache", options={"statusNotifications": True}) as client:
        yield client, shop


async def test_every_message_of_ours_has_its_section() -> None:
    for name in (*messages.REQUESTS, *messages.NOTIFICATIONS, *messages.COMMANDS):
        assert examples(f"`{name}`"), name
    titles = re.findall(r"^##+ `(vizsla[/.]\w+)`", PAGE, re.M)
    assert sorted(titles) == sorted((*messages.REQUESTS, *messages.NOTIFICATIONS, *messages.COMMANDS))


async def test_every_code_of_an_error_is_explained() -> None:
    codes = {value for name, value in vars(envelopes).items() if name.isupper() and isinstance(value, int)}
    assert {int(code) for code in re.findall(r"^\| (-\d+) \|", section("Errors"), re.M)} == codes


async def test_every_field_of_an_example_is_explained() -> None:
    of_the_protocol = {"range", "start", "end", "character", "budgetMs"}  # the last in the row of "rerank"
    for title in ("`vizsla/search`", "`vizsla/status`"):
        assert keys_of(examples(title)) - rows(title) - of_the_protocol == set(), title


async def test_the_examples_hold_every_key_that_the_code_may_send() -> None:
    hit = examples("`vizsla/search`")[1]["hits"][0]
    root = examples("`vizsla/status`")[1]["roots"][0]
    for kind, example in (
        (messages.SearchResult, examples("`vizsla/search`")[1]),
        (messages.Hit, hit),
        (messages.Why, hit["why"]),
        (messages.Copy, hit["copies"][0]),
        (messages.Location, hit["location"]),
        (messages.StatusResult, examples("`vizsla/status`")[1]),
        (messages.RootStatus, root),
        (messages.IndexStatus, root["index"]),
        (messages.StatusChanged, examples("`vizsla/statusChanged`")[0]),
        (messages.RootActivity, examples("`vizsla/statusChanged`")[0]["roots"][0]),
    ):
        assert set(typing.get_type_hints(kind)) == set(example), kind.__name__


async def test_the_servers_own_checkers_take_the_examples() -> None:
    asked = convert.search_params(examples("`vizsla/search`")[0])
    assert None not in (asked.session, asked.partial, asked.work, asked.request.rerank_seconds)
    absent = {"only_open", "only_changed", "not_folders"}
    filters = {field.name for field in dataclasses.fields(asked.request.filters)}
    assert all(getattr(asked.request.filters, name) for name in filters - absent)
    assert convert.similar_params(examples("`vizsla/similar`")[0]).limit == 5
    assert Fields(examples("`vizsla/status`")[0]).flag("files")
    settings, refused = client_settings(examples("Settings")[0], Settings())
    assert not refused and settings.index.max_file_bytes == 500_000
    settings, refused = client_settings(examples("Handshake")[0]["settings"], Settings())
    assert not refused and settings.search.limit == 20


async def test_the_handshake_is_as_on_the_page(tmp_path: Path) -> None:
    options, page = examples("Handshake")
    async with StrictClient.start(env={"VIZSLA_CACHE_DIR": str(tmp_path / "cache")}) as client:
        live = await client.initialize(options=options)
        assert live == page
        assert client.notifications("window/showMessage") == []


async def test_a_live_search_has_the_shape_of_the_example(desk: Desk) -> None:
    client, shop = desk
    params, page = placed(examples("`vizsla/search`"), shop)
    live = await client.request("vizsla/search", {**params, "filters": {**params["filters"], "folder": ""}})
    folded = await client.request("vizsla/search", {"query": "send a file again until the server takes it"})
    for result in (live, folded, *client.progress(params["partialResultToken"])):
        assert differences(result, page) == []
    assert live["hits"][0]["name"] == page["hits"][0]["name"]
    assert any(hit["copies"] for hit in folded["hits"])
    assert live["milliseconds"].keys() >= page["milliseconds"].keys()


async def test_a_live_place_has_the_shape_of_the_example(desk: Desk) -> None:
    client, shop = desk
    (params,) = placed(examples("`vizsla/similar`"), shop)
    live = await client.request("vizsla/similar", params)
    assert live["hits"] and differences(live, examples("`vizsla/search`")[1]) == []


async def test_a_live_status_has_the_shape_of_the_example(desk: Desk) -> None:
    client, _ = desk
    params, page, _ = examples("`vizsla/status`")
    live = await client.request("vizsla/status", params)
    assert differences(live, page) == []
    assert live["roots"][0]["index"]["skippedFiles"].keys() == {"data.py"}
    (page,) = examples("`vizsla/statusChanged`")
    await client.wait_for(lambda: client.notifications("vizsla/statusChanged"))
    for told in client.notifications("vizsla/statusChanged"):
        assert differences(told, page) == []


async def test_a_live_symbol_has_the_shape_of_the_example(desk: Desk) -> None:
    client, shop = desk
    params, page = placed(examples("`workspace/symbol`"), shop)
    live = await client.request("workspace/symbol", params)
    assert differences(live, page) == [] and live[0]["kind"] == page[0]["kind"]


async def test_commands_take_the_arguments_of_the_examples(desk: Desk) -> None:
    client, shop = desk

    async def execute(name: str, arguments: list[Any]) -> Any:
        return await client.request("workspace/executeCommand", {"command": name, "arguments": arguments})

    (whole,) = placed(
        [json.loads(re.findall(r"```json\n(.*?)```", section("`workspace/executeCommand`"), re.S)[0])], shop
    )
    assert (await client.request("workspace/executeCommand", whole))["hits"]
    for name in messages.COMMANDS:
        for arguments in placed(examples(f"`{name}`"), shop):
            result = await execute(name, arguments)
            assert (result is None) == (name not in (messages.COMMAND_SEARCH, messages.COMMAND_STATUS))
    await execute(messages.COMMAND_RESUME, [])
    await status_when(client, lambda status: status["roots"][0]["activity"] == "ready")
    await found_when(client, "retry uploads", lambda found: "retry_upload" in found)


async def test_the_sentence_on_the_page_is_the_servers(desk: Desk) -> None:
    with pytest.raises(RefusedError) as refused:
        await desk[0].request("vizsla/search", {"query": "x", "limit": "3"})
    assert f'"{refused.value.message}"' in section("Errors")
