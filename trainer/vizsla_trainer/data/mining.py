"""From workspaces to codes and raw pairs: each source's questions, with where they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from vizsla.core.text import content_hash, function_text, unit_text
from vizsla.core.types import Function, Kind
from vizsla.parsing.errors import ParseTimeoutError
from vizsla.parsing.functions import module_name_of, parse_with_bare
from vizsla_trainer.data.comments import heading_comments
from vizsla_trainer.data.commits import commit_pairs, is_test, is_test_function
from vizsla_trainer.data.docstrings import plain, query_of_doc
from vizsla_trainer.data.feedback import feedback_pairs
from vizsla_trainer.data.files import SourceFile, list_files, read_file
from vizsla_trainer.data.names import query_of_name, text_without_name
from vizsla_trainer.data.processes import results_of
from vizsla_trainer.errors import StoppedError
from vizsla_trainer.progress import Cancelled, Progress, Report, never, unheard
from vizsla_trainer.recipe import MineRecipe
from vizsla_trainer.records import Code, Pair, code_id, make_pair

_SECONDS = 10.0  # to parse one file
_NAMED = 96  # of 256 functions whose name may become a query: more than can be kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Mined:
    """What workspaces gave.

    Attributes:
        codes: every function, also those without a pair: they are what a query is ranked among.
        pairs: not yet cleaned.
        counts: of "files", "codes", of pairs by source and by ``source/language``, of commits by their fate as
            ``commits/FATE``, and of files that are lost by what became of them as ``lost/FATE``.
        lost: paths of files that took too long to read, or more memory than there is, or ended the process.
    """

    codes: list[Code]
    pairs: list[Pair]
    counts: dict[str, int] = field(default_factory=dict)
    lost: tuple[str, ...] = ()


def mine(
    workspaces: Sequence[Path],
    recipe: MineRecipe,
    *,
    feedback_log: Path | None = None,
    processes: int = 0,
    report: Report = unheard,
    cancelled: Cancelled = never,
) -> Mined:
    """Find the functions of workspaces and the questions that they answer.

    Args:
        workspaces: their folders.
        recipe: which sources, and how much of each.
        feedback_log: where the server keeps which hits were opened; read only when the recipe has that source.
        processes: that parse, so that one which dies of a file ends nothing but itself; 0: this one.
        report: told of files, then of commits.
        cancelled: asked now and then.

    Returns:
        The same for the same workspaces, whatever ``processes``.

    Raises:
        WorkspaceError: a workspace cannot be listed.
        StoppedError: the user asked to stop.
        TrainingError: processes that parse die whatever they are given.
    """
    codes: dict[str, Code] = {}
    pairs: dict[str, Pair] = {}
    counts: Counter[str] = Counter()
    lost: list[str] = []
    for folder, workspace in zip(workspaces, workspace_names(workspaces), strict=True):
        of_workspace: dict[str, Code] = {}
        paths = list_files(folder)
        read = partial(_read, folder, workspace, recipe)
        all_found = results_of(read, paths, processes=processes) if processes else map(read, paths)
        for number, (path, found) in enumerate(zip(paths, all_found, strict=True), start=1):
            if cancelled():
                raise StoppedError("mining was stopped; nothing of it is kept")
            if not isinstance(found, _File):
                lost.append(path)
                counts[f"lost/{found or 'ended the process that read it'}"] += 1
            else:
                counts["files"] += bool(found.codes)
                for code in found.codes:
                    of_workspace.setdefault(code.id, code)
                for pair in found.pairs:
                    pairs.setdefault(pair.id, pair)
            report(Progress(stage="mine", done=number, total=len(paths), unit="files"))
        answers = [code for code in of_workspace.values() if not is_test(code.path)]
        if "commit" in recipe.sources and recipe.most_commits:
            from_commits, fates = commit_pairs(
                folder,
                answers,
                most_commits=recipe.most_commits,
                most_functions=recipe.most_functions_per_commit,
                most_bytes=recipe.most_file_bytes,
                report=lambda done: _on_commit(done, recipe.most_commits, report, cancelled),
            )
            counts.update({f"commits/{fate}": count for fate, count in fates.items()})
            for pair in from_commits:
                pairs.setdefault(pair.id, pair)
        if "feedback" in recipe.sources and feedback_log is not None:
            for pair in feedback_pairs(feedback_log, folder, list(of_workspace.values())):
                pairs.setdefault(pair.id, pair)
        codes.update(of_workspace)
    kept = _at_most(codes, recipe.most_codes)
    chosen = _with_shares([pair for pair in pairs.values() if pair.code in kept], recipe)
    counts["codes"] = len(kept)
    for pair in chosen:
        counts[pair.source] += 1
        counts[f"{pair.source}/{pair.language}"] += 1
    return Mined(codes=list(kept.values()), pairs=chosen, counts=dict(counts), lost=tuple(lost))


def workspace_names(workspaces: Sequence[Path]) -> list[str]:
    """Short names of folders: the last part of each path, and as many before it as tell them apart."""
    parts = [folder.resolve().parts[1:] or ("root",) for folder in workspaces]
    for depth in range(1, max((len(part) for part in parts), default=0) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{'/'.join(part)}#{number}" for number, part in enumerate(parts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    codes: list[Code]
    pairs: list[Pair]


def _read(folder: Path, workspace: str, recipe: MineRecipe, path: str) -> _File | str:
    """What a file gives; in words what became of it where it gives nothing in the time and memory there are."""
    source = read_file(folder, path, recipe.most_file_bytes)
    if source is None:
        return _File(codes=[], pairs=[])
    try:
        return mine_file(source, workspace, recipe)
    except ParseTimeoutError:
        return "took too long"
    except MemoryError:
        return "needs more memory than there is"
    except RecursionError:
        return "is nested too deeply"


def mine_file(source: SourceFile, workspace: str, recipe: MineRecipe) -> _File:
    """The codes of one file, and the pairs that need nothing but it: docstrings, comments and names.

    Raises:
        ParseTimeoutError: it took longer than ten seconds.
    """
    data = source.text.replace(b"\0", b" ")
    parsed = parse_with_bare(source.language, data, module_name=module_name_of(source.path), deadline_seconds=_SECONDS)
    functions = [function for function, _ in parsed]
    codes = [_code(function, bare, workspace, source.path) for function, bare in parsed]
    pairs: list[Pair] = []
    if is_test(source.path):
        return _File(codes=codes, pairs=[])
    may_answer = [
        function.kind is not Kind.MODULE and not is_test_function(function) and _lines(bare) >= recipe.least_lines
        for function, bare in parsed
    ]
    for function, code, is_answer in zip(functions, codes, may_answer, strict=True):
        if is_answer:
            pairs.extend(_own_pairs(function, code, recipe))
    if "comment" in recipe.sources:
        for comment in heading_comments(data, source.language, functions):
            if may_answer[comment.function]:
                code = codes[comment.function]
                pairs.append(make_pair(code, plain(comment.words), "comment", text="custom", custom=comment.text))
    return _File(codes=codes, pairs=pairs)


def _own_pairs(function: Function, code: Code, recipe: MineRecipe) -> Iterator[Pair]:
    if "docstring" in recipe.sources and function.doc:
        query = query_of_doc(function.doc, name=function.name, language=function.language)
        if query:
            yield make_pair(code, query, "docstring", text="bare")
    is_callable = function.kind in (Kind.FUNCTION, Kind.METHOD)
    if "name" in recipe.sources and is_callable and int(code.id[:2], 16) < _NAMED:
        query = query_of_name(function.name)
        if query:
            yield make_pair(code, query, "name", text="custom", custom=text_without_name(code, query))


def _code(function: Function, bare: str, workspace: str, path: str) -> Code:
    text = function_text(function)
    naked = unit_text(
        qualified_name=function.qualified_name,
        container=function.container,
        kind=function.kind,
        doc="",
        source=bare,
    )
    return Code(
        id=code_id(workspace=workspace, path=path, text=text),
        workspace=workspace,
        path=path,
        name=function.name,
        qualified_name=function.qualified_name,
        kind=function.kind.value,
        language=function.language,
        signature=function.signature,
        doc=function.doc,
        text=text,
        bare=text if naked == text else naked,  # one in memory, where most functions have no documentation
    )


def _lines(source: str) -> int:
    return sum(1 for line in source.splitlines() if line.strip())


def _on_commit(done: int, total: int, report: Report, cancelled: Cancelled) -> None:
    if cancelled():
        raise StoppedError("mining was stopped; nothing of it is kept")
    report(Progress(stage="mine", done=done, total=total, unit="commits"))


def _at_most(codes: dict[str, Code], most: int) -> dict[str, Code]:
    """So many codes, drawn by their hash: the same whatever else is there."""
    if len(codes) <= most:
        return codes
    drawn = set(sorted(codes, key=lambda id: content_hash(id))[:most])
    return {id: code for id, code in codes.items() if id in drawn}


def _with_shares(pairs: list[Pair], recipe: MineRecipe) -> list[Pair]:
    """The pairs with no more comments, and then names, than their shares of all allow; drawn by their hash."""
    for source, share in (("comment", recipe.comment_share), ("name", recipe.name_share)):
        counted = sum(1 for pair in pairs if pair.source not in (source, "name"))
        pairs = with_share(pairs, source, share, others=counted)
    return pairs


def with_share(pairs: list[Pair], source: str, share: float, *, others: int) -> list[Pair]:
    """The pairs with no more of a source than its share beside ``others`` pairs; drawn by their hash."""
    of_source = sorted((pair.id for pair in pairs if pair.source == source), key=lambda id: content_hash(id))
    left_out = set(of_source[int(others * share / (1 - share)) :])
    return [pair for pair in pairs if pair.id not in left_out]
