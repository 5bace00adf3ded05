"""Part (a): how soon a server answers after its start, on a workspace never seen and on a known one."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.commands import fresh_cache
from benchmarks.figures import Figure, median
from benchmarks.lsp_client import QUESTIONS, django, indexed_cache, ready, server


async def measure(*, quick: bool) -> list[Figure]:
    """Start servers over and over."""
    root, rounds = django(), 2 if quick else 7
    known = await indexed_cache(root)
    unseen = [await _first_answer(root, fresh_cache("cache-lsp-unseen"), number) for number in range(rounds)]
    seen = [await _first_answer(root, known, number) for number in range(rounds)]
    starts = [start for start, _, _, _ in [*unseen, *seen]]
    partial = sum(is_partial for _, _, is_partial, _ in unseen)
    async with server(root, known) as (client, _):
        before = await ready(client)
        encoded = before["index"]["pending"]
    return [
        Figure(
            part="a",
            name="initialize, from the start of the process",
            measured=1000 * median(starts),
            unit="ms",
            at_most=300,
            samples=[1000 * start for start in starts],
        ),
        Figure(
            part="a",
            name="initialized to the first answer, workspace never seen",
            measured=median([seconds for _, seconds, _, _ in unseen]),
            unit="s",
            at_most=2,
            note=f"marked partial in {partial} of {rounds}; fewest hits {min(hits for _, _, _, hits in unseen)}",
            samples=[seconds for _, seconds, _, _ in unseen],
        ),
        Figure(
            part="a",
            name="initialized to the first answer, known workspace",
            measured=median([seconds for _, seconds, _, _ in seen]),
            unit="s",
            at_most=1,
            note=f"{encoded} texts to encode",
            samples=[seconds for _, seconds, _, _ in seen],
        ),
    ]


async def _first_answer(root: Path, cache: Path, number: int) -> tuple[float, float, bool, int]:
    """Seconds of the handshake and from then to an answer, whether it is partial, and how many hits it has."""
    async with server(root, cache) as (client, start):
        begin = time.perf_counter()
        answer = await client.request("vizsla/search", {"query": QUESTIONS[number]})
        return start, time.perf_counter() - begin, bool(answer["isPartial"]), len(answer["hits"])
