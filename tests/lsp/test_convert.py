"""Between the client's words and ours: fields, filters, answers, symbols."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from lsp.placed import hit_in
from vizsla.core.errors import QueryError
from vizsla.core.types import Kind, Position, Range
from vizsla.lsp import convert
from vizsla.lsp.envelopes import RefusedError
from vizsla.services.answers import Answer, Copy
from vizsla.services.filters import Filters


def test_everything_that_search_asks_reaches_the_service() -> None:
    asked = convert.search_params(
        {
            "query": "retry uploads",
            "limit": 3,
            "filters": {
                "languages": ["Python", "go"],
                "kinds": ["method"],
                "paths": ["src/**"],
                "notPaths": ["**/gen/*"],
                "folder": "/server/",
                "roots": ["file:///a%20b"],
                "open": True,
                "changed": True,
            },
            "rerank": {"budgetMs": 50},
            "session": "picker",
            "partialResultToken": "p1",
            "workDoneToken": 7,
            "somethingOfTheFuture": {"a": 1},
        }
    )
    assert asked.request.filters == Filters(
        languages=("python", "go"),
        kinds=(Kind.METHOD,),
        paths=("src/**",),
        not_paths=("**/gen/*",),
        folder="server",
        only_open=True,
        only_changed=True,
    )
    assert (asked.request.limit, asked.request.rerank, asked.request.rerank_seconds) == (3, "auto", 0.05)
    assert asked.request.roots == (Path("/a b"),)
    assert (asked.session, asked.partial, asked.work) == ("picker", "p1", 7)


def test_a_question_alone_is_enough_and_null_is_absent() -> None:
    bare = convert.search_params({"query": "x"})
    assert bare == convert.search_params(
        {"query": "x", "limit": None, "filters": None, "rerank": None, "session": None}
    )
    assert bare.request.filters.is_empty and bare.request.rerank == "auto" and bare.request.rerank_seconds is None
    assert convert.search_params({"query": "x", "rerank": "off"}).request.rerank == "off"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"query": 5}, "query"),
        ({"query": None}, "query"),
        ({"limit": 0}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"limit": 2**40}, "limit"),
        ({"filters": []}, "filters"),
        ({"filters": {"languages": "python"}}, "filters.languages"),
        ({"filters": {"kinds": [1]}}, "filters.kinds"),
        ({"filters": {"paths": ["x"] * 5000}}, "filters.paths"),
        ({"filters": {"folder": 1}}, "filters.folder"),
        ({"filters": {"roots": ["untitled:1"]}}, "filters.roots"),
        ({"filters": {"open": "yes"}}, "filters.open"),
        ({"filters": {"changed": 1}}, "filters.changed"),
        ({"rerank": "on"}, "rerank"),
        ({"rerank": 5}, "rerank"),
        ({"rerank": {}}, "rerank"),
        ({"rerank": {"budgetMs": -1}}, "rerank.budgetMs"),
        ({"rerank": {"budgetMs": float("nan")}}, "rerank.budgetMs"),
        ({"session": 1}, "session"),
        ({"partialResultToken": 1.5}, "partialResultToken"),
        ({"workDoneToken": []}, "workDoneToken"),
    ],
)
def test_a_wrong_field_is_named_in_one_sentence(more: dict[str, object], field: str) -> None:
    with pytest.raises(RefusedError) as refused:
        convert.search_params({"query": "x", **more})
    assert str(refused.value).startswith(f"{field} must ") and "\n" not in str(refused.value)


def test_a_kind_that_there_is_not_is_named() -> None:
    with pytest.raises(QueryError, match="no kind 'gadget'"):
        convert.search_params({"query": "x", "filters": {"kinds": ["gadget"]}})


@pytest.mark.parametrize("data", [None, [], "query", 5])
def test_parameters_must_be_an_object(data: object) -> None:
    with pytest.raises(RefusedError, match="params must be an object"):
        convert.search_params(data)


def test_a_place_is_checked() -> None:
    good = {"textDocument": {"uri": "file:///ws/a.py"}, "position": {"line": 3, "character": 4}}
    asked = convert.similar_params(good)
    assert (asked.path, asked.line, asked.character, asked.limit) == (Path("/ws/a.py"), 3, 4, None)
    for field, wrong in (
        ("textDocument.uri", {"textDocument": {"uri": "git:/a"}}),
        ("textDocument.uri", {"textDocument": None}),
        ("position.line", {"position": {"line": -1, "character": 0}}),
        ("position.character", {"position": {"line": 1}}),
    ):
        with pytest.raises(RefusedError, match=f"^{field} must be"):
            convert.similar_params({**good, **wrong})


def test_an_answer_becomes_plain_data() -> None:
    copy = Copy(
        path="b.py",
        qualified_name="g",
        range=Range(start=Position(line=4, character=0), end=Position(line=5, character=0)),
    )
    answer = Answer(
        query="q",
        hits=(hit_in("def f(): pass", 0, 13, path="a\udcff.py", copies=(copy,)),),
        is_partial=True,
        is_reranked=False,
        is_semantic=True,
        notes=("note",),
        milliseconds={"total": 1.5},
    )
    assert convert.search_result(answer, "utf-16", {Path("/real"): Path("/ws")}) == {
        "schema": 1,
        "hits": [
            {
                "location": {
                    "uri": "file:///ws/a%FF.py",
                    "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 13}},
                },
                "root": "file:///ws",
                "path": "a\ufffd.py",
                "name": "f",
                "qualifiedName": "C.f",
                "container": "C",
                "kind": "function",
                "language": "python",
                "signature": "def f()",
                "doc": "Does it.",
                "score": 0.8765,
                "isStale": False,
                "why": {
                    "denseRank": 1,
                    "lexicalRank": None,
                    "cosine": 0.1235,
                    "match": 0.5,
                    "fused": 0.7,
                    "rerank": None,
                    "signals": [],
                },
                "copies": [{"uri": "file:///ws/b.py", "path": "b.py", "qualifiedName": "g", "line": 4}],
            }
        ],
        "isPartial": True,
        "isReranked": False,
        "isSemantic": True,
        "notes": ["note"],
        "milliseconds": {"total": 1.5},
    }


def test_symbols_have_kinds_that_the_client_knows() -> None:
    answer = Answer(
        query="q",
        hits=tuple(hit_in("x", 0, 1, kind=kind) for kind in Kind),
        is_partial=False,
        is_reranked=False,
        is_semantic=True,
        notes=(),
        milliseconds={},
    )
    first = frozenset(range(1, 19))
    assert {symbol.kind.value for symbol in convert.workspace_symbols(answer, "utf-16", {}, first)} <= first
    every = frozenset(range(1, 27))
    kinds = [symbol.kind for symbol in convert.workspace_symbols(answer, "utf-16", {}, every)]
    assert types.SymbolKind.Struct in kinds and len(set(kinds)) == len(Kind) - 1
