"""While somebody types, an open bracket hides nothing below it."""

from __future__ import annotations

import pytest

from vizsla.parsing.functions import parse_file
from vizsla.parsing.languages import LANGUAGES


def names(text: str, language: str = "python") -> list[str]:
    entries = parse_file(LANGUAGES[language], text, module_name="m", deadline_seconds=20)
    return [entry.function.qualified_name for entry in entries]


@pytest.mark.parametrize("typed", ["x = (", "x = foo(1, [2,", "def half(a, b:", "class Half(", "x = {'a': "])
def test_functions_below_what_is_typed_in_python_are_found(typed: str) -> None:
    text = f"def before():\n    return 1\n\n{typed}\n\ndef after():\n    return 2\n\nclass C:\n    def m(self):\n        pass\n"
    found = names(text)
    assert {"before", "after", "C", "C.m"} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("language", "typed", "function"),
    [
        ("javascript", "const x = { a: 1,", "function {}() {{ return 1 }}"),
        ("javascript", "function half( { return", "function {}() {{ return 1 }}"),
        ("go", "func half(a int, {\n\treturn a +", "func {}() int {{ return 1 }}"),
        ("rust", "fn half(a: u8, {\n    a +", "fn {}() -> u8 {{ 1 }}"),
        ("c", "int half(int a, {\n\treturn a +", "int {}(void) {{ return 1; }}"),
    ],
)
def test_functions_below_what_is_typed_are_found(language: str, typed: str, function: str) -> None:
    text = f"{function.format('before')}\n\n{typed}\n\n{function.format('after')}\n\n{function.format('last')}\n"
    assert {"before", "after", "last"} <= set(names(text, language))


def test_places_of_saved_functions_are_those_in_the_file() -> None:
    text = "# größe 🙂\nx = (\n\ndef after(a):\n    '''Doc.'''\n    return a\n"
    entries = parse_file(LANGUAGES["python"], text, module_name="m", deadline_seconds=20)
    function = next(entry.function for entry in entries if entry.function.name == "after")
    assert function.range.start.line == 3
    assert (function.doc, function.signature) == ("Doc.", "def after(a)")
    assert text.encode()[function.span.start : function.span.end].decode() == function.source


def test_what_was_swallowed_is_not_also_kept_in_its_swallower() -> None:
    text = "func half(a int, {\n\treturn a +\n\nfunc after() int {\n\treturn 1\n}\n"
    entries = parse_file(LANGUAGES["go"], text, module_name="m", deadline_seconds=20)
    sources = [entry.function.source for entry in entries]
    assert sum("func after" in source for source in sources) == 1
