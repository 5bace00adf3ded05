"""Answers for people: a numbered list with places, scores and highlighted source. Text from files is shown inert."""

from __future__ import annotations

import re

from rich.console import Console, Group
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from vizsla.core.text import words
from vizsla.services.answers import Answer, Hit

SNIPPET_LINES = 6
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LEXERS = {"csharp": "c#", "bash": "bash", "text": "text", "tsx": "tsx"}


def inert(text: str) -> str:
    """Text whose control characters (escapes, direction marks) are shown as a replacement, not obeyed."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n")).replace(
        "\x1b", "\N{REPLACEMENT CHARACTER}"
    )


def print_answer(answer: Answer, console: Console | None = None) -> None:
    """Print an answer to the terminal, or as plain lines where there is none."""
    console = console or Console(highlight=False)
    if not console.is_terminal:
        for hit in answer.hits:
            place = f"{inert(hit.path)}:{hit.range.start.line + 1}-{hit.range.end.line + 1}"
            line = f"{place}: {hit.kind} {inert(hit.qualified_name)}  {hit.score:.2f}"
            console.print(line, soft_wrap=True, markup=False)
        _print_notes(answer, console)
        return
    asked = set(words(answer.query))
    for number, hit in enumerate(answer.hits, start=1):
        console.print(_entry(number, hit, asked))
    if not answer.hits:
        console.print("Nothing found.")
    how = [
        "reranked" if answer.is_reranked else "fused order, no reranker",
        "" if answer.is_semantic else "words alone",
        "partial: the index is not complete" if answer.is_partial else "",
        f"{answer.milliseconds['total']:.0f} ms",
    ]
    console.print(Text(" · ".join(part for part in how if part), style="dim"))
    _print_notes(answer, console)


def _print_notes(answer: Answer, console: Console) -> None:
    for note in answer.notes:
        console.print(Text(inert(note), style="yellow"))


def _entry(number: int, hit: Hit, asked: set[str]) -> Group:
    head = Text.assemble(
        (f"{number:>2}  ", "bold"),
        (inert(hit.qualified_name), "bold cyan"),
        (f"  {hit.kind}", "dim"),
        (f"  {hit.score:.2f}", "green"),
        ("  changed since it was indexed" if hit.is_stale else "", "yellow"),
    )
    place = Text(f"    {inert(hit.path)}:{hit.range.start.line + 1}-{hit.range.end.line + 1}", style="magenta")
    parts: list[Text | Padding] = [head, place]
    if hit.doc_line:
        parts.append(Text(f"    {inert(hit.doc_line)}", style="italic dim", no_wrap=True, overflow="ellipsis"))
    first, snippet = best_lines(inert(hit.source), asked)
    syntax = Syntax(
        snippet,
        _LEXERS.get(hit.language, hit.language),
        line_numbers=True,
        start_line=hit.range.start.line + 1 + first,
        background_color="default",
        highlight_lines={
            hit.range.start.line + 1 + first + at
            for at, line in enumerate(snippet.splitlines())
            if asked & set(words(line))
        },
        word_wrap=False,
    )
    parts.append(Padding(syntax, (0, 0, 1, 4)))
    return Group(*parts)


def best_lines(source: str, asked: set[str]) -> tuple[int, str]:
    """The stretch of a function that says most of the question's words.

    Returns:
        The number of its first line, from 0, and the lines. Of equally good stretches the first.
    """
    lines = source.split("\n")
    found = [len(asked & set(words(line))) for line in lines]
    starts = range(max(1, len(lines) - SNIPPET_LINES + 1))
    first = max(starts, key=lambda start: (sum(found[start : start + SNIPPET_LINES]), -start))
    return first, "\n".join(lines[first : first + SNIPPET_LINES])
