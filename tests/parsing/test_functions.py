"""What parse_file promises for any text: places, names, texts, and survival."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizsla.core.types import Function, Kind, Position
from vizsla.parsing.errors import ParseTimeoutError
from vizsla.parsing.functions import module_name_of, parse_file
from vizsla.parsing.languages import LANGUAGES

PYTHON = LANGUAGES["python"]


def functions(text: str | bytes, language: str = "python", *, deadline_seconds: float = 30) -> list[Function]:
    found = parse_file(LANGUAGES[language], text, module_name="sample", deadline_seconds=deadline_seconds)
    return [entry.function for entry in found]


def only(text: str | bytes, language: str = "python") -> Function:
    return next(function for function in functions(text, language) if function.kind is not Kind.MODULE)


def test_span_is_in_bytes_and_range_in_utf16_units() -> None:
    text = "x = '🙂é'; f = lambda: '🙂'\n"
    function = only("é = 1\n" + text.replace("x = '🙂é'; ", "") + "")
    assert function.name == "f"
    assert function.range.start == Position(line=1, character=0)
    assert function.range.end == Position(line=1, character=len("f = lambda: '🙂'") + 1)
    assert function.span.start == len("é = 1\n".encode())


def test_range_counts_an_astral_character_before_it_as_two() -> None:
    function = only("/* 🙂 */ function f() {}", "javascript")
    assert function.range.start == Position(line=0, character=len("/* 🙂 */ ") + 1)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends_do_not_change_what_models_read(line_end: str) -> None:
    text = "def f(a,\n      b):\n    '''Does.\n\n    More.\n    '''\n    return 1\n\nX = 1\nY = 2\n"
    entries = parse_file(PYTHON, text.replace("\n", line_end), module_name="m", deadline_seconds=5)
    unix = parse_file(PYTHON, text, module_name="m", deadline_seconds=5)
    assert [entry.content_hash for entry in entries] == [entry.content_hash for entry in unix]
    assert [entry.function.range for entry in entries] == [entry.function.range for entry in unix]
    assert "\r" not in entries[0].model_text + entries[0].function.doc


def test_text_and_its_bytes_give_the_same() -> None:
    text = "def größe():\n    return '日本'\n"
    assert functions(text) == functions(text.encode())


def test_byte_order_mark_is_survived() -> None:
    found = functions("\ufeffdef f():\n    pass\nx = 1\n")
    assert [function.name for function in found] == ["f", "sample"]
    assert functions("\ufeffx = 1\n")[0].source == "x = 1"


def test_nul_and_lone_surrogates_are_survived() -> None:
    found = functions("def f():\n    return '\0 \ud800'\n\ndef g(): pass\n")
    assert [function.name for function in found] == ["f", "g"]
    for function in found:
        function.source.encode("utf-8")


def test_bytes_that_are_not_utf8_are_survived() -> None:
    found = functions(b"def f():\n    return '\xff\xfe\xe9'\n\ndef g(): pass\n")
    assert [function.name for function in found] == ["f", "g"]


@pytest.mark.parametrize("text", ["", "\n\n  \t\n", "\0\0"])
def test_empty_text_gives_nothing(text: str) -> None:
    assert functions(text) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_survives_an_empty_and_a_strange_text(language: str) -> None:
    assert functions("", language) == []
    assert functions(")]}'\"\\ \x01 🙂 def fn function (", language)[-1].language == language


def test_text_of_only_comments_is_a_module() -> None:
    (module,) = functions("# How to sign cookies.\n")
    assert (module.kind, module.doc) == (Kind.MODULE, "How to sign cookies.")


def test_equal_functions_are_all_kept() -> None:
    found = functions("def f(): pass\ndef f(): pass\n")
    assert [function.qualified_name for function in found] == ["f", "f"]
    assert found[0].span != found[1].span


def test_broken_code_gives_the_units_that_parse() -> None:
    names = [
        function.name for function in functions("def f():\n    return 1\n\ndef g(:\n    pass\n\ndef h():\n  return 2\n")
    ]
    assert "f" in names
    assert "h" in names


def test_entries_come_in_order_of_start_outer_first() -> None:
    found = functions("import a\nclass C:\n    def m(self):\n        def inner(): pass\n\ndef f(): pass\nx = 1\n")
    assert [function.qualified_name for function in found] == ["sample", "C", "C.m", "C.m.inner", "f"]


def test_outline_of_a_type_has_fields_and_signatures_but_no_bodies() -> None:
    text = "class C(Base):\n    '''Doc.'''\n    x = 1\n\n    # Above.\n    def m(self):\n        return self.x\n"
    assert only(text).source == "class C(Base):\n    '''Doc.'''\n    x = 1\n    def m(self):"


def test_long_module_is_split_where_statements_begin() -> None:
    text = "".join(f"x{at} = [\n    {at},\n]\n" for at in range(100))
    modules = functions(text)
    assert len(modules) > 4
    assert all(len(module.source.split("\n")) <= 60 for module in modules)
    assert all(module.source.startswith("x") for module in modules)
    assert "\n".join(module.source for module in modules) + "\n" == text


def test_one_endless_statement_is_split_too() -> None:
    modules = functions("x = [\n" + "    1,\n" * 1000 + "]\n")
    assert all(len(module.source.split("\n")) <= 60 for module in modules)


def test_a_licence_at_the_head_is_no_documentation() -> None:
    text = "# Copyright 2020 Somebody.\n# All rights reserved.\n\n# Signs cookies.\n\nx = 1\n"
    assert functions(text)[0].doc == "Signs cookies."
    assert only("// Copyright 2020 Somebody\nfunction f() {}\n", "javascript").doc == ""


def test_a_comment_beyond_a_blank_line_is_no_documentation() -> None:
    assert only("x = 1\n# far\n\ndef f(): pass\n").doc == ""
    assert only("x = 1  # of x\ndef f(): pass\n").doc == ""


def test_ten_thousand_nested_brackets_parse() -> None:
    found = functions("x = " + "[" * 10_000 + "]" * 10_000 + "\ndef f(): pass\n")
    assert [function.name for function in found] == ["sample", "f"]


def test_twenty_thousand_nested_parentheses_parse() -> None:
    found = functions("def f(): pass\nx = " + "(" * 20_000 + "1" + ")" * 20_000 + "\n")
    assert "f" in [function.name for function in found]


def test_a_thousand_nested_functions_have_a_thousand_names() -> None:
    text = "".join("  " * depth + f"def f{depth}():\n" for depth in range(300)) + "  " * 300 + "pass\n"
    found = functions(text)
    assert len(found) == 300
    assert found[-1].qualified_name == ".".join(f"f{depth}" for depth in range(300))


def test_more_than_five_thousand_functions_are_all_found() -> None:
    found = functions("".join(f"def f{at}(a):\n    return a + {at}\n\n" for at in range(6_000)))
    assert len(found) == 6_000
    assert found[-1].range.start.line == 3 * 5_999


def test_a_text_that_takes_too_long_is_given_up_at_the_deadline() -> None:
    garbage = bytes((at * 7919 + at // 251) % 256 for at in range(4_000_000))
    before = time.monotonic()
    with pytest.raises(ParseTimeoutError, match=r"sample was not parsed within 0\.2 s"):
        functions(garbage, deadline_seconds=0.2)
    assert time.monotonic() - before < 20


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("def f():\n  class A x=1'\"#{}()[];/*->🙂é\r\t\\"), max_size=200),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_any_text_gives_sound_units(text: str, language: str) -> None:
    data = text.encode()
    for function in functions(text, language):
        assert function.name
        assert function.qualified_name.endswith(function.name)
        assert 0 <= function.span.start < function.span.end <= len(data)
        assert function.range.start < function.range.end
        assert function.source.strip()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b/session.py", "session"),
        ("flask/__init__.py", "flask"),
        ("ui/button/index.tsx", "button"),
        ("src/net/mod.rs", "net"),
        ("index.js", "index"),
        ("a/types.d.ts", "types"),
        ("a/.bashrc", ".bashrc"),
    ],
)
def test_module_is_named_by_its_file_or_else_by_its_folder(path: str, name: str) -> None:
    assert module_name_of(path) == name
