"""Answers in a terminal: a numbered list with places, scores and highlighted source. Text from files is shown inert."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from vizsla.cli.listing import place
from vizsla.cli.plain import inert, inert_line
from vizsla.cli.snippets import Snippet, Snippets
from vizsla.core.errors import QueryError
from vizsla.core.types import Kind
from vizsla.retrieval.query import Question
from vizsla.services.answers import Answer, Hit
from vizsla.services.filters import Filters, split_filters

BEST = 3
"""Hits that are shown at some length; the others are there to be glanced at."""

_BEST_LINES, _OTHER_LINES = 5, 2
_MARGIN = 4
_BESIDE_NAME = 24  # characters: number, kind and score
_LEXERS = {"csharp": "c#"}
_OPENINGS = {"php": ("<?php",)}  # without it, PHP is taken for plain text
_MARK = "bold red"  # as grep does


def print_answer(answer: Answer, console: Console | None = None) -> None:
    """Print an answer to a terminal."""
    console = console or Console(highlight=False)
    snippets = Snippets(_asked(answer.query))
    for number, hit in enumerate(answer.hits, start=1):
        for line in _entry(number, hit, snippets, console.width):
            console.print(line, no_wrap=True, overflow="ellipsis", crop=True, soft_wrap=False)
    if not answer.hits:
        console.print("Nothing found.")
    console.print(Text(" · ".join(_summary(answer)), style="dim"))


def _summary(answer: Answer) -> list[str]:
    count = len(answer.hits)
    parts = [
        f"{count} hit{'s' * (count != 1)} in {answer.milliseconds['total'] / 1000:.2f} s",
        "reranked" if answer.is_reranked else "",
        "" if answer.is_semantic else "by words alone",
        "partial: the index is not complete" if answer.is_partial else "",
    ]
    return [part for part in parts if part]


def _asked(query: str) -> tuple[str, ...]:
    try:
        text, _ = split_filters(query, Filters())
    except QueryError:
        text = query
    return Question.from_text(text).words


def _short_name(name: str, width: int) -> str:
    """A qualified name without its first parts, if it does not fit otherwise."""
    while len(name) > width and "." in name.lstrip("…."):
        name = "…" + name.lstrip("….").partition(".")[2]
    return name


def _entry(number: int, hit: Hit, snippets: Snippets, width: int) -> list[Text]:
    head = Text.assemble(
        (f"{number:>2}  ", "dim"),
        (_short_name(inert_line(hit.qualified_name), width - _BESIDE_NAME), "bold"),
        (f"  {hit.kind}", "dim"),
        (f"  {hit.score:.2f}", "green"),
        ("  changed since it was indexed" if hit.is_stale else "", "yellow"),
    )
    lines = [head, Text(" " * _MARGIN + place(hit), style="magenta")]
    is_best = number <= BEST
    source = inert(hit.source)
    is_named = hit.kind not in (Kind.MODULE, Kind.WINDOW)
    snippet = snippets.of(
        source,
        name=hit.name if is_named else "",
        column=hit.range.start.character,
        count=_BEST_LINES if is_best else _OTHER_LINES,
    )
    doc = inert_line(hit.doc_line)
    if is_best and doc and not doc.startswith("@") and not any(doc in snippet.lines[at] for at in snippet.shown):
        lines.append(Text(" " * _MARGIN + doc, style="italic"))
    lines.extend(_code(snippet, hit))
    lines.append(Text(""))
    return lines


def _code(snippet: Snippet, hit: Hit) -> list[Text]:
    first = hit.range.start.line + 1
    width = len(str(first + snippet.shown[-1]))
    coloured = _coloured(snippet.lines, hit.language)
    shown = []
    for number in snippet.shown:
        line = coloured[number] if number < len(coloured) else Text(snippet.lines[number])
        for start, end in snippet.marks[number]:
            line.stylize(_MARK, start, end)
        if number in snippet.gaps:
            shown.append(Text(" " * _MARGIN + "⋮".rjust(width), style="dim"))
        shown.append(Text.assemble((" " * _MARGIN + f"{first + number:>{width}}  ", "dim"), line))
    return shown


def _coloured(lines: Sequence[str], language: str) -> Sequence[Text]:
    # All lines above are read too, so that a comment or string that begins there is known as one.
    opening = _OPENINGS.get(language, ())
    syntax = Syntax("", _LEXERS.get(language, language), theme="ansi_dark")
    return syntax.highlight("\n".join([*opening, *lines])).split("\n", allow_blank=True)[len(opening) :]
