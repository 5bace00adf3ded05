"""What a question is understood to ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizsla.core.text import words
from vizsla.retrieval.query import Question


def test_filler_words_are_not_looked_for() -> None:
    assert Question.from_text("how are the sessions of a user restored").words == ("sessions", "user", "restored")


def test_a_question_of_filler_alone_keeps_its_words() -> None:
    assert Question.from_text("what is this").words == ("what", "is", "this")


def test_the_name_of_a_language_is_not_looked_for() -> None:
    assert Question.from_text("parse json in python").words == ("parse", "json")


@pytest.mark.parametrize("written", ["getUserName", "get_user_name", "GetUserName", "getusername", "GET_USER_NAME"])
def test_however_an_identifier_is_written_its_whole_is_one_word(written: str) -> None:
    assert words(written)[0] == "getusername"
    assert Question.from_text(written).symbols == {"getusername": "" if written == "getusername" else written}


@pytest.mark.parametrize("text", ["view", "getUserName", "app.render", "Router::new()", "`fetchRequest`", "$scope"])
def test_one_name_is_symbol_like(text: str) -> None:
    assert Question.from_text(text).is_symbol_like


@pytest.mark.parametrize("text", ["error handlers", "how is g used", "", "???"])
def test_prose_is_not_symbol_like(text: str) -> None:
    assert not Question.from_text(text).is_symbol_like


def test_symbols_inside_prose_are_seen() -> None:
    question = Question.from_text("why does `retry` ignore max_attempts when HTTPServer calls close()")
    assert question.symbols == {"retry": "", "maxattempts": "max_attempts", "httpserver": "HTTPServer", "close": ""}


def test_a_path_of_names_asks_for_its_last() -> None:
    assert Question.from_text("how app.render works").symbols == {"render": ""}


def test_accents_do_not_tear_words_apart() -> None:
    assert words("naïveÉcole") == ["naiveecole", "naive", "ecole"]


def test_asking_for_tests_is_seen() -> None:
    assert Question.from_text("tests of the parser").asks_for_tests
    assert not Question.from_text("how is the latest protest stored").asks_for_tests


@given(st.text(max_size=200))
def test_any_text_is_understood(text: str) -> None:
    question = Question.from_text(text)
    assert len(set(question.words)) == len(question.words)
    assert all(word == word.casefold() for word in question.words)
