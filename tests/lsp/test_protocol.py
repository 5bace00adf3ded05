"""Requests and what answers them: each exactly once, with the code of the specification."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lsp.strict_client import RefusedError, StrictClient

TOY = [sys.executable, "-m", "lsp.toy_server"]
TOY_ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[1])}


@pytest_asyncio.fixture
async def toy() -> AsyncIterator[StrictClient]:
    async with StrictClient.start(command=TOY, env=TOY_ENVIRONMENT) as client:
        yield client


async def code_of(answer: asyncio.Future[Any]) -> int:
    with pytest.raises(RefusedError) as refused:
        await asyncio.wait_for(asyncio.shield(answer), 30)
    return refused.value.code


async def test_each_request_gets_the_code_of_the_specification(toy: StrictClient) -> None:
    async def code(method: str, params: object = None) -> int:
        return await code_of(toy.send_request(method, params)[1])

    assert await code("workspace/symbol", {"query": "x"}) == -32002
    assert await code("shutdown") == -32002
    assert await code("no/such") == -32002
    assert await code("initialize", {"processId": None}) == -32602
    assert await code("initialize", {"processId": "me", "capabilities": {}}) == -32602
    assert await code("initialize", {"processId": -1, "capabilities": {}}) == -32602
    assert await code("initialize", []) == -32602
    toy.notify("textDocument/didOpen", {"nonsense": 1})  # dropped
    toy.notify("no/such")
    await toy.initialize()
    assert await code("initialize", {"processId": None, "capabilities": {}}) == -32600
    assert await code("no/such", {}) == -32601
    assert await code("textDocument/hover", {}) == -32601
    assert await code("textDocument/didOpen", {}) == -32601  # a notification is no request
    assert await code("$/no/such", {}) == -32601
    assert await code("workspace/symbol") == -32602
    assert await code("workspace/symbol", []) == -32602
    assert await code("workspace/symbol", {}) == -32602
    for query in (5, None, ["x"], {"x": 1}, True):
        assert await code("workspace/symbol", {"query": query}) == -32602
    assert await code("workspace/executeCommand", {"command": "no.such"}) == -32602
    toy.conduct.allows_traceback = True
    assert await code("toy/fail", {"how": "unforeseen"}) == -32603
    assert await code("toy/fail", {"how": "exit"}) == -32603
    assert await code("toy/failNow", {}) == -32603
    assert await code("toy/unsayable", {"how": "nan"}) == -32603
    assert await code("toy/unsayable", {"how": "lock"}) == -32603
    assert await code("toy/fail", {"how": "user"}) == -32803
    assert await toy.request("toy/echo", {"a": [1, None]}) == {"a": [1, None]}
    assert toy.stderr.count("ZeroDivisionError: as asked") == 2  # once for each failure
    waiting = toy.send_request("toy/wait", {"seconds": 60})[1]
    await toy.shutdown()
    assert await code_of(waiting) == -32800
    assert await code("workspace/symbol", {"query": "x"}) == -32600
    assert await code("shutdown") == -32600
    toy.notify("textDocument/didOpen", {})


async def test_messages_that_are_no_requests_are_refused_by_their_id_where_they_have_one(toy: StrictClient) -> None:
    await toy.initialize()
    toy.conduct.may_blame_nobody = True
    unaddressed = [
        [],
        [{"jsonrpc": "2.0", "id": 1000, "method": "toy/echo"}],  # the protocol has no batches
        5,
        "text",
        None,
        {"jsonrpc": "2.0", "id": None, "method": "toy/echo"},
        {"jsonrpc": "2.0", "id": True, "method": "toy/echo"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "toy/echo"},
        {"jsonrpc": "2.0", "id": {}, "method": "toy/echo"},
        {"jsonrpc": "2.0"},
    ]
    for message in unaddressed:
        toy.send(message)
    await toy.wait_for(lambda: len(toy.unaddressed) == len(unaddressed))
    assert {error["code"] for error in toy.unaddressed} == {-32600}
    odd: dict[str, dict[str, object]] = {
        "no method": {},
        "odd method": {"method": 5},
        "odd params": {"method": "toy/echo", "params": 5},
        "old": {"method": "toy/echo", "jsonrpc": "1.0"},
        "": {"method": []},
    }
    for number, message in odd.items():
        answer = toy.expect(number)
        toy.send({"jsonrpc": "2.0", "id": number, **message})
        assert await code_of(answer) == -32600


async def test_what_is_no_json_is_refused_and_the_next_request_answered(toy: StrictClient) -> None:
    await toy.initialize()
    bodies = [
        b"{",
        b"[" * 100_000,
        b"\xff\xfe",
        b"NaN",
        b'{"jsonrpc": "2.0", "id": 5, "method": "toy/echo", "params":',
        b"",
    ]
    for body in bodies:
        toy.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    await toy.wait_for(lambda: len(toy.unaddressed) == len(bodies))
    assert {error["code"] for error in toy.unaddressed} == {-32700}
    toy.send_bytes(b"Content-Length: 99999999999\r\n\r\n")
    assert await toy.request("toy/echo", {}) == {}
    assert toy.unaddressed[-1]["code"] == -32600


async def test_ids_come_back_as_they_were(toy: StrictClient) -> None:
    await toy.initialize()
    for number in ("text", "", 0, -1, 2**40, "\ud800 \x00", "x" * 10_000, "1", 1_000_000):
        assert await asyncio.wait_for(toy.send_request("toy/echo", {"n": 1}, id_=number)[1], 30) == {"n": 1}


async def test_an_id_in_use_cannot_be_used_again(toy: StrictClient) -> None:
    await toy.initialize()
    number, first = toy.send_request("toy/wait", {"seconds": 60})
    toy.conduct._owed["again"] = "toy/echo"  # two answers to one id: one more than the client believes in
    toy.send({"jsonrpc": "2.0", "id": number, "method": "toy/echo"})
    assert await code_of(first) == -32600
    toy.conduct._owed[number] = toy.conduct._owed.pop("again")
    toy.conduct._answered.discard(number)
    toy.cancel(number)
    await toy.wait_for(lambda: number not in toy.conduct._owed)


async def test_cancelling_is_answered_at_once_whatever_the_handler_does(toy: StrictClient) -> None:
    await toy.initialize()
    for method in ("toy/wait", "toy/stubborn", "toy/block"):
        number, answer = toy.send_request(method, {"seconds": 3})
        await toy.request("toy/echo", {})  # it runs now
        toy.cancel(number)
        started = asyncio.get_running_loop().time()
        assert await code_of(answer) == -32800
        assert asyncio.get_running_loop().time() - started < 2
    number, answer = toy.send_request("toy/wait", {"seconds": 60})
    toy.cancel(number)  # before it has begun, or just after
    assert await code_of(answer) == -32800
    toy.cancel(number)  # and again, after its answer
    toy.cancel("no such request")
    toy.notify("$/cancelRequest", {"id": None})
    toy.notify("$/cancelRequest", {})
    await toy.request("toy/echo", {})


async def test_odd_notifications_are_ignored(toy: StrictClient) -> None:
    await toy.initialize()
    toy.notify("no/such", {"x": 1})
    toy.notify("$/no/such")
    toy.notify("workspace/symbol", {"query": "a request that wants no answer"})
    toy.notify("textDocument/didOpen", {"textDocument": 5})
    toy.notify("textDocument/didClose", {"textDocument": {"uri": "file:///never/opened.py"}})
    changes = {"textDocument": {"uri": "file:///never.py", "version": 1}, "contentChanges": [{"text": "x"}]}
    toy.notify("textDocument/didChange", changes)
    toy.notify("$/setTrace", {"value": "verbose"})
    toy.notify("workspace/didChangeWorkspaceFolders", {"event": {}})
    assert await toy.request("toy/echo", {}) == {}


async def test_answers_to_nothing_are_ignored(toy: StrictClient) -> None:
    await toy.initialize()
    toy.send({"jsonrpc": "2.0", "id": 99, "result": None})
    toy.send({"jsonrpc": "2.0", "id": "x", "error": {"code": 1, "message": ""}})
    toy.send({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "?"}})
    assert await toy.request("toy/echo", {}) == {}


def _same(answer: object, _: object) -> object:
    return answer


async def test_the_clients_answers_reach_whoever_asked(toy: StrictClient) -> None:
    await toy.initialize(capabilities={"workspace": {"configuration": True}})
    toy.settings["vizsla"] = {"search": {"limit": 3}}
    assert await toy.request("toy/configuration", {"section": "vizsla"}) == [{"search": {"limit": 3}}]
    wrong: object
    for wrong in ("no array", None, {}, 5):
        toy.answers["workspace/configuration"] = partial(_same, wrong)
        with pytest.raises(RefusedError, match="answer does not fit the protocol: result: ") as refused:
            await toy.request("toy/configuration", {"section": "vizsla"})
        assert refused.value.code == -32603


async def test_many_requests_at_once_are_each_answered_once(toy: StrictClient) -> None:
    await toy.initialize()
    answers = [toy.send_request("toy/echo", {"n": n})[1] for n in range(3_000)]
    cancelled = [toy.send_request("toy/wait", {"seconds": 60}) for _ in range(500)]
    for number, _ in cancelled:
        toy.cancel(number)
    assert [(await answer)["n"] for answer in answers] == list(range(3_000))
    assert {await code_of(answer) for _, answer in cancelled} == {-32800}


async def test_a_message_of_a_hundred_megabytes_is_taken(toy: StrictClient) -> None:
    await toy.initialize()
    text = "x" * 50_000_000
    item = {"uri": "file:///big.py", "languageId": "python", "version": 1, "text": text}
    toy.notify("textDocument/didOpen", {"textDocument": item})
    assert json.dumps(await toy.request("toy/echo", {"n": 1})) == '{"n": 1}'
