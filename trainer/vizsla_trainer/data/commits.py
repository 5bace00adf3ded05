"""Commits as pairs: a commit's subject, and the functions that it changed as they are today."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vizsla.core.types import Function, Kind
from vizsla.parsing.errors import ParseTimeoutError
from vizsla.parsing.functions import parse_with_bare
from vizsla_trainer.data import git
from vizsla_trainer.data.files import as_source
from vizsla_trainer.data.history import Commit, FileChange, commits
from vizsla_trainer.data.subjects import query_of_subject
from vizsla_trainer.records import Code, Pair, make_pair

_CALLABLE = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR})
_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|spec|specs|__tests__|testdata|e2e|benchmarks?|examples?|docs?)/"
    r"|(?:^|/)(?:test_[^/]*|conftest\.py|[^/]*(?:_test|_tests|_spec|[.-]test|[.-]spec|Test|Tests|Spec)\.\w+)$"
)
_TEST_FUNCTION = re.compile(r"(?:^|\.)(?:tests?\.|test_\w+$|bench_\w+$|\w+_test$)")
_MOST_FILES = 8  # a commit that changed more did more than its subject says
_SECONDS = 5.0  # for one file
_CACHED_FILES = 512


def is_test(path: str) -> bool:
    """Whether a file holds tests, examples or documentation, by its path."""
    return _TEST.search(path) is not None


def is_test_function(function: Function) -> bool:
    """Whether a function tests others, though its file may hold others too."""
    return _TEST_FUNCTION.search(function.qualified_name) is not None or "#[test]" in function.signature


def commit_pairs(
    folder: Path,
    codes: Sequence[Code],
    *,
    most_commits: int,
    most_functions: int,
    most_bytes: int,
    report: Callable[[int], None] = lambda _: None,
) -> tuple[list[Pair], dict[str, int]]:
    """Pairs of the history of one workspace, newest first.

    Args:
        folder: of the workspace.
        codes: of that workspace which may be answers.
        most_commits: that are looked at, newest first.
        most_functions: that a commit may have changed, tests left aside.
        most_bytes: of a file that is parsed.
        report: told after each commit how many there were.

    Returns:
        The pairs, and what became of the commits, by name.
    """
    today: dict[tuple[str, str], list[Code]] = defaultdict(list)
    for code in codes:
        if code.kind in _CALLABLE:
            today[code.path, code.qualified_name].append(code)
    paths = {path for path, _ in today}
    counts: Counter[str] = Counter()
    pairs: list[Pair] = []
    with git.Blobs(folder) as blobs:
        functions_of = functools.lru_cache(maxsize=_CACHED_FILES)(
            lambda blob, path: _functions(blobs, blob, path, most_bytes)
        )
        for number, commit in enumerate(commits(folder, most_commits), start=1):
            report(number)
            fate, changed = _changed(commit, paths, functions_of, most_functions)
            found = [code for code in (_only(today, place) for place in changed) if code is not None]
            if fate == "used" and not found:
                fate = "gone since"
            counts[fate] += 1
            query = query_of_subject(commit.subject, author=commit.author)
            pairs.extend(make_pair(code, query, "commit", time=commit.time) for code in found)
    return pairs, dict(counts)


Functions = Mapping[str, list[Function]]
"""Functions of one version of a file by qualified name."""


def _changed(
    commit: Commit, paths: set[str], functions_of: Callable[[str, str], Functions], most_functions: int
) -> tuple[str, list[tuple[str, Function]]]:
    """What becomes of a commit, and which functions it changed with the present paths of their files."""
    if not query_of_subject(commit.subject, author=commit.author):
        return "says nothing", []
    relevant = [change for change in commit.changes if change.after and not is_test(change.path)]
    if not any(change.now in paths for change in relevant):
        return "no code", []
    if len(relevant) > _MOST_FILES:
        return "too many files", []
    changed: list[tuple[str, Function]] = []
    for change in relevant:
        changed.extend((change.now, function) for function in _changed_functions(change, functions_of))
        if len(changed) > most_functions:
            return "too many functions", []
    return ("used" if changed else "no function"), changed


def _changed_functions(change: FileChange, functions_of: Callable[[str, str], Functions]) -> list[Function]:
    """Functions that are new or other than before; of nested ones the innermost."""
    before = functions_of(change.before, change.path) if change.before else {}
    changed: list[Function] = []
    for name, versions in functions_of(change.after, change.path).items():
        old = {_folded(function) for function in before.get(name, ())}
        changed.extend(function for function in versions if _folded(function) not in old)
    names = {function.qualified_name for function in changed}
    return [
        function for function in changed if not any(name.startswith(function.qualified_name + ".") for name in names)
    ]


def _functions(blobs: git.Blobs, blob: str, path: str, most_bytes: int) -> Functions:
    content = blobs.read(blob, most_bytes)
    source = as_source(path, content) if content is not None else None
    if source is None:
        return {}
    try:
        parsed = parse_with_bare(source.language, source.text, module_name="", deadline_seconds=_SECONDS)
    except ParseTimeoutError:
        return {}
    found: dict[str, list[Function]] = defaultdict(list)
    for function, _ in parsed:
        if function.kind in _CALLABLE and not is_test_function(function):
            found[function.qualified_name].append(function)
    return found


def _folded(function: Function) -> str:
    return " ".join(function.source.split())


def _only(today: Mapping[tuple[str, str], list[Code]], place: tuple[str, Function]) -> Code | None:
    """The code that a function has become, when there is no doubt which one."""
    path, function = place
    candidates = today.get((path, function.qualified_name), [])
    if len(candidates) > 1:  # overloads
        candidates = [code for code in candidates if code.signature == function.signature]
    return candidates[0] if len(candidates) == 1 else None
