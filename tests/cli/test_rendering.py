"""What people see: places, scores and a few telling lines, and nothing of a file's control characters."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from vizsla.cli.listing import print_lines
from vizsla.cli.plain import inert, inert_line
from vizsla.cli.rendering import print_answer
from vizsla.cli.snippets import Snippets
from vizsla.core.types import Kind, Position, Range
from vizsla.retrieval.fusion import Why
from vizsla.services.answers import Answer, Hit

HIT = Hit(
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


def answer_of(*hits: Hit) -> Answer:
    """An answer that lacks much."""
    return Answer(
        query="f",
        hits=hits,
        is_partial=True,
        is_reranked=False,
        is_semantic=False,
        notes=(),
        milliseconds={"total": 12.0},
    )


def shown(*hits: Hit, width: int = 80) -> list[str]:
    """The lines that a terminal shows."""
    stream = StringIO()
    print_answer(answer_of(*hits), Console(file=stream, force_terminal=True, width=width, color_system=None))
    return stream.getvalue().splitlines()


def snippet(source: str, *asked: str, name: str = "", column: int = 0, count: int = 5) -> list[str]:
    """The lines that a snippet shows."""
    found = Snippets(asked).of(source, name=name, column=column, count=count)
    return [found.lines[number] for number in found.shown]


def test_the_snippet_is_the_stretch_that_says_most_of_the_question() -> None:
    source = "\n".join([*(f"line_{n} = {n}" for n in range(20)), "retry = upload(path)", *("pass" for _ in range(9))])
    assert "retry = upload(path)" in snippet(source, "retried", "uploads")
    assert len(snippet(source, "retried", "uploads")) == 5


def test_the_snippet_begins_with_the_line_that_names_the_function() -> None:
    source = "@decorated\ndef send(path):\n" + "    pass\n" * 20 + "    upload(path)\n"
    lines = snippet(source, "upload", name="send", count=2)
    assert lines == ["def send(path):", "    upload(path)"]
    found = Snippets(("upload",)).of(source, name="send", column=0, count=2)
    assert found.gaps == {22}


def test_a_short_function_is_shown_whole() -> None:
    assert snippet("def f():\n    return 1", "x") == ["def f():", "    return 1"]


def test_a_nested_function_loses_its_indentation() -> None:
    assert snippet("def f():\n        return 1", column=4) == ["def f():", "    return 1"]
    assert snippet("func f() {\n\t\treturn\n\t}", column=1) == ["func f() {", "    return", "}"]


def test_a_snippet_neither_begins_nor_ends_with_an_empty_line() -> None:
    source = "first\n\n\n" + "upload\n\n" + "rest\n" * 3 + "\n\n"
    assert snippet(source, "upload", count=2) == ["upload"]


def test_words_of_the_question_are_marked_in_every_form() -> None:
    found = Snippets(("retried", "uploads")).of("retryUpload(x)", name="", column=0, count=1)
    assert found.marks == {0: [(0, 5), (5, 11)]}


def test_any_text_gives_a_snippet() -> None:
    for source in ("", "\n\n", "\t", "x" * 100_000, "a\n" * 10_000):
        assert len(snippet(source, "x", name="none")) <= 5


def test_control_characters_and_direction_marks_are_replaced() -> None:
    assert inert("a\x1b[31mb\u202ec\r\nd\te") == "a\ufffd[31mb\ufffdc\nd\te"
    assert inert_line("a\nb\tc\udcff") == "a\ufffdb\ufffdc\ufffd"


def test_a_terminal_shows_place_score_and_what_the_answer_lacks() -> None:
    lines = shown(HIT)
    assert lines[0] == " 1  C.[red]f[/red]  method  0.50  changed since it was indexed"
    assert lines[1:3] == ["    a/b.py:5", "    Does it."]
    assert lines[3:5] == ["    5  def f():", "    6      return 1"]
    assert lines[-1] == "1 hit in 0.01 s · by words alone · partial: the index is not complete"


def test_a_pipe_gets_lines_like_those_of_grep(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(answer_of(HIT, replace(HIT, path="a\nb.py", qualified_name="f\x1b")))
    assert capsys.readouterr().out.splitlines() == [
        "a/b.py:5: method C.[red]f[/red]  0.50",
        "a\ufffdb.py:5: method f\ufffd  0.50",
    ]


def test_nothing_is_wider_than_the_terminal() -> None:
    wide = replace(
        HIT,
        qualified_name=".".join(["VeryLongContainer"] * 9) + ".run",
        doc_line="word " * 50,
        source="x = '" + "y" * 500 + "'",
    )
    lines = shown(wide, width=60)
    assert max(map(len, lines)) <= 60
    assert ".run  method  0.50" in lines[0]


def test_later_hits_are_shorter() -> None:
    long = replace(HIT, source="def f():\n" + "    pass\n" * 50)
    lines = shown(*[long] * 10)
    assert len(lines) < 70
    assert lines[-3:-1] == ["    6      pass", ""]


def test_every_language_is_shown_with_its_lines_as_they_are() -> None:
    for language in ("python", "php", "csharp", "typescript", "tsx", "zig", "ocaml", "no such language"):
        lines = shown(replace(HIT, language=language, name="f", doc_line=""), width=80)
        assert lines[2:4] == ["    5  def f():", "    6      return 1"], language
