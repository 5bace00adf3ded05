"""Sets of questions with known answers, and the store and vectors that a server would have for their codes.

A set is a folder with ``queries``, ``codes`` and ``qrels``, one JSON object a line, plain or gzipped. Where ``group``
is present a question is searched only among the codes of its group.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vizsla.core.text import index_entry, query_text
from vizsla.core.types import Function, IndexEntry, Kind, Position, Range, Span
from vizsla.parsing.errors import ParseTimeoutError
from vizsla.parsing.functions import parse_file
from vizsla.parsing.languages import LANGUAGES
from vizsla_trainer.evaluation.library import Encode, Vectors, library_of
from vizsla_trainer.evaluation.library import Library as Library

_FILES = ("queries", "codes", "qrels")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """One folder of questions.

    Attributes:
        codes: rows with ``cid``, ``code``, ``language`` and perhaps ``path``, ``name``, ``group``.
        answers: for each ``qid`` the grades of its ``cid``.
        has_files: codes are whole files, to be written to disk, not single functions.
    """

    name: str
    queries: list[dict[str, Any]]
    codes: list[dict[str, Any]]
    answers: dict[str, dict[str, int]]
    has_files: bool

    @property
    def groups(self) -> list[str]:
        """The groups that have questions; one group "" where there are none."""
        return sorted({query.get("group", "") for query in self.queries})

    def queries_of(self, group: str) -> list[dict[str, Any]]:
        return [query for query in self.queries if query.get("group", "") == group]

    def codes_of(self, group: str) -> list[dict[str, Any]]:
        return [code for code in self.codes if code.get("group", "") == group]


def read_sets(data: Path, names: Iterable[str] = (), *, most_queries: int = 0) -> Iterator[QuestionSet]:
    """Every set below a folder, by name.

    Args:
        data: the folder of sets.
        names: only these; all when empty.
        most_queries: only so many questions of each set, evenly spread; 0 for all.
    """
    wanted = set(names)
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        if (wanted and folder.name not in wanted) or any(_find(folder, name) is None for name in _FILES):
            continue
        queries, codes, judged = (_rows(folder, name) for name in _FILES)
        answers: dict[str, dict[str, int]] = {}
        for row in judged:
            if int(row["grade"]) > 0:
                answers.setdefault(row["qid"], {})[row["cid"]] = int(row["grade"])
        queries = [query for query in queries if query["qid"] in answers]
        if 0 < most_queries < len(queries):
            queries = [queries[i * len(queries) // most_queries] for i in range(most_queries)]
        # A function among others of its file has a name of its own; a whole file has only its path.
        has_files = all("path" in code and "name" not in code for code in codes)
        yield QuestionSet(name=folder.name, queries=queries, codes=codes, answers=answers, has_files=has_files)


def build_library(codes: Sequence[dict[str, Any]], encode: Encode, *, whole_files: bool = False) -> Library:
    """Index the codes of one group as the server does, but for reading files.

    Args:
        codes: single functions, or whole files.
        encode: the model.
        whole_files: every unit of each code is indexed, not just its outermost.
    """
    by_path: dict[str, list[tuple[str, IndexEntry]]] = {}
    for number, code in enumerate(codes):
        # A snippet without a path gets one without words: it must be told apart, not found by it.
        path = code.get("path") or f"{number:b}".translate({48: "_", 49: "-"})
        entries = file_entries(code) if whole_files else [single_entry(code)]
        by_path.setdefault(path, []).extend((code["cid"], entry) for entry in entries)
    return library_of(by_path, encode)


def file_entries(code: dict[str, Any]) -> list[IndexEntry]:
    """Every unit of a whole file."""
    from vizsla.parsing.functions import module_name_of

    language = LANGUAGES.get(code["language"])
    assert language is not None, code["language"]
    return parse_file(language, code["code"], module_name=module_name_of(code["path"]), deadline_seconds=30)


def single_entry(code: dict[str, Any]) -> IndexEntry:
    """A code that is one function: its outermost unit as our parser sees it, with the whole text as its source."""
    text = code["code"]
    found = _outermost(code["language"], text)
    name = code.get("name") or (found.qualified_name if found else "")
    return index_entry(
        Function(
            name=name.replace("::", ".").rpartition(".")[2],
            qualified_name=name,
            kind=found.kind if found else Kind.FUNCTION,
            language=code["language"],
            signature=found.signature if found else "",
            doc=found.doc if found else "",
            source=text,
            span=Span(start=0, end=len(text.encode("utf-8", "replace"))),
            range=Range(start=Position(line=0, character=0), end=Position(line=text.count("\n"), character=0)),
        )
    )


def encode_queries(queries: Sequence[dict[str, Any]], encode: Encode) -> Vectors:
    """Vectors of questions, (queries, dimension)."""
    return encode([query_text(query["query"]) for query in queries], True)


def _outermost(language_id: str, text: str) -> Function | None:
    language = LANGUAGES.get(language_id)
    if language is None:
        return None
    try:
        entries = parse_file(language, text, module_name="", deadline_seconds=5)
    except ParseTimeoutError:
        return None
    units = [entry.function for entry in entries if entry.function.kind is not Kind.MODULE]
    # What begins late in the text is a helper inside a snippet, not what the snippet is; a comment may come before.
    return next((unit for unit in units[:1] if unit.doc or not text.encode()[: unit.span.start].strip()), None)


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in sorted(folder.glob(f"{name}.jsonl*")) if path.is_file()), None)


def _rows(folder: Path, name: str) -> list[dict[str, Any]]:
    path = _find(folder, name)
    assert path is not None
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [json.loads(line) for line in text.splitlines() if line.strip()]
