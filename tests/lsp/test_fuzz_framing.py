"""Ten thousand streams that no client should send, to one live server: every request in them that can be read is
answered exactly once, and the server lives and stays small."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lsp.strict_client import StrictClient

STREAMS = 10_000
SEED = 20_261_122
BATCH = 250
GROWTH_MEGABYTES = 60.0

Json = dict[str, Any]


def frame(body: bytes, header: bytes = b"Content-Length: %d\r\n\r\n") -> bytes:
    return header % len(body) + body


def requests() -> list[Json]:
    """Messages to spoil: our own and the standard's, each of which the server has a handler for."""
    place = {"textDocument": {"uri": "file:///x/y.py"}, "position": {"line": 1, "character": 2}}
    item = {"uri": "file:///x/y.py", "languageId": "python", "version": 1, "text": "def f():\n    pass\n"}
    change = {
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}},
        "text": "é\U0001f600",
    }
    return [
        {"method": "vizsla/search", "params": {"query": "q", "limit": 3, "filters": {"languages": ["python"]}}},
        {"method": "vizsla/similar", "params": {**place, "limit": 2}},
        {"method": "vizsla/status", "params": {}},
        {"method": "workspace/symbol", "params": {"query": "q"}},
        {"method": "workspace/executeCommand", "params": {"command": "vizsla.status", "arguments": []}},
        {"method": "textDocument/didOpen", "params": {"textDocument": item}},
        {"method": "textDocument/didChange", "params": {"textDocument": item, "contentChanges": [change]}},
        {"method": "textDocument/didClose", "params": {"textDocument": item}},
        {"method": "workspace/didChangeConfiguration", "params": {"settings": {"vizsla": {"search": {"limit": 4}}}}},
        {"method": "workspace/didChangeWatchedFiles", "params": {"changes": [{"uri": "file:///x", "type": 2}]}},
        {"method": "$/cancelRequest", "params": {"id": 5}},
        {"method": "no/such", "params": {"a": [1, {"b": None}]}},
    ]


ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    2**31,
    2**70,
    1.5,
    1e308,
    "",
    "\ud800",
    "\x00" * 9,
    "x" * 999,
    [],
    {},
    [[]],
    {"": 1},
]


def spoil_value(rng: random.Random, value: Any) -> Any:
    """The value with one thing in it changed, left out, repeated or put in."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        name = rng.choice(sorted(value))
        changed = dict(value)
        match rng.randrange(4):
            case 0:
                del changed[name]
            case 1:
                changed[name] = rng.choice(ODD)
            case 2:
                changed[rng.choice(["", "text", "uri", "zzz"])] = rng.choice(ODD)
            case _:
                changed[name] = spoil_value(rng, value[name])
        return changed
    if isinstance(value, list) and value and rng.random() < 0.8:
        return [spoil_value(rng, each) for each in value] * rng.randrange(3)
    return rng.choice(ODD)


def spoil_bytes(rng: random.Random, data: bytes) -> bytes:
    """The bytes with some flipped, cut, doubled or put in."""
    for _ in range(rng.randrange(1, 5)):
        at, to = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
        match rng.randrange(6):
            case 0:
                data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
            case 1:
                data = data[:at]
            case 2:
                data = data[:at] + data[to:]
            case 3:
                data = data[:to] + data[at:to] + data[to:]
            case 4:
                data = data[:at] + rng.randbytes(rng.randrange(20)) + data[at:]
            case _:
                sizes = [b"-1", b"0", b"7", b"99999", b"99999999999", b"9" * 60, b"0x10", b"1e3", b""]
                data = data.replace(b"Content-Length: ", b"Content-Length: " + rng.choice(sizes), 1)
    return data


def spoilt_stream(rng: random.Random, expect: Callable[[str], object], name: str) -> bytes:
    """One stream: a message with spoilt parameters that still is a request, or one whose bytes are spoilt."""
    message = {"jsonrpc": "2.0", **rng.choice(requests())}
    if rng.random() < 0.5:
        message["params"] = spoil_value(rng, message["params"])
        if isinstance(message["params"], dict | list | None) and not message["method"].startswith(("text", "$")):
            expect(name)
            message["id"] = name
        return frame(json.dumps(message).encode())
    data = frame(json.dumps(message).encode())  # no id: a part of it may still be a message
    return spoil_bytes(rng, data)


def memory_megabytes(process_id: int) -> float:
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise AssertionError("the server is gone")


@pytest.mark.slow
async def test_no_stream_kills_deafens_or_bloats_the_server(client: StrictClient, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    await client.initialize(tmp_path)
    assert client.process is not None
    after_warming = 0.0
    for first in range(0, STREAMS, BATCH):
        answers = [answer for number in range(first, first + BATCH) for answer in send_stream(client, rng, number)]
        await client.drain()
        _, missing = await asyncio.wait(answers, timeout=30)
        assert not missing, f"after stream {first}, {len(missing)} requests were not answered"
        after_warming = after_warming or memory_megabytes(client.process.pid)
    assert memory_megabytes(client.process.pid) - after_warming < GROWTH_MEGABYTES
    assert not client.conduct.faults


def send_stream(client: StrictClient, rng: random.Random, number: int) -> list[asyncio.Future[Any]]:
    """Send one spoilt stream and a whole request behind it; the answers that must come."""
    answers: list[asyncio.Future[Any]] = []
    data = spoilt_stream(rng, lambda name: answers.append(client.expect(name)), f"spoilt {number}")
    client.send_bytes(data)
    return [*answers, client.send_request("vizsla/status", {}, id_=f"whole {number}")[1]]
