"""Training and other models over the protocol: progress, cancel, the child's end, the change under a running server."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from lsp.editor import DEADLINE_SECONDS, editing, settled, status_when
from lsp.strict_client import RefusedError, StrictClient
from models.tiny_models import make_tiny_model
from vizsla.models.in_use import put_to_use, take_back
from vizsla.models.library import add_model

PROGRESS = {"window": {"workDoneProgress": True}}


async def run(client: StrictClient, command: str, *arguments: object) -> Any:
    return await client.request("workspace/executeCommand", {"command": command, "arguments": list(arguments)})


def trainers(folder: Path) -> list[int]:
    """Processes that train on a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"vizsla.cli.tethered" in words and os.fsencode(folder) in words:
            found.append(int(path.parent.name))
    return found


async def gone(folder: Path) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while trainers(folder):
            await asyncio.sleep(0.05)


def shown(client: StrictClient) -> list[str]:
    return [params["message"] for method, params in client.conduct.notified if method == "window/showMessage"]


def titles(client: StrictClient) -> list[str]:
    values = [params["value"] for method, params in client.conduct.notified if method == "$/progress"]
    return [value["title"] for value in values if value.get("kind") == "begin"]


async def test_a_training_is_begun_once_shown_and_stopped(shop: Path, cache: Path) -> None:
    async with editing(shop, cache=cache, capabilities=PROGRESS) as client:
        assert await run(client, "vizsla.train", {"folder": shop.as_uri(), "recipe": "quick"}) is None
        with pytest.raises(RefusedError, match="runs already"):
            await run(client, "vizsla.train")
        assert (await client.request("vizsla/status"))["training"]["activity"] in ("running", "paused")
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not (trainers(shop) and "Training" in titles(client)):
                await asyncio.sleep(0.05)
        await run(client, "vizsla.stopTraining")
        await status_when(client, lambda status: status["training"] is None)
        await gone(shop)
        assert any("the training" in sentence for sentence in shown(client))


async def test_a_wrong_argument_is_named(shop: Path, cache: Path) -> None:
    async with editing(shop, cache=cache, is_settled=False) as client:
        for argument in (7, "no uri", {"folder": 1}, {"recipe": 1}):
            with pytest.raises(RefusedError, match="arguments"):
                await run(client, "vizsla.train", argument)


@pytest.mark.parametrize("is_halted", [False, True])
async def test_a_training_dies_with_a_killed_server(shop: Path, cache: Path, is_halted: bool) -> None:
    async with editing(shop, cache=cache) as client:
        await run(client, "vizsla.train", shop.as_uri())
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not (children := trainers(shop)):
                await asyncio.sleep(0.05)
        if is_halted:
            os.killpg(children[0], signal.SIGSTOP)
        client.kill(signal.SIGKILL)
        await client.wait_exit()
        await gone(shop)


def added(folder: Path, cache: Path) -> None:
    """Two pairs of models in a cache, the first in use."""
    cache.mkdir(mode=0o700, exist_ok=True)
    for seed in (1, 2):
        add_model(str(make_tiny_model(folder / f"r{seed}", "bi-encoder", seed=seed)), cache, role="retriever")
    put_to_use(cache, retriever="r1", reranker="none")


def fingerprint(status: Any) -> str:
    found: str = status["roots"][0]["index"]["fingerprint"]
    return found


async def test_models_change_under_a_running_server_and_back(shop: Path, cache: Path, tmp_path: Path) -> None:
    added(tmp_path / "models", cache)
    async with editing(shop, cache=cache, capabilities=PROGRESS) as client:
        old = fingerprint(await settled(client))
        put_to_use(cache, retriever="r2")
        assert await run(client, "vizsla.useModels") is None
        new = fingerprint(await status_when(client, lambda status: fingerprint(status) != old))
        assert (await client.request("vizsla/search", {"query": "retry uploads"}))["isSemantic"]
        take_back(cache)
        await status_when(client, lambda status: fingerprint(status) == old)
        assert old != new
        assert (await client.request("vizsla/search", {"query": "retry uploads"}))["isSemantic"]


async def test_a_server_killed_in_mid_switch_begins_again_with_the_old_pair(
    big_shop: Path, cache: Path, tmp_path: Path
) -> None:
    added(tmp_path / "models", cache)
    async with editing(big_shop, cache=cache) as client:
        old = fingerprint(await settled(client))
        put_to_use(cache, retriever="r2")
        await run(client, "vizsla.useModels")
        status = await status_when(client, lambda status: bool(status["preparing"]) and status["preparing"]["done"] > 0)
        assert fingerprint(status) == old
        client.kill(signal.SIGKILL)
        await client.wait_exit()
    async with editing(big_shop, cache=cache, is_settled=False) as client:
        first = await status_when(client, lambda status: bool(status["roots"]) and status["roots"][0]["index"])
        assert fingerprint(first) == old
        answer = await client.request("vizsla/search", {"query": "sort list of names"})
        assert answer["isSemantic"] and answer["hits"]
        await status_when(client, lambda status: fingerprint(status) != old)
        await settled(client)


@pytest.fixture
def big_shop(tmp_path: Path) -> Path:
    """A workspace with enough functions to catch a switch in the middle of it."""
    folder = tmp_path / "big"
    folder.mkdir()
    for number in range(100):
        body = "".join(
            f"def sort_list_{number}_{one}(names):\n    return sorted(names)[{one}]\n\n" for one in range(12)
        )
        (folder / f"part_{number}.py").write_text(body)
    return folder
