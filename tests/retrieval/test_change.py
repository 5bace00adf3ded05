"""Questions that tell of a change are known, and answered otherwise."""

from __future__ import annotations

import pytest

from retrieval.candidate_builders import candidate, function
from vizsla.retrieval.change import marks_of, tells_of_change
from vizsla.retrieval.fusion import fuse
from vizsla.retrieval.query import Question


@pytest.mark.parametrize(
    "text",
    [
        "Fix crash when the config is missing",
        "Allow empty headers",
        "Add support for IPv6 addresses",
        "Avoid sending headers when there are none",
        "Fixed wrong column in error messages",
        "fix crash when config is missing",
    ],
)
def test_what_shall_be_otherwise_is_a_change(text: str) -> None:
    assert tells_of_change(text)
    assert Question.from_text(text).tells_of_change


@pytest.mark.parametrize(
    "text",
    [
        "where do we retry failed uploads",
        "Returns the first header that matches.",
        "Fix the width of a column.",
        "how to parse json in python",
        "getUserName",
        "exception hierarchy for HTTP errors",
        "sort a list of strings",
        "remove expired sessions",
        "add item to cart",
        "where do we add items to the cart",
        "",
    ],
)
def test_what_code_does_is_none(text: str) -> None:
    assert not tells_of_change(text)


def test_the_first_word_and_its_capital_count_beside_all_words() -> None:
    assert marks_of("Fix it.") == {
        ("always", ""),
        ("head", "capital"),
        ("first", "fix"),
        ("word", "fix"),
        ("word", "it"),
    }


def test_the_longer_of_two_functions_is_the_likelier_place_of_a_change() -> None:
    short = candidate(function(1, "f", path="1.py", size=60), cosine=0.42, match=0.4)
    long = candidate(function(2, "f", path="2.py", size=4000), cosine=0.40, match=0.4)

    def first(text: str) -> int:
        return fuse(Question.from_text(text), [short, long])[0].candidate.function.key

    assert first("Fix crash when the config is missing") == 2
    # A size counts a little for every question, so much less that meaning decides.
    close = candidate(function(2, "f", path="2.py", size=400), cosine=0.30, match=0.4)
    assert fuse(Question.from_text("where is the config read"), [short, close])[0].candidate.function.key == 1
