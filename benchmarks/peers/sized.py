"""Real source trees with a wanted number of functions, and questions whose right function is known."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.peers.answers import Place
from benchmarks.peers.workspaces import make_repository
from benchmarks.sources import entries_of, is_callable

from vizsla.core.errors import VizslaError
from vizsla.core.settings import IndexSettings
from vizsla.core.types import Function
from vizsla.services.discovery import scan
from vizsla.services.reading import SourceText, read_source

_SENTENCE = re.compile(r"^(.*?[.!?])(?:\s|$)", re.DOTALL)
_FEWEST_WORDS, _MOST_WORDS = 6, 25
_KNOWN = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A question that is the first sentence of a function's documentation, and where that function is."""

    question: str
    path: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """A tree of about a wanted size.

    Attributes:
        functions: functions, methods and constructors in it.
        files: source files in it.
        source_bytes: what they take.
        known: questions, spread over the tree.
    """

    root: Path
    functions: int
    files: int
    source_bytes: int
    known: Sequence[Known]


def sized_tree(sources: Sequence[Path], functions: int, trees: Path) -> Sized:
    """Whole files of ``sources``, in order, until the number is reached; made once.

    Args:
        sources: folders of source code, such as unpacked packages.
        functions: how many are wanted; the last file may bring a few more.
        trees: where such trees are kept.

    Raises:
        SystemExit: the sources have fewer.
    """
    root, facts = trees / f"{functions}", trees / f"{functions}.json"
    origin = [str(source.resolve()) for source in sources]
    if facts.exists() and root.is_dir():
        plain = json.loads(facts.read_text(encoding="utf-8"))
        if plain.pop("origin") == origin:
            known = [Known(**{**one, "place": Place(**one["place"])}) for one in plain.pop("known")]
            return Sized(root=root, known=known, **plain)
    print(f"making a tree of {functions:,} functions …", file=sys.stderr)
    facts.unlink(missing_ok=True)
    shutil.rmtree(root, ignore_errors=True)
    made = _fill(root, sources, functions)
    make_repository(root)
    plain = {**asdict(made), "origin": origin}
    del plain["root"]
    facts.write_text(json.dumps(plain), encoding="utf-8")
    return made


def _fill(root: Path, sources: Sequence[Path], wanted: int) -> Sized:
    count = files = size = 0
    known: list[Known] = []
    seen: set[str] = set()
    for path, text, source, functions in _parsed(sources):
        if count >= wanted:
            break
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        count, files, size = count + len(functions), files + 1, size + len(text)
        for function in functions:
            question = question_of(function)
            if question and question not in seen:
                seen.add(question)
                first, last = function.range.start.line + 1, function.range.end.line + 1
                place = Place(code=function.qualified_name, start_line=first, end_line=last)
                known.append(Known(question=question, path=path, place=place))
                break  # one of a file is enough
    if count < wanted:
        raise SystemExit(f"the sources have {count:,} functions, {wanted:,} are wanted; name more with --sources")
    return Sized(root=root, functions=count, files=files, source_bytes=size, known=spread(known, _KNOWN))


def spread(known: Sequence[Known], count: int) -> list[Known]:
    """At most ``count`` of them, evenly spread."""
    count = min(count, len(known))
    return [known[i * len(known) // count] for i in range(count)]


def question_of(function: Function) -> str:
    """The first sentence of its documentation, where that says enough and not too much."""
    found = _SENTENCE.match(function.doc.strip())
    words = (found.group(1) if found else function.doc).split()
    plain = all(word.isprintable() for word in words) and "@" not in function.doc and ":" not in " ".join(words)
    return " ".join(words) if plain and _FEWEST_WORDS <= len(words) <= _MOST_WORDS else ""


def _parsed(sources: Sequence[Path]) -> Iterator[tuple[str, bytes, Path, list[Function]]]:
    """Each source file: its path in the new tree, its text, where it is, its functions."""
    settings = IndexSettings()
    for source in sources:
        for file in scan(source, settings, cancelled=lambda: False):
            read = read_source(source, file.path, settings)
            if not isinstance(read, SourceText) or not read.language:
                continue
            try:
                entries = entries_of(file.path, read)
            except VizslaError:
                continue  # a file that takes too long: nobody gets it
            functions = [entry.function for entry in entries if is_callable(entry)]
            yield f"{source.name}/{file.path}", read.text_utf8, source / file.path, functions
