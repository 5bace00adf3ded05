"""Roots for tests: opened over borrowed children, quiet before they are asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vizsla.services.answers import Answer, SearchRequest
from vizsla.services.engine import WatchBy
from vizsla.services.progress import Progress
from vizsla.services.resources import Resources
from vizsla.services.roots import Roots

QUIET_SECONDS = 60.0


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.changes = 0
        self.reports: list[tuple[Path, Progress]] = []
        self._lock = threading.Lock()

    def progress(self, root: Path, progress: Progress) -> None:
        with self._lock:
            self.reports.append((root, progress))

    def changed(self) -> None:
        with self._lock:
            self.changes += 1


@contextmanager
def roots_at(resources: Resources, *folders: Path, watch: WatchBy = "none") -> Iterator[Roots]:
    """Roots over ``folders``, indexed; ``resources`` are closed with them."""
    roots = Roots(resources, listener=Heard(), watch=watch)
    try:
        for folder in folders:
            roots.add(folder)
        if folders:
            settle(roots)
        yield roots
    finally:
        roots.close(10.0)


def settle(roots: Roots) -> None:
    """Wait until everything is where it belongs."""
    assert roots.wait_quiet(QUIET_SECONDS), roots.statuses()


def eventually(is_so: Callable[[], bool], seconds: float = QUIET_SECONDS) -> bool:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


async def asked(roots: Roots, query: str, limit: int | None = None, *, of: tuple[Path, ...] = ()) -> Answer:
    """The fused answer to a question."""
    request = SearchRequest(query=query, limit=limit, rerank="off", roots=of)
    return [answer async for answer in roots.answers(request)][-1]


def places(answer: Answer) -> list[tuple[str, str]]:
    """Root's name and path of each hit, in their order."""
    return [(hit.root.name, hit.path) for hit in answer.hits]
