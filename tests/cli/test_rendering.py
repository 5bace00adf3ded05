"""What people see: the best lines of a function, and nothing of its control characters."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from vizsla.cli.rendering import best_lines, inert, print_answer
from vizsla.core.types import Kind, Position, Range
from vizsla.retrieval.fusion import Why
from vizsla.services.answers import Answer, Hit


def test_the_snippet_is_the_stretch_that_says_most_of_the_question() -> None:
    source = "\n".join([*(f"line_{n} = {n}" for n in range(20)), "retry = upload(path)", *("pass" for _ in range(9))])
    first, snippet = best_lines(source, {"retry", "upload"})
    assert "retry = upload(path)" in snippet
    assert len(snippet.splitlines()) == 6
    assert source.split("\n")[first] == snippet.split("\n")[0]


def test_a_short_function_is_shown_whole() -> None:
    assert best_lines("def f():\n    return 1", {"x"}) == (0, "def f():\n    return 1")


def test_control_characters_and_direction_marks_are_replaced() -> None:
    assert inert("a\x1b[31mb\u202ec\r\nd\te") == "a\ufffd[31mb\ufffdc\nd\te"


def test_a_terminal_shows_place_score_and_what_the_answer_lacks() -> None:
    hit = Hit(
        root=Path("/w"),
        path="a/b.py",
        range=Range(start=Position(line=4, character=0), end=Position(line=5, character=12)),
        name="[red]f[/red]",
        qualified_name="C.[red]f[/red]",
        container="C",
        kind=Kind.METHOD,
        language="python",
        signature="def f()",
        doc_line="Does it.",
        score=0.5,
        why=Why(dense_rank=1, lexical_rank=None, cosine=0.5, match=0.0, fused=0.5),
        is_stale=True,
        source="def f():\n    return 1",
    )
    answer = Answer(
        query="f",
        hits=(hit,),
        is_partial=True,
        is_reranked=False,
        is_semantic=False,
        notes=("the model is missing",),
        milliseconds={"total": 12.0},
    )
    stream = StringIO()
    print_answer(answer, Console(file=stream, force_terminal=True, width=100, color_system=None))
    shown = stream.getvalue()
    for part in ("C.[red]f[/red]", "a/b.py:5-6", "0.50", "changed since", "partial", "words alone", "model is missing"):
        assert part in shown
