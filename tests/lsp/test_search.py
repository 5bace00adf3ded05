"""``vizsla/search`` over the real server: hits, partial results, progress, filters, cancelling, giving way."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lsp.editor import editing, found_when, model_worker_halted, names
from lsp.strict_client import RefusedError, StrictClient
from services.git_trees import git, make_repository
from shop import SHOP, write_tree
from vizsla.lsp.encoding import path_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclasses.dataclass(frozen=True)
class Desk:
    """An editor with the shop open, indexed, and in a git repository."""

    client: StrictClient
    shop: Path

    async def ask(self, query: str, **more: object) -> Any:
        return await self.client.request("vizsla/search", {"query": query, **more})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("search")
    shop = write_tree(make_repository(folder / "shop"), SHOP)
    git(shop, "add", ".")
    git(shop, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "shop")
    async with editing(shop, cache=folder / "cache") as client:
        yield Desk(client, shop)


async def test_a_function_is_found_by_what_it_does(desk: Desk) -> None:
    result = await desk.ask("send the file again until the server accepts it")
    hit = result["hits"][0]
    assert (hit["name"], hit["kind"], hit["language"], hit["path"]) == (
        "retry_upload",
        "function",
        "python",
        "shop/uploads.py",
    )
    assert hit["location"] == {
        "uri": (desk.shop / "shop/uploads.py").as_uri(),
        "range": {"start": {"line": 5, "character": 0}, "end": {"line": 12, "character": 33}},
    }
    assert hit["root"] == desk.shop.as_uri() and hit["doc"] == "Send a file again until the server takes it."
    assert 0 < hit["score"] <= 1 and not hit["isStale"]
    assert result["isSemantic"] and not result["isPartial"] and result["notes"] == []


async def test_the_fused_answer_comes_before_the_response(desk: Desk) -> None:
    result = await desk.ask("sum of prices with tax", partialResultToken="fused")
    fused, *others = desk.client.progress("fused")
    assert fused["hits"] and not fused["isReranked"]
    assert {hit["name"] for hit in fused["hits"]} == {hit["name"] for hit in result["hits"]}
    assert all(one["isReranked"] for one in others) and [fused, *others][-1]["hits"] == result["hits"]


async def test_work_is_reported_where_the_client_asks_for_it(desk: Desk) -> None:
    await desk.ask("sum of prices with tax", workDoneToken=77)
    assert [value["kind"] for value in desk.client.progress(77)] == ["begin", "end"]


@pytest.mark.parametrize(
    ("filters", "there", "absent"),
    [
        ({"languages": ["js"]}, "signCookie", "retry_upload"),
        ({"kinds": ["method"]}, "Cart.total_price", "retry_upload"),
        ({"paths": ["web/**"]}, "signCookie", "retry_upload"),
        ({"notPaths": ["web/**", "tests/**"]}, "retry_upload", "signCookie"),
        ({"folder": "shop/"}, "retry_upload", "signCookie"),
    ],
)
async def test_filters_leave_out_the_rest(desk: Desk, filters: dict[str, object], there: str, absent: str) -> None:
    found = names(await desk.ask("retry upload cookie price", filters=filters, limit=100))
    assert there in found and absent not in found


async def test_no_more_hits_come_than_are_wanted(desk: Desk) -> None:
    assert len((await desk.ask("price", limit=2))["hits"]) == 2
    assert (await desk.ask("price", rerank="off"))["isReranked"] is False


async def test_only_changed_files_can_be_asked(desk: Desk) -> None:
    assert names(await desk.ask("cookie", filters={"changed": True})) == []
    session = desk.shop / "web/session.js"
    session.write_text(session.read_text() + "\nfunction forgetCookie() { return null; }\n")
    found = await found_when(desk.client, "cookie", lambda found: "forgetCookie" in found, filters={"changed": True})
    assert {hit["path"] for hit in found["hits"]} == {"web/session.js"}


async def test_only_open_files_can_be_asked(desk: Desk) -> None:
    assert names(await desk.ask("price", filters={"open": True})) == []
    uri = (desk.shop / "shop/cart.py").as_uri()
    text = (desk.shop / "shop/cart.py").read_text()
    desk.client.notify("textDocument/didOpen", {"textDocument": _document(uri, text)})
    found = await found_when(desk.client, "price", lambda found: bool(found), filters={"open": True})
    assert {hit["path"] for hit in found["hits"]} == {"shop/cart.py"}
    desk.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


async def test_a_folder_that_is_not_open_is_refused(desk: Desk) -> None:
    assert names(await desk.ask("price", filters={"roots": [desk.shop.as_uri()]}))
    with pytest.raises(RefusedError) as refused:
        await desk.ask("price", filters={"roots": ["file:///nowhere"]})
    assert refused.value.code == -32803 and "nowhere" in refused.value.message


@pytest.mark.parametrize(
    ("params", "code", "word"),
    [
        ({}, -32602, "query"),
        ({"query": ["x"]}, -32602, "query"),
        ({"query": "x", "limit": "3"}, -32602, "limit"),
        ({"query": "x", "filters": {"languages": [1]}}, -32602, "filters.languages"),
        ({"query": "x", "rerank": True}, -32602, "rerank"),
        ([], -32602, "params"),
        ({"query": "  "}, -32803, "empty"),
        ({"query": "x", "filters": {"kinds": ["gadget"]}}, -32803, "gadget"),
        ({"query": "x", "filters": {"languages": ["klingon"]}}, -32803, "klingon"),
        ({"query": "x", "filters": {"folder": "nowhere"}}, -32803, "nowhere"),
    ],
)
async def test_what_cannot_be_answered_is_refused_in_a_sentence(
    desk: Desk, params: object, code: int, word: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        await desk.client.request("vizsla/search", params)
    assert refused.value.code == code
    assert word in refused.value.message and "\n" not in refused.value.message


async def test_cancelling_takes_effect_while_the_model_works(desk: Desk) -> None:
    with model_worker_halted(desk.client):
        number, answer = desk.client.send_request(
            "vizsla/search", {"query": "cancelled", "partialResultToken": "c1", "workDoneToken": "c2"}
        )
        await desk.client.wait_for(lambda: desk.client.progress("c2"))
        desk.client.cancel(number)
        assert await _code(answer) == -32800
        assert [value["kind"] for value in desk.client.progress("c2")] == ["begin", "end"]
    assert desk.client.progress("c1") == []


async def test_cancelling_the_progress_cancels_the_question(desk: Desk) -> None:
    with model_worker_halted(desk.client):
        _, answer = desk.client.send_request("vizsla/search", {"query": "cancelled", "workDoneToken": "c3"})
        await desk.client.wait_for(lambda: desk.client.progress("c3"))
        desk.client.notify("window/workDoneProgress/cancel", {"token": "c3"})
        assert await _code(answer) == -32800


@pytest.mark.parametrize("by", ["request", "command"])
async def test_a_newer_question_of_a_session_takes_the_place_of_the_older(desk: Desk, by: str) -> None:
    def ask(query: str, session: str) -> asyncio.Future[Any]:
        asked = {"query": query, "session": session}
        if by == "request":
            return desk.client.send_request("vizsla/search", asked)[1]
        return desk.client.send_request("workspace/executeCommand", {"command": "vizsla.search", "arguments": [asked]})[
            1
        ]

    with model_worker_halted(desk.client):
        older, other, newer = ask("retr", "picker"), ask("price", "another"), ask("retry", "picker")
        assert await _code(older) == -32802
    assert names(await newer) and names(await other)


async def test_many_questions_at_once_are_all_answered(desk: Desk) -> None:
    asked = [desk.client.send_request("vizsla/search", {"query": f"price {number}"}) for number in range(20)]
    for number, _ in asked[::2]:
        desk.client.cancel(number)
    done = await asyncio.gather(*(answer for _, answer in asked), return_exceptions=True)
    assert all(isinstance(one, dict) or (isinstance(one, RefusedError) and one.code == -32800) for one in done)
    assert all(isinstance(one, dict) for one in done[1::2])


AWKWARD = ["a b.py", "100%41.py", "hash#.py", "semi;colon.py", "漢🙂.py", "no\udcff.py"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-32"])
async def test_columns_and_names_are_the_clients(tmp_path: Path, encoding: str) -> None:
    """Columns in the negotiated encoding, names of files byte for byte, folders under the client's own names."""
    root = tmp_path / "real"
    root.mkdir()
    for number, name in enumerate(AWKWARD):
        (root / name).write_text(
            f'x = "é🙂"; peculiar_{number} = lambda: 0\ndef awkward_{number}():\n    return "é🙂"\n'
        )
    line = "/* é🙂 */ function beyondTheEmoji() { return 'é🙂'; }"
    (root / "wide.js").write_text(line + "\n", encoding="utf-8")
    (tmp_path / "link").symlink_to(root)
    link = tmp_path / "link"
    async with editing(link, cache=tmp_path / "cache", encodings=["utf-7", encoding]) as client:
        wide = await client.request("vizsla/search", {"query": "beyondTheEmoji"})
        hit = next(hit for hit in wide["hits"] if hit["name"] == "beyondTheEmoji")
        begin, end = line.index("function"), len(line)
        if encoding == "utf-8":
            begin, end = len(line[:begin].encode()), len(line.encode())
        assert hit["location"]["range"] == {
            "start": {"line": 0, "character": begin},
            "end": {"line": 0, "character": end},
        }
        assert hit["root"] == link.as_uri() and path_of(hit["location"]["uri"]) == link / "wide.js"
        found = await client.request(
            "vizsla/search", {"query": "awkward", "limit": 100, "filters": {"kinds": ["function"]}}
        )
        paths = {path_of(hit["location"]["uri"]) for hit in found["hits"]}
        folded = {path_of(copy["uri"]) for hit in found["hits"] for copy in hit["copies"]}
        assert paths | folded >= {link / name for name in AWKWARD}
        place = {"line": 0, "character": begin + 3}
        similar = await client.request(
            "vizsla/similar", {"textDocument": {"uri": hit["location"]["uri"]}, "position": place}
        )
        assert "beyondTheEmoji" not in names(similar) and similar["hits"]


@pytest.mark.slow
async def test_the_reranked_answer_follows_the_fused_one(tmp_path: Path, shop: Path) -> None:
    from models.tiny_models import make_tiny_model

    reranker = make_tiny_model(tmp_path / "reranker", "cross-encoder")
    settings = {"models": {"reranker": str(reranker)}, "search": {"rerankSeconds": 20.0}}
    async with editing(shop, cache=tmp_path / "cache", settings=settings) as client:
        asked = {"query": "retry uploads", "partialResultToken": "p"}
        result = await client.request("vizsla/search", asked)
        fused, reranked = client.progress("p")
        assert result == reranked and result["isReranked"] and not fused["isReranked"]
        assert result["hits"][0]["why"]["rerank"] is not None and fused["hits"][0]["why"]["rerank"] is None
        off = await client.request("vizsla/search", {**asked, "partialResultToken": "off", "rerank": "off"})
        assert not off["isReranked"] and len(client.progress("off")) == 1


def _document(uri: str, text: str) -> dict[str, object]:
    return {"uri": uri, "languageId": "python", "version": 1, "text": text}


async def _code(answer: asyncio.Future[Any]) -> int:
    with pytest.raises(RefusedError) as refused:
        await asyncio.wait_for(answer, 30)
    return refused.value.code
