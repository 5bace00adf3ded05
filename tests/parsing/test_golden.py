"""Every golden source gives exactly the units written beside it, and none of its code is lost.

``tests/golden/LANGUAGE/NAME`` is a source, ``NAME.units`` what it holds. After a wanted change run
``VIZSLA_UPDATE_GOLDEN=1 pytest tests/parsing/test_golden.py`` and read the difference line by line.
"""

from __future__ import annotations

import inspect
import itertools
import json
import os
import re
import textwrap
from pathlib import Path

import pytest

from vizsla.core.types import IndexEntry, Kind
from vizsla.parsing.functions import module_name_of, parse_file
from vizsla.parsing.languages import LANGUAGES, Language, language_of, refine

GOLDEN = Path(__file__).parent.parent / "golden"
SOURCES = sorted(
    path for path in GOLDEN.glob("*/*") if path.is_file() and path.suffix != ".units" and path.name[0] != "."
)
STANDARD_LIBRARY = [inspect, json, json.decoder, textwrap]
OUTLINED = (Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.TRAIT, Kind.ENUM, Kind.MODULE)


def language_of_file(path: Path) -> Language:
    text = path.read_bytes()
    language = language_of(path.name, text.split(b"\n", 1)[0].decode("utf-8", "replace"))
    assert language is not None, f"no language for {path.name}"
    return refine(language, path.name, text)


def parse(path: Path) -> list[IndexEntry]:
    language = language_of_file(path)
    return parse_file(language, path.read_bytes(), module_name=module_name_of(path.name), deadline_seconds=20)


def listing(entries: list[IndexEntry]) -> str:
    """Units for a person to read: the place from line 1, then signature, documentation, and outlines."""
    lines: list[str] = []
    for entry in entries:
        function = entry.function
        first, last = function.range.start.line + 1, function.range.end.line + 1
        lines.append(f"{function.kind.value} {function.qualified_name} {first}-{last}")
        if function.kind is not Kind.MODULE:
            lines.append(f"    signature: {function.signature}")
        if function.doc:
            lines.append(f"    doc: {function.doc.splitlines()[0]}")
        if function.kind in OUTLINED:
            lines.extend(f"    | {line}".rstrip() for line in function.source.split("\n"))
        lines.append("")
    return "\n".join(lines)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_source_gives_the_units_written_beside_it(source: Path) -> None:
    found = listing(parse(source))
    written = source.with_name(source.name + ".units")
    if os.environ.get("VIZSLA_UPDATE_GOLDEN"):
        written.write_text(found, encoding="utf-8")
    assert found == written.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "source",
    [*SOURCES, *(Path(inspect.getfile(module)) for module in STANDARD_LIBRARY)],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_no_line_of_code_is_unfindable(source: Path) -> None:
    held = "\n".join(entry.function.source for entry in parse(source))
    language = language_of_file(source)
    text = source.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    for opening, closing in language.block_comments:
        text = re.sub(f"{re.escape(opening)}.*?{re.escape(closing)}", "", text, flags=re.DOTALL)
    lost = [
        line
        for line in text.split("\n")
        if any(letter.isalnum() for letter in line)
        and not line.strip().startswith(language.line_comments)
        and not is_held(line.strip(), held)
    ]
    assert lost == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_golden_sources(language: str) -> None:
    assert language in {language_of_file(source).id for source in SOURCES}


def is_held(line: str, held: str) -> bool:
    """Whether a line stands in a source, in one piece or, when units share it, in up to three."""
    if line in held:
        return True
    spaces = [at for at, letter in enumerate(line) if letter == " "]
    cuts = [(0, first, second, len(line)) for first in spaces for second in spaces if first <= second]
    return any(all(line[a:b].strip(" ,;(){}") in held for a, b in itertools.pairwise(cut)) for cut in cuts)
