"""The types at boundaries refuse what cannot be, and settings what cannot be used."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from vizsla.core.errors import ModelMismatchError, VizslaError
from vizsla.core.settings import CacheSettings, IndexSettings, ModelSettings, SearchSettings, Settings
from vizsla.core.types import Function, Kind, Position, Range, Span


def function(**changes: Any) -> Function:
    whole = Function(
        name="f",
        qualified_name="A.b.f",
        kind=Kind.METHOD,
        language="python",
        signature="def f()",
        doc="",
        source="def f(): pass",
        span=Span(start=0, end=13),
        range=Range(start=Position(line=0, character=0), end=Position(line=0, character=13)),
    )
    return dataclasses.replace(whole, **changes)


@pytest.mark.parametrize(("start", "end"), [(-1, 0), (2, 1)])
def test_a_span_runs_forward_from_the_start_of_the_file(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="0 <= start <= end"):
        Span(start=start, end=end)


def test_positions_are_ordered_as_in_the_file() -> None:
    places = [Position(line=1, character=0), Position(line=0, character=9), Position(line=0, character=2)]
    assert sorted(places) == places[::-1]


@pytest.mark.parametrize(
    ("name", "qualified_name", "container"),
    [("f", "A.b.f", "A.b"), ("f", "f", ""), ("operator.", "A.operator.", "A"), ("f", "f.f", "f")],
)
def test_the_container_is_what_stands_before_the_name(name: str, qualified_name: str, container: str) -> None:
    assert function(name=name, qualified_name=qualified_name).container == container


def test_what_crosses_a_boundary_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        function().name = "g"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().search = SearchSettings()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        *((IndexSettings, {name: 0}) for name in ("max_file_bytes", "max_line_characters", "max_functions_per_file", "parse_seconds")),
        (IndexSettings, {"parse_workers": -1}),
        (IndexSettings, {"parse_workers": 65}),
        (ModelSettings, {"device": "tpu"}),
        (ModelSettings, {"threads": -1}),
        (SearchSettings, {"limit": 0}),
        (SearchSettings, {"limit": 201}),
        (SearchSettings, {"rerank_depth": 201}),
        (SearchSettings, {"rerank_depth": -1}),
        (SearchSettings, {"rerank_seconds": -0.1}),
        (CacheSettings, {"max_embedding_bytes": 0}),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_names_itself(section: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        section(**wrong)


def test_a_mismatch_of_models_says_what_to_do() -> None:
    error = ModelMismatchError(indexed="aaa", loaded="bbb")
    assert isinstance(error, VizslaError)
    assert str(error) == "index was built by model aaa, but bbb is loaded; rebuild the index"
