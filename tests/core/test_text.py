"""Words and model texts: the same for one thing however it is written, and blind to what must not matter."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.test_types import function
from vizsla.core.text import (
    MODEL_TEXT_LIMIT,
    content_hash,
    function_text,
    function_words,
    index_entry,
    query_text,
    words,
)
from vizsla.core.types import Kind, Position, Range, Span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("get", ["get"]),
        ("getUserName", ["getusername", "get", "user", "name"]),
        ("parseHTTPResponse2", ["parsehttpresponse2", "parse", "http", "response", "2"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("a.b->c(d)", ["a", "b", "c", "d"]),
        ("caféCrème", ["cafecreme", "cafe", "creme"]),
        ("__init__", ["init"]),
        ("日本", ["日本"]),
        ("+-*/ \t\n", []),
    ],
)
def test_identifiers_are_split_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("text", ["max_file_size", "maxFileSize", "MaxFileSize", "MAX_FILE_SIZE", "max_FileSize"])
def test_every_style_of_an_identifier_has_the_same_parts(text: str) -> None:
    assert [word for word in words(text) if word != "maxfilesize"] == ["max", "file", "size"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=100))
def test_any_text_becomes_folded_words_without_blanks(text: str) -> None:
    for word in words(text):
        assert word
        assert not any(letter.isspace() for letter in word)
    assert all(word == word.casefold() for word in words(text))


def test_a_question_keeps_its_words_and_loses_its_blanks() -> None:
    assert query_text("  where \n are\tcookies ") == "where are cookies"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(st.characters(), max_size=50))
def test_every_text_has_a_hash_of_sixteen_bytes(text: str) -> None:
    assert len(content_hash(text)) == 16


def test_lone_surrogates_have_a_hash() -> None:
    assert content_hash("\udcff") != content_hash("\udcfe")


def test_a_moved_function_has_the_same_text() -> None:
    moved = Range(start=Position(line=90, character=4), end=Position(line=91, character=0))
    there = function(span=Span(start=900, end=913), range=moved)
    assert index_entry(there).content_hash == index_entry(function()).content_hash


@pytest.mark.parametrize("change", [{"source": "def f(): return 2"}, {"qualified_name": "Other.f"}, {"doc": "Signs."}])
def test_a_function_that_means_something_else_has_another_text(change: dict[str, str]) -> None:
    assert index_entry(function(**change)).content_hash != index_entry(function()).content_hash


def test_documentation_is_read_once() -> None:
    inside = function(doc="Sign it.", source='def f():\n    """Sign it."""')
    above = function(doc="Sign it.", source="function f() {}")
    assert function_text(inside).count("Sign it.") == 1
    assert function_text(above).count("Sign it.") == 1


def test_a_model_text_has_a_limit_and_keeps_the_head() -> None:
    text = function_text(function(source="x" * 50_000))
    assert len(text) <= MODEL_TEXT_LIMIT
    assert function_text(function()).startswith(text.split("\n")[0])


def test_full_text_reads_each_part_of_a_function_by_itself() -> None:
    found = function_words(function(kind=Kind.METHOD, doc="Signs cookies", source="return hmac"))
    assert found.doc.split() == ["signs", "cookies"]
    assert found.signature.split() == ["def", "f"]
    assert "hmac" in found.body.split()
    assert "f" in found.name.split()
