"""Where within a module the name is defined that was asked for: nobody wants to be shown its imports instead.

It knows nothing of a language but its comments, and how most write that a name is given to something.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace

from vizsla.core.text import joined_name
from vizsla.core.types import Kind, Position
from vizsla.parsing.languages import LANGUAGES
from vizsla.retrieval.query import Question
from vizsla.retrieval.signals import offered
from vizsla.services.answers import Hit


def narrowed(hit: Hit, question: Question) -> Hit:
    """A module from the line on that defines what the question names; any other hit, and one without it, as it is."""
    if hit.kind is not Kind.MODULE or not question.symbols:
        return hit
    # One that is spelled as it was asked for before one that is spelled otherwise.
    names = [name for name in offered(hit.signature) if joined_name(name) in question.symbols]
    names.sort(key=lambda name: question.symbols[joined_name(name)] not in ("", name))
    lines = io.StringIO(hit.source, newline="").readlines()
    line = next((line for name in names if (line := _line_of(name, lines, hit.language))), 0)
    if not line:
        return hit
    start = Position(line=hit.range.start.line + line, character=0)
    return replace(hit, range=replace(hit.range, start=start), source="".join(lines[line:]), before="")


def _line_of(name: str, lines: Sequence[str], language: str) -> int | None:
    """The line that most likely defines a name, from 0: one that gives it something, else one that is not indented."""
    word = rf"(?<![\w$]){re.escape(name)}(?!\w)"
    # NAME = 1, export const NAME: number = 1, NAME := 1, static int *NAME = 1; #define NAME 1
    gives = re.compile(rf"(?:[\w#*()<>]+[ \t]+)*?\**{word}[^=(]*?:?=(?!=)|#[ \t]*define[ \t]+{word}")
    has = re.compile(word)
    known = LANGUAGES.get(language)
    comments = (*known.line_comments, *(opening for opening, _ in known.block_comments), "* ") if known else ()
    found: tuple[int, int] | None = None
    for number, text in enumerate(lines):
        if has.search(text) is None or text.lstrip().startswith(comments):
            continue
        doubt = 0 if gives.match(text) else 1 if text[:1].strip() else 2
        if found is None or doubt < found[0]:
            found = doubt, number
    return None if found is None else found[1]
