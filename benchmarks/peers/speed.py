"""How long each peer takes at trees of several sizes, and what it holds and writes."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.commands import bytes_below
from benchmarks.figures import median, quantile
from benchmarks.peers.answers import shared_lines
from benchmarks.peers.bench import ROOT, Bench, named
from benchmarks.peers.peer import Answer, Peer, Site, UnusableError
from benchmarks.peers.processes import MemoryWatch
from benchmarks.peers.results import Row
from benchmarks.peers.sized import Known, Sized, spread

LIMIT = 10
FIRST_ANSWERS, EDITS, ROUNDS = 3, 3, 3
_EDIT_SECONDS = 120.0  # then it counts as never; who reads everything anew has had one whole turn by then
_LARGEST_EDITED = 50_000  # bytes


def is_missing(bench: Bench, peer: type[Peer], size: int, *, again: bool) -> bool:
    """Whether there is no result of this peer at this size."""
    return again or not bench.results.has({**named(bench, peer), "kind": "speed", "size": size})


def measure(bench: Bench, peer: type[Peer], tree: Sized, size: int) -> Row:
    """Everything about one peer on one tree.

    Args:
        bench: the run.
        peer: the peer.
        tree: the tree; it is copied.
        size: the number of functions that was wanted of it.

    Raises:
        UnusableError: the peer cannot be measured.
    """
    before = os.getloadavg()[0]
    asked = (ROOT / "benchmarks" / "speed_questions.txt").read_text(encoding="utf-8").splitlines()
    asked = asked[: bench.only or len(asked)]
    first_seconds, rights = _first_answers(bench, peer, tree)
    with bench.site(peer) as site, _running(peer, site, tree) as running:
        given = _bytes(site)
        with MemoryWatch(site.runner.mark) as indexing:
            start = time.perf_counter()
            running.index()
            index_seconds = time.perf_counter() - start
        with MemoryWatch(site.runner.mark) as asking:
            # The first round warms up, and holds the start of whatever is started.
            answers = running.ask(asked * (1 + ROUNDS), LIMIT)[len(asked) :]
        disk = _bytes(site) - given
        edits = _edits(running, site.workspace)
        commands = site.runner.commands
    milliseconds = [answer.seconds * 1000 for answer in answers]
    return {
        "kind": "speed",
        **named(bench, peer),
        "size": size,
        "asked": peer.asked,
        "functions": tree.functions,
        "files": tree.files,
        "source_bytes": tree.source_bytes,
        "first_seconds": median(first_seconds),
        "first_samples": first_seconds,
        "first_right": sum(rights),
        "first_asked": len(rights),
        "index_seconds": index_seconds,
        "query_ms": {f"p{share}": quantile(milliseconds, share / 100) for share in (50, 95, 99)},
        "query_count": len(milliseconds),
        "edit_seconds": median(edits) if len(edits) == EDITS else None,
        "edit_samples": edits,
        "index_peak_bytes": indexing.peak_bytes,
        "query_peak_bytes": asking.peak_bytes,
        "disk_bytes": disk,
        "bytes_per_function": disk / tree.functions,
        "load_average": [round(before, 1), round(os.getloadavg()[0], 1)],
        "commands": commands,
    }


def is_right(answer: Answer, known: Known) -> bool:
    """Whether a hit among the first ten touches the function that was meant."""
    return any(hit.path == known.path and shared_lines(hit, known.place) for hit in answer.hits[:LIMIT])


def _first_answers(bench: Bench, peer: type[Peer], tree: Sized) -> tuple[list[float], list[bool]]:
    """Seconds to a first answer on the tree never seen, and whether each answer was right.

    A peer that must index everything first is measured once, and asked the other questions afterwards.
    """
    seconds, rights = [], []
    known = spread(tree.known, FIRST_ANSWERS)
    is_quick = peer.first_answer is not Peer.first_answer
    for number, one in enumerate(known):
        with bench.site(peer) as site, _running(peer, site, tree) as running:
            start = time.perf_counter()
            answer = running.first_answer(one.question, LIMIT)
            seconds.append(time.perf_counter() - start)
            rights.append(is_right(answer, one))
            if not is_quick:
                rest = known[number + 1 :]
                more = running.ask([other.question for other in rest], LIMIT) if rest else []
                rights += [is_right(found, other) for found, other in zip(more, rest, strict=True)]
                break
    return seconds, rights


@contextmanager
def _running(peer: type[Peer], site: Site, tree: Sized) -> Iterator[Peer]:
    """The peer at a site with a copy of a tree, prepared, nothing indexed."""
    shutil.copytree(tree.root, site.workspace, dirs_exist_ok=True)
    running = peer(site)
    try:
        running.prepare()
        yield running
    finally:
        running.close()


def _edits(running: Peer, workspace: Path) -> list[float]:
    """Seconds of some edits; the first that is never found is the last, and is not among them."""
    found: list[float] = []
    for number in range(EDITS):
        seconds = _edit(running, workspace, number)
        if seconds is None:
            break
        found.append(seconds)
    return found


def _edit(running: Peer, workspace: Path, number: int) -> float | None:
    """Seconds from a changed file on the disk to an answer that names it; None when none does in time."""
    paths = sorted(
        path for path in workspace.rglob("*.py") if ".git" not in path.parts and path.stat().st_size < 50_000
    )
    if not paths:
        raise UnusableError("the tree has no Python file to edit")
    path = paths[(2 * number + 1) * len(paths) // (2 * EDITS)]
    things = ("marmalade", "periscope", "glockenspiel", "tarpaulin", "zeppelin")
    thing = things[number % len(things)]
    question = f"polish every {thing} before the regatta"
    added = (
        f'\n\ndef polish_{thing}(harbour):\n    """{question.capitalize()}."""\n    return [harbour.pop({number})]\n'
    )
    name = path.relative_to(workspace).as_posix()
    start = time.perf_counter()
    with path.open("a", encoding="utf-8") as file:
        file.write(added)
    while True:
        if any(hit.path == name for hit in running.ask_after_edit(question, LIMIT).hits[:LIMIT]):
            return time.perf_counter() - start
        if time.perf_counter() - start > _EDIT_SECONDS:
            return None


def _bytes(site: Site) -> int:
    """What lies at a site: after an index more than before, by what the peer wrote."""
    return bytes_below(site.state) + bytes_below(site.workspace)
