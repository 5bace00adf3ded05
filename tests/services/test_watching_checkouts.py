"""Switching to and fro between two branches of many files, with questions meanwhile: at rest, index == disk."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path

import pytest

from services.git_trees import git, make_repository
from services.live import Live, live
from vizsla.services.answers import SearchRequest
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService

FILES = int(os.environ.get("VIZSLA_CHECKOUT_FILES", "1000"))
ROUNDS = int(os.environ.get("VIZSLA_CHECKOUT_ROUNDS", "6"))
"""10,000 files and 20 rounds are for a change of watching or scheduling: they take some minutes."""

_TEXTS = 50  # different functions: encoding is not what is tested


def branch(root: Path, name: str, salt: int) -> None:
    """Commit a tree of which a third is the other branch's, a third has other text, a third has other names."""
    for number in range(FILES):
        kind = number % 3
        folder = root / (f"{name}{number // 50}" if kind == 2 else f"both{number // 50}")
        folder.mkdir(exist_ok=True)
        which = (number + salt * (kind == 1)) % _TEXTS
        (folder / f"m{number}.py").write_text(f"def task_{which}(value):\n    return compute(value, {which})\n")
    git(root, "checkout", "-q", "-b", name)
    git(root, "add", "-A")
    git(root, "-c", "user.name=nobody", "-c", "user.email=nobody@example.invalid", "commit", "-q", "-m", name)


class Asker:
    """Asks one question after another in a thread of its own."""

    def __init__(self, one: Live) -> None:
        self.seconds: list[float] = []
        self.problems: list[Exception] = []
        self._one, self._stop = one, threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._ask()))
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    async def _ask(self) -> None:
        service = SearchService(self._one.workspace, hurry=self._one.schedule.hurry)
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                await service.search(SearchRequest(query="where is the task computed"))
            except Exception as error:
                self.problems.append(error)
            self.seconds.append(time.monotonic() - started)
            await asyncio.sleep(0.05)
        service.close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_after_many_checkouts_the_index_is_the_disk(tmp_path: Path, resources: Resources) -> None:
    root = make_repository(tmp_path / "tree")
    branch(root, "one", 0)
    git(root, "rm", "-rq", ".")
    branch(root, "two", 7)
    started = time.monotonic()
    with live(root, resources, tmp_path) as one:
        print(f"first index: {time.monotonic() - started:.1f} s")
        asker = Asker(one)
        started = time.monotonic()
        for number in range(ROUNDS):
            git(root, "checkout", "-q", ("one", "two")[number % 2])
            if number % 3 == 1 and number < ROUNDS - 1:  # the others come before the one before is taken in
                one.settle()
        switched = time.monotonic() - started
        one.settle()
        settled = time.monotonic() - started
        asker.stop()
        seconds = sorted(asker.seconds)
        print(
            f"{ROUNDS} checkouts: {switched:.1f} s, at rest {settled - switched:.2f} s later; "
            f"{len(seconds)} questions, median {seconds[len(seconds) // 2]:.3f} s, "
            f"95 of 100 within {seconds[len(seconds) * 95 // 100]:.3f} s, all within {seconds[-1]:.3f} s"
        )
        assert asker.problems == []
        one.check()
