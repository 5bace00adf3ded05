"""Parts (b) and (c): how soon a change is found, a partial result is there, and any message is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from benchmarks.commands import fresh_cache
from benchmarks.figures import Figure, quantile
from benchmarks.lsp_client import QUESTIONS, django, indexed_cache, server, timed_search

from lsp.strict_client import RefusedError, StrictClient

_WORDS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heron", "iris", "jade", "kelp", "lark")
_PATH = "django/django/utils/text.py"


async def measure_edits(*, quick: bool) -> list[Figure]:
    """Change an open file and ask for the change; and ask for partial results."""
    root = django()
    cache = await indexed_cache(root)
    rounds = 10 if quick else 60
    async with server(root, cache) as (client, _):
        await timed_search(client, QUESTIONS[0])
        uri, text = (root / _PATH).as_uri(), (root / _PATH).read_text(encoding="utf-8")
        document = {"uri": uri, "languageId": "python", "version": 0, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": document})
        lines = text.count("\n")
        changes = [await _found_after(client, uri, lines, number) for number in range(rounds)]
        fused = [await _partial_after(client, asked, f"partial-{number}") for number, asked in enumerate(QUESTIONS)]
    return [
        *_pair("b", "didChange to searchable", changes, 100, 200),
        *_pair("b", "fused partial result", fused, None, 50),
    ]


async def _found_after(client: StrictClient, uri: str, line: int, number: int) -> float:
    """Seconds from a change that adds a function until a question about what it does finds it first."""
    one, two = _WORDS[number % len(_WORDS)], _WORDS[number // len(_WORDS) % len(_WORDS)]
    name = f"{one}_{two}_{number}"
    body = f'def {name}(crates):\n    """Weigh {one} crates on the {two} barge."""\n    return sum(crates)\n'
    end = {"line": line + 4, "character": 0}  # replaces what the change before put there
    change = {"range": {"start": {"line": line, "character": 0}, "end": end}, "text": body}
    start = time.perf_counter()
    client.notify(
        "textDocument/didChange",
        {"textDocument": {"uri": uri, "version": number + 1}, "contentChanges": [change]},
    )
    while True:
        _, answer = await timed_search(client, f"weigh {one} crates on the {two} barge", limit=1, rerank="off")
        if answer["hits"] and answer["hits"][0]["name"] == name:
            return time.perf_counter() - start


async def _partial_after(client: StrictClient, question: str, token: str) -> float:
    start = time.perf_counter()
    _, asked = client.send_request("vizsla/search", {"query": question, "partialResultToken": token})
    await client.wait_for(lambda: client.progress(token) or asked.done())
    seconds = time.perf_counter() - start
    await asked
    return seconds


async def measure_pings(*, quick: bool) -> list[Figure]:
    """Send messages that cost nothing, while the server works."""
    root = django()
    seconds = 5.0 if quick else 30.0
    async with server(root, fresh_cache("cache-lsp-unseen")) as (client, _):
        busy = await _pings(client, seconds)
    cache = await indexed_cache(root)
    async with server(root, cache) as (client, _):
        await timed_search(client, QUESTIONS[0])
        asking = asyncio.create_task(_twenty_at_once(client))
        asked = await _pings(client, seconds)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    return [
        _worst("ping while indexing in bulk", busy),
        _worst("ping while twenty questions are open", asked),
    ]


async def _pings(client: StrictClient, seconds: float) -> list[float]:
    """How long a request took to be answered that no server knows, again and again."""
    found, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        try:
            await client.request("$/ping")
        except RefusedError:
            found.append(time.perf_counter() - start)
        await asyncio.sleep(0.005)
    return found


async def _twenty_at_once(client: StrictClient) -> None:
    async def ask(first: int) -> None:
        number = first
        while True:
            await client.request("vizsla/search", {"query": QUESTIONS[number % len(QUESTIONS)]})
            number += 20

    await asyncio.gather(*(ask(first) for first in range(20)))


def _worst(name: str, samples: Sequence[float]) -> Figure:
    note = f"{len(samples):,} pings, p50 {1000 * quantile(samples, 0.5):.1f}, longest {1000 * max(samples):.0f} ms"
    measured = 1000 * quantile(samples, 0.99)
    return Figure(part="c", name=f"{name}, p99", measured=measured, unit="ms", at_most=20, note=note)


def _pair(part: str, name: str, samples: Sequence[float], half: float | None, most: float) -> list[Figure]:
    """p50 and p95 of some seconds, in milliseconds."""
    times = [1000 * sample for sample in samples]
    return [
        Figure(part=part, name=f"{name}, p50", measured=quantile(times, 0.5), unit="ms", at_most=half),
        Figure(part=part, name=f"{name}, p95", measured=quantile(times, 0.95), unit="ms", at_most=most, samples=times),
    ]
