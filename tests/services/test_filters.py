"""Filters written into a question are taken out of it and hold."""

from __future__ import annotations

import pytest

from vizsla.core.errors import QueryError
from vizsla.core.types import Kind
from vizsla.services.filters import Filters, split_filters


def test_filters_are_taken_out_of_the_question() -> None:
    text, filters = split_filters("retry lang:go failed kind:method,function path:src/** uploads", Filters())
    assert text == "retry failed uploads"
    assert filters == Filters(languages=("go",), kinds=(Kind.METHOD, Kind.FUNCTION), paths=("src/**",))


def test_a_minus_turns_a_path_around_and_quotes_hold_spaces() -> None:
    text, filters = split_filters('-path:tests/** path:"my code/**" sort', Filters())
    assert (text, filters.paths, filters.not_paths) == ("sort", ("my code/**",), ("tests/**",))


def test_filters_add_to_those_given_as_options() -> None:
    _, filters = split_filters("x lang:Rust is:changed in:server/", Filters(languages=("c",)))
    assert filters == Filters(languages=("c", "rust"), folder="server", only_changed=True)


@pytest.mark.parametrize("query", ["std::vector::push_back", "http://a.b/c", "a:b", "key:value pairs", "xkind:x"])
def test_colons_of_code_are_no_filters(query: str) -> None:
    assert split_filters(query, Filters()) == (query, Filters())


def test_a_minus_where_it_means_nothing_is_refused() -> None:
    with pytest.raises(QueryError, match="only path: takes a minus"):
        split_filters("x -lang:go", Filters())


@pytest.mark.parametrize("query", ["kind:banana", "is:lost"])
def test_an_unknown_value_is_refused(query: str) -> None:
    with pytest.raises(QueryError, match="there is no"):
        split_filters(query, Filters())
