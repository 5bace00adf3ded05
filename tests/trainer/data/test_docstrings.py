"""Of documentation the first paragraph remains, in words that a person might type."""

from __future__ import annotations

import pytest

from vizsla_trainer.data.docstrings import first_sentence, plain, query_of_doc


@pytest.mark.parametrize(
    ("doc", "query"),
    [
        ("Doubles a number.\n\nArgs:\n    x: it", "Doubles a number."),
        ("Doubles a number.\n:param x: it\n:returns: twice it", "Doubles a number."),
        ("Doubles a number.\n\nParameters\n----------\nx : int", "Doubles a number."),
        ("Doubles\na number.\n@param x it\n@return twice it", "Doubles a number."),
        ("\\brief Doubles a number.\n\\param x it", "Doubles a number."),
        ("@brief Doubles a number.", "Doubles a number."),
        ("Doubles a number.\n\n# Examples\n\n```\nf(1)\n```", "Doubles a number."),
        ("Doubles a number.\n>>> f(1)\n2", "Doubles a number."),
        ("Doubles a number.\n    iex> f(1)", "Doubles a number."),
        ("Doubles a number.\n.. versionadded:: 2.0", "Doubles a number."),
        ("Doubles a number:\n\n- the first\n- the second", "Doubles a number"),
        ("Doubles one of\n- the first\n- the second", "Doubles one of"),
        ("# Title\nDoubles a number.", "Doubles a number."),
        ("=====\nDoubles a number.", "Doubles a number."),
        ("Args:\n    x: it", ""),
        ("@return twice it", ""),
        ("", ""),
        ("Returns the sum: of all", "Returns the sum: of all"),
        ("Return value of the call.", "Return value of the call."),
        ("Example of a thing that doubles.", "Example of a thing that doubles."),
    ],
)
def test_sections_about_parts_of_a_function_are_cut(doc: str, query: str) -> None:
    assert query_of_doc(doc, name="f", language="python") == query


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("Calls :func:`foo` and :py:meth:`~a.b.Bar.baz`", "Calls foo and a.b.Bar.baz"),
        ("See ``x`` or `y`, **now** and *then*", "See x or y, now and then"),
        ("Opens `the page <http://a.b>`_ at once", "Opens the page at once"),
        ("Opens [the page](http://a.b) of [`Foo`] and [bar]", "Opens the page of Foo and bar"),
        ("Reads {@link Foo#bar the bar} or {@code x < y}", "Reads the bar or x < y"),
        ("Reads {@link Foo#bar}", "Reads Foo.bar"),
        ("Reads <b>bold</b> &amp; <code>x</code>", "Reads bold & x"),
        ("Takes list[int] of a[0]", "Takes list[int] of a[0]"),
        ("a `[` without a matching `]`", "a [ without a matching ]"),
        ("2 * 3 * 4 stays, a_b_c too, __init__ as well", "2 * 3 * 4 stays, a_b_c too, __init__ as well"),
        ("Reads {!Foo.bar} of [x]", "Reads Foo.bar of x"),
    ],
)
def test_markup_goes_and_words_stay(marked: str, words: str) -> None:
    assert plain(marked) == words


@pytest.mark.parametrize(
    ("doc", "name", "language", "query"),
    [
        ("ParseURL parses a URL.", "ParseURL", "go", "parses a URL."),
        ("parse parses a text.", "parse", "go", "parses a text."),
        ("print the whole list", "print", "python", "print the whole list"),
        ("get_user - reads a user", "get_user", "c", "reads a user"),
        ("get: reads a user", "get", "c", "reads a user"),
        ("The parse_url function takes a URL", "parse_url", "python", "takes a URL"),
        ("`parse_url` takes a URL", "parse_url", "python", "takes a URL"),
        ("Stack is a list of items", "Stack", "go", "list of items"),
        ("area(c::Circle) -> Float64", "area", "julia", "Float64"),
        ("area(c) Computes the area of a circle", "area", "julia", "Computes the area of a circle"),
        ("parse_url", "parse_url", "python", "parse_url"),
    ],
)
def test_the_name_at_the_start_is_cut(doc: str, name: str, language: str, query: str) -> None:
    assert query_of_doc(doc, name=name, language=language) == query


def test_the_parameters_of_csharp_are_cut() -> None:
    assert query_of_doc("Adds an item.\nitem: what to add\nthe sum", name="Add", language="csharp") == "Adds an item."


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One thing. Another.", "One thing."),
        ("Of e.g. Apples. More.", "Of e.g. Apples."),
        ("Version 1.2 of it. More.", "Version 1.2 of it."),
        ("No end", "No end"),
        ("What? Yes.", "What?"),
    ],
)
def test_the_first_sentence_ends_where_a_sentence_ends(text: str, first: str) -> None:
    assert first_sentence(text) == first
