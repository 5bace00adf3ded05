"""Progress of indexing over the real server: begun, reported, ended, cancelled.

That nothing is shown where the client cannot show it is what the strict client sees to, in every test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsp.editor import editing, settled, status_when
from lsp.strict_client import StrictClient

SHOWS = {"window": {"workDoneProgress": True}}


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A workspace that takes a second or two to index."""
    root = tmp_path / "many"
    root.mkdir()
    for number in range(60):
        functions = (f"def work_{number}_{part}(value):\n    return value * {part} + {number}\n" for part in range(10))
        (root / f"m{number}.py").write_text("\n\n".join(functions))
    return root


def bars(client: StrictClient) -> list[list[Any]]:
    tokens = [made["token"] for made in client.requests("window/workDoneProgress/create")]
    return [client.progress(token) for token in tokens]


async def test_indexing_is_shown_from_beginning_to_end(tmp_path: Path, many: Path) -> None:
    async with editing(many, cache=tmp_path / "cache", capabilities=SHOWS) as client:
        await client.wait_for(lambda: bars(client) and bars(client)[-1][-1]["kind"] == "end")
        shown = bars(client)[0]
        assert shown[0]["kind"] == "begin" and shown[0]["title"] == "Indexing many" and shown[0]["cancellable"]
        assert [value["kind"] for value in shown[1:-1]] == ["report"] * (len(shown) - 2)
        percentages = [value["percentage"] for value in shown[:-1]]
        assert percentages == sorted(percentages) and percentages[-1] <= 100
        assert any(" of " in value["message"] for value in shown[:-1])


async def test_cancelling_gives_the_work_up_until_it_is_resumed(tmp_path: Path, many: Path) -> None:
    async with editing(many, cache=tmp_path / "cache", capabilities=SHOWS, is_settled=False) as client:
        await client.wait_for(lambda: bars(client) and bars(client)[0])
        token = client.requests("window/workDoneProgress/create")[0]["token"]
        client.notify("window/workDoneProgress/cancel", {"token": token})
        await status_when(client, lambda status: status["roots"][0]["activity"] in ("cancelled", "ready"))
        await client.wait_for(lambda: client.progress(token)[-1]["kind"] == "end")
        client.notify("window/workDoneProgress/cancel", {"token": token})  # too late, and no harm
        await client.request("workspace/executeCommand", {"command": "vizsla.resume"})
        await settled(client)


async def test_progress_ends_when_the_server_is_shut_down(tmp_path: Path, many: Path) -> None:
    async with editing(many, cache=tmp_path / "cache", capabilities=SHOWS, is_settled=False) as client:
        await client.wait_for(lambda: bars(client) and bars(client)[0])
        await client.shutdown()
        await client.wait_for(lambda: bars(client)[0][-1]["kind"] == "end")
