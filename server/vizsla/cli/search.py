"""``vizsla search`` and ``vizsla similar``: questions in, hits out, for people and for programs."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vizsla.cli.json_output import answer_json, dump
from vizsla.cli.opening import open_workspace, stoppable, warn
from vizsla.cli.progress import bars
from vizsla.core.errors import QueryError, VizslaError, WorkspaceError
from vizsla.core.settings import MOST_HITS
from vizsla.services.filters import Filters, parse_kind

if TYPE_CHECKING:
    from vizsla.services.answers import Answer, SearchRequest
    from vizsla.services.upkeep import Upkept
    from vizsla.services.workspace import Workspace

NOW_PARSE_SECONDS = 0.5
NOW_EMBED_SECONDS = 0.6

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The folder to search in.", show_default="this one", readable=False)
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", "-n", metavar="N", min=1, max=MOST_HITS, help=f"Hits wanted, at most {MOST_HITS}."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, as docs/configuration.md describes it.")]


def search(
    query: Annotated[
        str | None, typer.Argument(metavar="QUESTION", help="The question in plain words, or a symbol.")
    ] = None,
    path: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="The folder to search in.", show_default="this one", readable=False),
    ] = None,
    limit: Limit = None,
    lang: Annotated[
        list[str] | None, typer.Option("--lang", "-l", metavar="LANGUAGE", help="Only this language; may be repeated.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", metavar="KIND", help="Only this kind, such as method; may be repeated."),
    ] = None,
    glob: Annotated[
        list[str] | None,
        typer.Option("--path", "-p", metavar="GLOB", help="Only files whose path fits; may be repeated."),
    ] = None,
    not_glob: Annotated[
        list[str] | None, typer.Option("--not-path", metavar="GLOB", help="No files whose path fits; may be repeated.")
    ] = None,
    folder: Annotated[
        str, typer.Option("--in", metavar="FOLDER", help="Only below this folder of the workspace.")
    ] = "",
    changed: Annotated[bool, typer.Option("--changed", help="Only files that differ from the last commit.")] = False,
    rerank: Annotated[
        bool, typer.Option("--rerank/--no-rerank", help="Have the reranker, if there is one, read the first.")
    ] = True,
    budget: Annotated[
        int | None, typer.Option("--budget", metavar="MS", min=0, help="Milliseconds for the reranker.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Answer in seconds, also before the index is complete.")] = False,
    update: Annotated[bool, typer.Option("--update/--no-update", help="Look for changed files first.")] = True,
    batch: Annotated[
        Path | None,
        typer.Option("--batch", metavar="FILE", readable=False, help="Answer each line of FILE as JSON; - for stdin."),
    ] = None,
    json: AsJson = False,
) -> int:
    """Answer a question about the code below FOLDER. The first time, the folder is indexed."""
    if batch is not None:
        query, path = None, path if path is not None else (Path(query) if query is not None else None)
    elif query is None:
        raise QueryError("there is no question; write one, or name a file of questions with --batch")
    filters = Filters(
        languages=tuple(name.lower() for name in lang or ()),
        kinds=tuple(parse_kind(name) for name in kind or ()),
        paths=tuple(glob or ()),
        not_paths=tuple(not_glob or ()),
        folder=folder.strip("/"),
        only_changed=changed,
    )

    def request(text: str) -> SearchRequest:
        from vizsla.services.answers import SearchRequest

        return SearchRequest(
            query=text,
            limit=limit,
            filters=filters,
            rerank="auto" if rerank else "off",
            rerank_seconds=None if budget is None else budget / 1000,
        )

    if query is not None and not query.strip():
        raise QueryError("the question is empty; ask for what the code does, such as 'where are uploads retried'")
    questions = _lines(batch) if batch is not None else None
    with open_workspace(path or Path(), start_models=True) as workspace:
        if update and now and query is not None:
            _glance(workspace, query)
        elif update:
            _update(workspace, quiet=json)
        if questions is not None:
            return _answer_batch(workspace, questions, request)
        assert query is not None
        answer = asyncio.run(_ask(workspace, request(query)))
        if answer.is_partial and not workspace.is_writer:
            warn("another process is indexing this folder; until it is done, better hits may be missing")
        elif answer.is_partial and (now or not update):
            warn("the index of this folder is not complete; 'vizsla index' completes it")
        return _show(answer, as_json=json)


def similar(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE", help="Any line of the function; the first line is 1.")],
    path: Folder = Path(),
    limit: Limit = None,
    json: AsJson = False,
) -> int:
    """Find functions like the one at a place."""
    name, _, line = place.rpartition(":")
    if not name or not line.isdecimal() or len(line) > 9 or int(line) < 1:
        raise QueryError(f"{place!r} is no place; write FILE:LINE, such as src/app.py:120")
    with open_workspace(path, start_models=True) as workspace:
        file = (
            Path(name)
            if Path(name).is_absolute()
            else next((p for p in (Path.cwd() / name, workspace.root / name) if p.exists()), workspace.root / name)
        )
        if not file.exists():
            raise QueryError(f"there is no file {name}, neither here nor in {workspace.root}; write FILE:LINE")
        if not file.resolve().is_relative_to(workspace.root):
            raise WorkspaceError(f"{name} is not in {workspace.root}; name the folder that holds it as FOLDER")
        _update(workspace, quiet=json)
        relative = file.resolve().relative_to(workspace.root).as_posix()
        index = int(line) - 1

        async def ask() -> Answer:
            from vizsla.services.reading import column_of_text, read_line
            from vizsla.services.searching import SearchService

            service = SearchService(workspace)
            try:
                text = read_line(workspace.root, relative, index, workspace.resources.settings.index)
                return await service.similar(relative, index, column_of_text(text, 0), limit=limit)
            finally:
                service.close()

        return _show(asyncio.run(ask()), as_json=json)


async def _ask(workspace: Workspace, request: SearchRequest) -> Answer:
    from vizsla.services.searching import SearchService

    await _ready(workspace, request)
    service = SearchService(workspace)
    try:
        return await service.search(request)
    finally:
        service.close()


async def _ready(workspace: Workspace, request: SearchRequest) -> None:
    """Wait until the reranker is loaded, where it is to read: the budget is for reading."""
    from vizsla.services.reranking import rerank_seconds, will_rerank

    models = workspace.resources.models
    has_time = rerank_seconds(request, workspace.resources.settings.search) > 0
    if models is not None and has_time and will_rerank(request, models):
        with contextlib.suppress(VizslaError):  # the answer will say so
            await asyncio.wrap_future(models.warm_up())


def _answer_batch(workspace: Workspace, questions: Iterator[str], request: Callable[[str], SearchRequest]) -> int:
    from vizsla.services.searching import SearchService

    found = False

    async def ask_all() -> None:
        nonlocal found
        service = SearchService(workspace)
        try:
            await _ready(workspace, request(""))
            for question in questions:
                try:
                    answer = await service.search(request(question))
                except QueryError as error:
                    print(dump({"query": question, "error": str(error)}), flush=True)
                    continue
                found = found or bool(answer.hits)
                print(dump(answer_json(answer)), flush=True)
        finally:
            service.close()

    asyncio.run(ask_all())
    return 0 if found else 1


def _show(answer: Answer, *, as_json: bool) -> int:
    if as_json:
        print(dump(answer_json(answer), indent=2))
    elif not sys.stdout.isatty():
        from vizsla.cli.listing import print_lines

        print_lines(answer)
    else:
        from vizsla.cli.rendering import print_answer

        print_answer(answer)
    if not as_json:
        for note in answer.notes:
            warn(note)
    return 0 if answer.hits else 1


def _lines(batch: Path) -> Iterator[str]:
    """The questions of a file, without its blank lines.

    Raises:
        QueryError: the file cannot be read.
    """
    try:
        text = sys.stdin.read() if str(batch) == "-" else batch.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise QueryError(f"{batch} cannot be read ({error.strerror}); name a file with a question a line") from None
    return (line.strip() for line in text.splitlines() if line.strip())


def _glance(workspace: Workspace, query: str) -> None:
    """Two seconds of indexing where this question's answer probably is."""
    from vizsla.retrieval.query import Question
    from vizsla.services.discovery import FoundFile
    from vizsla.services.progress import Deadline
    from vizsla.services.triage import by_words
    from vizsla.services.upkeep import Upkeep

    upkeep = Upkeep(workspace)
    if not workspace.become_writer():
        return
    asked = Question.from_text(query).words
    likely_first = by_words(workspace.root, asked)
    deadlines: list[Deadline] = []

    def order(files: list[FoundFile]) -> list[FoundFile]:
        ordered = likely_first(files)
        deadlines.append(Deadline(NOW_PARSE_SECONDS))  # however long the scan took, some files are parsed
        return ordered

    upkeep.indexing.reconcile(cancelled=lambda: any(late() for late in deadlines), order=order)
    likely = workspace.store.search_words(asked, 64)
    stored = workspace.store.functions([match.key for match in likely])
    upkeep.embedding.hurry(stored[match.key].content_hash for match in likely if match.key in stored)
    upkeep.embedding.embed(cancelled=Deadline(NOW_EMBED_SECONDS))


def _update(workspace: Workspace, *, quiet: bool) -> None:
    """Bring the index up to date, with bars unless ``quiet``, and tell what is not well."""
    from vizsla.services.upkeep import Upkeep

    with stoppable() as stop, bars(quiet=quiet) as report:
        done = Upkeep(workspace).run(report=report, cancelled=stop)
    _tell(done, workspace)


def _tell(done: Upkept, workspace: Workspace) -> None:
    if done.embedded.problem:
        warn(f"{done.embedded.problem}; answers come from words where vectors are missing")
    if not done.is_complete and workspace.is_writer:
        warn("the index is not complete yet; 'vizsla index' goes on where this ended")
