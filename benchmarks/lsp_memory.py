"""Parts (d) and (e): what a server holds with a large index, and whether it holds more after a long day."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from statistics import linear_regression

from benchmarks.figures import Figure
from benchmarks.lsp_client import (
    QUESTIONS,
    descriptors,
    django,
    indexed_cache,
    ready,
    resident_bytes,
    server,
    threads,
    timed_search,
)
from benchmarks.trees import BENCH, PACKAGES, SMALL_PACKAGES, tree

from lsp.strict_client import StrictClient

_SAMPLES = 20
_PATH = "django/django/utils/text.py"


async def measure_size(*, quick: bool) -> list[Figure]:
    """Ask a server about more than 50,000 units: the whole tree twice, and a small one."""
    root = _twice()
    cache = await indexed_cache(root, like=BENCH / "cache-tree")
    async with server(root, cache) as (client, _):
        units = (await ready(client))["index"]["functions"]
        for question in QUESTIONS[: 5 if quick else len(QUESTIONS)]:
            await timed_search(client, question)
        assert client.process is not None
        measured = resident_bytes(client.process.pid) / 1e6
    return [
        Figure(part="d", name=f"memory of the server at {units:,} units", measured=measured, unit="MB", at_most=200)
    ]


def _twice() -> Path:
    """The tree of ``speed.py`` twice and its small tree once, as hard links."""
    root = BENCH / "tree-twice"
    if not root.is_dir():
        sources = (tree(PACKAGES, "tree"), tree(PACKAGES, "tree"), tree(SMALL_PACKAGES, "small"))
        new = BENCH / "tree-twice.new"
        shutil.rmtree(new, ignore_errors=True)
        for number, source in enumerate(sources):
            shutil.copytree(source, new / f"copy{number}", copy_function=os.link)
        new.rename(root)
    return root


async def measure_flatness(*, quick: bool) -> list[Figure]:
    """Edit and ask, ten thousand times, and look at the server between."""
    root = django()
    cache = await indexed_cache(root)
    rounds = 500 if quick else 10_000
    async with server(root, cache) as (client, _):
        assert client.process is not None
        process = client.process.pid
        uri = (root / _PATH).as_uri()
        text = (root / _PATH).read_text(encoding="utf-8")
        document = {"uri": uri, "languageId": "python", "version": 0, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": document})
        for number in range(rounds // 20):  # everything is loaded, every cache is as full as it gets
            await _edit_and_ask(client, uri, text, number)
        memory, files, tasks = [], [], []
        for number in range(rounds):
            await _edit_and_ask(client, uri, text, number)
            if number % (rounds // _SAMPLES) == 0:
                client.conduct.notified.clear()
                memory.append(resident_bytes(process) / 1e6)
                files.append(descriptors(process))
                tasks.append(threads(process))
    half = memory[len(memory) // 2 :]  # after the caches are full
    slope = linear_regression(range(len(half)), half).slope * _SAMPLES / rounds * 1000
    note = f"from {memory[0]:.0f} to {memory[-1]:.0f} MB over {rounds:,} edits and questions"
    return [
        Figure(
            part="e", name="memory won per 1,000 edits and questions", measured=slope, unit="MB", at_most=1, note=note
        ),
        Figure(part="e", name="descriptors won", measured=files[-1] - files[1], unit="", at_most=2),
        Figure(part="e", name="threads won", measured=tasks[-1] - tasks[1], unit="", at_most=2),
    ]


async def _edit_and_ask(client: StrictClient, uri: str, text: str, number: int) -> None:
    """Append a function to an open file, and ask a question."""
    changed = f"{text}\n\ndef edit_{number}(values):\n    return sorted(values)[{number % 7}]\n"
    params = {"textDocument": {"uri": uri, "version": number + 1}, "contentChanges": [{"text": changed}]}
    client.notify("textDocument/didChange", params)
    await timed_search(client, QUESTIONS[number % len(QUESTIONS)], rerank="off")
