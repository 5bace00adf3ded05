"""Answers in a pipe: lines like those of grep, which editors and other programs know how to open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vizsla.cli.plain import inert_line

if TYPE_CHECKING:
    from vizsla.services.answers import Answer, Hit


def print_lines(answer: Answer) -> None:
    """Print a line per hit: where it starts, what it is, how well it fits."""
    for hit in answer.hits:
        print(f"{place(hit)}: {hit.kind} {inert_line(hit.qualified_name)}  {hit.score:.2f}")


def place(hit: Hit) -> str:
    """The file and the line at which a hit starts; not a range, which nothing knows how to open."""
    return f"{inert_line(hit.path)}:{hit.range.start.line + 1}"
