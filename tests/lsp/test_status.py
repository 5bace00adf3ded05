"""``vizsla/status`` and ``vizsla/statusChanged`` over the real server.

That nobody is told who did not ask is what the strict client sees to, in every test.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from lsp.editor import editing, names, settled, status_when
from lsp.strict_client import RefusedError, StrictClient
from vizsla import __version__


async def test_status_tells_the_truth_about_every_folder(tmp_path: Path, shop: Path) -> None:
    (shop / "logo.png").write_bytes(b"\x89PNG\0")
    (shop / "broken.py").write_bytes(b"\0" * 100)
    async with editing(shop, cache=tmp_path / "cache") as client:
        status = await client.request("vizsla/status", {})
        assert status["version"] == __version__ and status["schema"] == 1
        assert client.process is not None and status["processId"] == client.process.pid
        assert status["positionEncoding"] == "utf-16" and status["refusedSettings"] == []
        (root,) = status["roots"]
        assert root["uri"] == shop.as_uri() and root["activity"] == "ready" and root["problem"] == ""
        assert root["watcher"] in ("watchdog", "polling") and root["openBuffers"] == 0
        index = root["index"]
        assert index["files"] == 4 and index["functions"] == sum(index["byLanguage"].values()) > 0
        assert index["isWriter"] and index["model"] and Path(index["directory"]).is_dir()
        assert sum(index["skipped"].values()) >= 1 and "skippedFiles" not in index
        (named,) = (await client.request("vizsla/status", {"files": True}))["roots"]
        assert "broken.py" in named["index"]["skippedFiles"] and named["index"]["failedFiles"] == {}
        with pytest.raises(RefusedError) as refused:
            await client.request("vizsla/status", {"files": "all"})
        assert refused.value.code == -32602


async def test_changes_of_status_are_told_a_few_times_a_second(tmp_path: Path, shop: Path) -> None:
    for number in range(40):
        (shop / f"more{number}.py").write_text(f"def more_{number}():\n    return {number}\n" * 5)
    async with editing(
        shop, cache=tmp_path / "cache", is_settled=False, options={"statusNotifications": True}
    ) as client:
        begun = time.monotonic()
        await settled(client)
        await client.wait_for(lambda: _last(client) == "ready")
        told = client.notifications("vizsla/statusChanged")
        assert len(told) <= 4 * (time.monotonic() - begun) + 3
        assert told[0]["roots"][0].keys() == {"uri", "activity", "done", "total", "problem"}
        assert {root["activity"] for one in told for root in one["roots"]} & {"scanning", "parsing", "embedding"}


async def test_a_folder_that_cannot_be_opened_is_told_once_and_others_answer(tmp_path: Path, shop: Path) -> None:
    gone = tmp_path / "gone"
    async with editing(gone, shop, cache=tmp_path / "cache", is_settled=False) as client:
        status = await status_when(
            client, lambda status: [root["activity"] for root in status["roots"]] == ["failed", "ready"]
        )
        assert status["roots"][0]["index"] is None and str(gone) in status["roots"][0]["problem"]
        result = await client.request("vizsla/search", {"query": "retry uploads"})
        assert "retry_upload" in names(result) and result["isPartial"]
        await client.wait_for(lambda: client.notifications("window/showMessage"))
        gone.mkdir()
        (gone / "back.py").write_text("def came_back(): pass\n")
        await status_when(client, lambda status: all(root["activity"] == "ready" for root in status["roots"]))
        await asyncio.sleep(0.3)  # a beat, in which a second message could come
        (message,) = client.notifications("window/showMessage")
        assert str(gone) in message["message"] and message["type"] == 2


def _last(client: StrictClient) -> str:
    told = client.notifications("vizsla/statusChanged")
    return told[-1]["roots"][0]["activity"] if told and told[-1]["roots"] else ""
