"""Parts (g) and (c): a whole tree from nothing to an index, and one changed file among thousands."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commands import bytes_below, fresh_cache, vizsla
from benchmarks.figures import Figure, median
from benchmarks.sources import Parsed, entries_of, is_callable
from benchmarks.trees import copied

from vizsla.core.settings import IndexSettings
from vizsla.index.store import Store
from vizsla.parsing.functions import module_name_of
from vizsla.parsing.pool import ParsePool
from vizsla.services.discovery import scan
from vizsla.services.reading import SourceText, read_source

EDITS, QUICK_EDITS = 5, 2
_BATCH_FILES = 64
_DEFINITION = re.compile(rb"^( +)def \w+\(self[^\n]*\):\n", re.MULTILINE)


def measure_full(root: Path, cache: Path, files: Sequence[Parsed]) -> list[Figure]:
    """Index ``root`` into ``cache`` by the command, and each stage but embedding once more by itself.

    Args:
        root: the tree.
        cache: an empty directory; it holds the finished index afterwards.
        files: the tree as parsed.
    """
    ran = vizsla(["index", "--json", root], cache)
    done = ran.data
    if not done["complete"]:
        raise SystemExit(f"the index is not complete: {done} {ran.errors[-500:]}")
    functions, encoded = int(done["functions"]), int(done["encoded"])
    callables = sum(is_callable(entry) for file in files for entry in file.change.entries)
    scanning = _timed_scan(root)
    reading = _timed_reading(root, files)
    parsing = _timed_parsing(files)
    storing = _timed_storing(files)
    rest = ran.seconds - scanning - reading - parsing - storing
    size = bytes_below(cache)

    def stage(name: str, seconds: float, count: int, what: str, note: str = "") -> Figure:
        return Figure(part="g", name=name, measured=count / seconds, unit=f"{what}/s", note=note or f"{seconds:.2f} s")

    tree = f"{callables:,} functions, {functions:,} units in {len(files):,} files of {done['files']:,}"
    return [
        Figure(part="g", name="the tree", measured=functions, unit="units", note=tree),
        Figure(part="g", name="whole index", measured=ran.seconds, unit="s", note=f"{encoded:,} texts encoded"),
        Figure(part="g", name="whole index", measured=functions / ran.seconds, unit="units/s", note="end to end"),
        stage("scanning", scanning, int(done["files"]), "files"),
        stage("reading", reading, len(files), "files"),
        stage("parsing, all cores", parsing, functions, "units"),
        stage("storing", storing, functions, "units"),
        stage("embedding", rest, encoded, "units", f"{rest:.0f} s: the command less the stages above"),
        Figure(part="g", name="on disk", measured=size / functions, unit="bytes/unit", note=f"{size / 1e6:.1f} MB"),
    ]


def make_sure(root: Path, cache: Path) -> None:
    """Bring the index of ``root`` in ``cache`` up to date without measuring it.

    Raises:
        SystemExit: it cannot be completed.
    """
    ran = vizsla(["index", "--force", "--json", root], cache)  # it may be of another version of ours
    if not ran.data["complete"]:
        raise SystemExit(f"the index is not complete: {ran.output} {ran.errors[-500:]}")


def measure_change(root: Path, cache: Path, *, quick: bool) -> list[Figure]:
    """Change two methods of one file, run ``vizsla index``, and again with other files.

    Args:
        root: the tree, which is copied first.
        cache: where the vectors of the tree are, so that making the copy's index encodes nothing.
        quick: fewer files.
    """
    tree = copied(root, "edited")
    first = vizsla(["index", "--json", tree], cache).data
    seconds, encoded, expected, nothing = [], [], [], []
    for path in _editable(tree)[: QUICK_EDITS if quick else EDITS]:
        before = _hashes(tree, path)
        (tree / path).write_bytes(_edited((tree / path).read_bytes()))
        expected.append(len(_hashes(tree, path) - before))
        ran = vizsla(["index", "--json", tree], cache)
        seconds.append(ran.seconds)
        encoded.append(int(ran.data["encoded"]))
        time.sleep(2.1)  # until its stamp is old enough to be trusted
        vizsla(["index", "--json", tree], cache)
        nothing.append(vizsla(["index", "--json", tree], cache).seconds)
    worst = max(done - wanted for done, wanted in zip(encoded, expected, strict=True))
    return [
        Figure(
            part="c",
            name="a second copy of the tree: texts encoded",
            measured=first["encoded"],
            unit="texts",
            at_most=0,
            note=f"{first['cached']:,} vectors from the machine-wide cache",
        ),
        Figure(
            part="c",
            name="one changed file, to the updated index",
            measured=median(seconds),
            unit="s",
            note=f"`vizsla index`, of {first['files']:,} files, {first['parsed']:,} in a language",
            samples=seconds,
        ),
        Figure(part="c", name="no changed file", measured=median(nothing), unit="s", samples=nothing),
        Figure(
            part="c",
            name="texts encoded beyond the changed functions",
            measured=worst,
            unit="texts",
            at_most=0,
            note=f"changed {expected}, encoded {encoded}",
        ),
    ]


def _timed_scan(root: Path) -> float:
    start = time.perf_counter()
    for _ in scan(root, IndexSettings(), cancelled=lambda: False):
        pass
    return time.perf_counter() - start


def _timed_reading(root: Path, files: Sequence[Parsed]) -> float:
    start = time.perf_counter()
    for file in files:
        read_source(root, file.path, IndexSettings())
    return time.perf_counter() - start


def _timed_parsing(files: Sequence[Parsed]) -> float:
    from benchmarks.machine import cores

    pool = ParsePool(min(cores(), 8), 30.0)
    try:
        for _ in range(2):  # the first round starts the children
            start = time.perf_counter()
            futures = [
                pool.submit(file.path, file.change.record.language, module_name_of(file.path), file.text)
                for file in files
            ]
            for future in futures:
                future.result()
        return time.perf_counter() - start
    finally:
        pool.close()


def _timed_storing(files: Sequence[Parsed]) -> float:
    store = Store.open(fresh_cache("storing"))
    try:
        start = time.perf_counter()
        for first in range(0, len(files), _BATCH_FILES):
            store.replace_files([file.change for file in files[first : first + _BATCH_FILES]])
        return time.perf_counter() - start
    finally:
        store.close()


def _editable(tree: Path) -> list[str]:
    """Files with enough methods to change two of them, spread over the tree."""
    paths = [path for path in sorted(tree.rglob("*.py")) if len(_DEFINITION.findall(path.read_bytes())) >= 10]
    step = max(1, len(paths) // (EDITS + 1))
    return [path.relative_to(tree).as_posix() for path in paths[step::step]]


def _edited(text: bytes) -> bytes:
    """The text with a comment in the bodies of its fourth and its last method."""
    found = list(_DEFINITION.finditer(text))
    comment = f"    # changed to measure {time.time_ns()}\n".encode()  # no run may find it in the cache of vectors
    for match in (found[-1], found[3]):
        text = text[: match.end()] + match.group(1) + comment + text[match.end() :]
    return text


def _hashes(tree: Path, path: str) -> set[bytes]:
    source = read_source(tree, path, IndexSettings())
    assert isinstance(source, SourceText)
    return {entry.content_hash for entry in entries_of(path, source)}
