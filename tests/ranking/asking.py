"""The questions of ``ranks.csv``, asked of their trees as a server is asked: real parser, store, full text and model."""

from __future__ import annotations

import asyncio
import csv
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from vizsla.core.settings import CacheSettings, IndexSettings, ModelSettings, Settings
from vizsla.core.types import Kind
from vizsla.services.answers import SearchRequest
from vizsla.services.resources import Resources
from vizsla.services.searching import SearchService
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace

HERE = Path(__file__).parent
RANKS = HERE / "ranks.csv"
TREES = HERE / "trees"
DEPTH = 50
"""A right function that comes later counts as not found."""

_EVERYTHING = 200  # hits: more than a tree has, so that each function tells what BM25 alone made of it
_REST = (Kind.MODULE, Kind.WINDOW)
"""What a file has outside its functions is called like the file, so perhaps like the function. It takes a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the file.

    Attributes:
        tree: folder below ``trees``.
        path: of the right function's file, relative to its tree.
        function: its qualified name.
        rank: its place among the hits, from 1; 0 when it is not among the first ``DEPTH``.
    """

    tree: str
    category: str
    question: str
    path: str
    function: str
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the trees answered.

    Attributes:
        cases: in the order they were asked, each with the rank it has now.
        by_words: the ranks by BM25 alone, in the same order; 0 when it shares no word with the question.
        first: what came first, in the same order, as path and qualified name.
        names: how often each function is there, by tree, path and qualified name.
    """

    cases: tuple[Case, ...]
    by_words: tuple[int, ...]
    first: tuple[str, ...]
    names: Counter[tuple[str, str, str]]


def read_cases() -> list[Case]:
    """The file as it is committed."""
    with RANKS.open(encoding="utf-8", newline="") as stream:
        return [Case(**{**row, "rank": int(row["rank"] or 0)}) for row in csv.DictReader(stream)]  # type: ignore[arg-type]


def write_cases(cases: Iterable[Case]) -> None:
    """Write the file anew."""
    with RANKS.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Case)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(case) for case in cases)


def ask(cases: Sequence[Case], place: Path) -> Asked:
    """Index the trees and ask everything; no reranker.

    Args:
        cases: any order; those of one tree are asked one after the other.
        place: an empty folder, for copies of the trees and the cache. In the project's own repository its
            ``.gitignore`` would rule which files a tree has.
    """
    settings = Settings(
        cache=CacheSettings(directory=place / "cache"),
        index=IndexSettings(parse_workers=1),  # keys in the order of the files, so that ties repeat
        models=ModelSettings(reranker="none"),
    )
    found: dict[Case, tuple[int, int, str]] = {}
    names: Counter[tuple[str, str, str]] = Counter()
    with Resources(settings) as resources:
        for tree in dict.fromkeys(case.tree for case in cases):
            root = Path(shutil.copytree(TREES / tree, place / tree))
            with Workspace(root, resources) as workspace:
                Upkeep(workspace).run()
                names.update(_names(tree, workspace))
                found.update(asyncio.run(_ask(workspace, [case for case in cases if case.tree == tree])))
    return Asked(
        cases=tuple(replace(case, rank=found[case][0]) for case in cases),
        by_words=tuple(found[case][1] for case in cases),
        first=tuple(found[case][2] for case in cases),
        names=names,
    )


async def _ask(workspace: Workspace, cases: Sequence[Case]) -> dict[Case, tuple[int, int, str]]:
    """Rank, rank by BM25 alone and first hit of each."""
    found: dict[Case, tuple[int, int, str]] = {}
    service = SearchService(workspace)
    try:
        for case in cases:
            request = SearchRequest(query=case.question, limit=_EVERYTHING, rerank="off")
            answer = await service.search(request)
            if answer.is_partial or not answer.is_semantic:
                raise RuntimeError(f"{case.question!r} was not answered in full: {answer.notes}")
            rank, by_words = 0, 0
            for place, hit in enumerate(answer.hits, start=1):
                if (hit.path, hit.qualified_name) == (case.path, case.function) and hit.kind not in _REST:
                    rank, by_words = place if place <= DEPTH else 0, hit.why.lexical_rank or 0
                    break
            head = answer.hits[0]
            found[case] = rank, by_words if by_words <= DEPTH else 0, f"{head.path} {head.qualified_name}"
    finally:
        service.close()
    return found


def _names(tree: str, workspace: Workspace) -> Iterable[tuple[str, str, str]]:
    store = workspace.store
    return [
        (tree, path, function.qualified_name)
        for path in store.files()
        for function in store.functions_of(path)
        if function.kind not in _REST
    ]
