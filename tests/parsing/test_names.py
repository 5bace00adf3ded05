"""Names as they are written become names as they are searched."""

from __future__ import annotations

import pytest

from vizsla.parsing.names import clean_path, split_path, unquoted


@pytest.mark.parametrize(
    ("written", "name", "is_text"),
    [
        ("plain", "plain", False),
        ('"on-close"', "on-close", True),
        ("`größe in Zeichen`", "größe in Zeichen", False),
        ('@"while"', "while", True),
        (":take", "take", False),
        ("größe'", "größe'", False),
        ("<=>", "<=>", False),
        ("::", "::", False),
    ],
)
def test_quotes_and_colons_of_symbols_are_taken_off(written: str, name: str, is_text: bool) -> None:
    assert unquoted(written) == (name, is_text)


@pytest.mark.parametrize(
    ("written", "path"),
    [("*Stack[T]", "Stack"), ("std::vector<int>", "std.vector"), ("Shop\\Cart", "Shop.Cart"), ("List<T>", "List")],
)
def test_a_path_loses_its_arguments(written: str, path: str) -> None:
    assert clean_path(written) == path


@pytest.mark.parametrize(
    ("written", "separator", "container", "name"),
    [
        ("M.deep.call", ".", "M.deep", "call"),
        ("operator.call", ".", "operator", "call"),
        ("a::b<c>::d", "::", "a.b", "d"),
        ("Vector::operator<", "::", "Vector", "operator<"),
        ("my_operators::add", "::", "my_operators", "add"),
        ("alone", "::", "", "alone"),
    ],
)
def test_a_name_is_parted_from_its_container(written: str, separator: str, container: str, name: str) -> None:
    assert split_path(written, separator) == (container, name)
