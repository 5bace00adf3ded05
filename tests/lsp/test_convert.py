"""Between the client's words and ours: fields, filters, columns in three encodings, URIs of any name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from vizsla.core.errors import QueryError
from vizsla.core.types import Kind, Position, Range
from vizsla.lsp import convert
from vizsla.lsp.encoding import Encoding, hit_range, path_of, shown, units, uri_of, utf16_character
from vizsla.lsp.envelopes import RefusedError
from vizsla.parsing.lines import Lines
from vizsla.retrieval.fusion import Why
from vizsla.services.answers import Answer, Copy, Hit
from vizsla.services.filters import Filters

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
WHY = Why(dense_rank=1, lexical_rank=None, cosine=0.123456, match=0.5, fused=0.7)
TEXTS = st.text(alphabet=st.sampled_from("aé漢🙂\t\r\n\u2028 "), max_size=30)


def hit_in(text: str, start: int, end: int, **more: object) -> Hit:
    """A hit whose source is ``text[start:end]``, placed as the parser does it."""
    lines = Lines(text.encode())
    place = lines.range(len(text[:start].encode()), len(text[:end].encode()))
    first = len(text.encode()[: lines.starts[place.start.line]].decode())
    given: dict[str, object] = {"path": "a.py", "kind": Kind.FUNCTION, "copies": (), **more}
    return Hit(
        root=Path("/real"),
        range=place,
        name="f",
        qualified_name="C.f",
        container="C",
        language="python",
        signature="def f()",
        doc_line="Does it.",
        score=0.87654321,
        why=WHY,
        is_stale=False,
        source=text[start:end],
        before=text[first:start],
        **given,  # type: ignore[arg-type]
    )


def expected(text: str, offset: int, encoding: Encoding) -> dict[str, int]:
    """A place counted by hand."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    if text[:offset].endswith("\r") and text[offset:].startswith("\n"):
        before = before[:-1] + "\r"  # between the two halves of one line end
    line = before.split("\n")[-1]
    sizes = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
    name = encoding if encoding == "utf-8" else f"{encoding}-le"
    return {"line": before.count("\n"), "character": len(line.encode(name)) // sizes[encoding]}


@given(TEXTS, st.data())
def test_ranges_of_hits_are_right_in_every_encoding(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    for place in (start, end):
        if text[:place].endswith("\r") and text[place:].startswith("\n"):
            return  # no function begins or ends within a line end
    for encoding in ENCODINGS:
        assert hit_range(hit_in(text, start, end), encoding) == {
            "start": expected(text, start, encoding),
            "end": expected(text, end, encoding),
        }


def test_a_hit_whose_text_is_an_outline_keeps_the_columns_of_utf16() -> None:
    whole = "é = 1; class A:\n    x = 'é'\n    y = 'é'"
    hit = hit_in(whole, 7, len(whole))
    outline = Hit(**{**{name: getattr(hit, name) for name in Hit.__slots__}, "source": "class A:"})
    assert hit_range(outline, "utf-8") == {
        "start": {"line": 0, "character": 8},
        "end": {"line": 2, "character": 11},
    }


@given(st.text(alphabet=st.sampled_from("aé漢🙂"), max_size=20), st.integers(0, 100), st.sampled_from(ENCODINGS))
def test_a_column_of_the_clients_becomes_one_in_utf16(line: str, character: int, encoding: Encoding) -> None:
    fitting = [offset for offset in range(len(line) + 1) if units(line[:offset], encoding) <= character]
    assert utf16_character(line, character, encoding) == units(line[: fitting[-1]], "utf-16")


@given(st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=4))
def test_every_name_of_a_file_survives_its_uri(parts: list[bytes]) -> None:
    kept = [part.replace(b"/", b"%").replace(b"\0", b"#") for part in parts if part not in (b".", b"..")]
    path = Path(os.fsdecode(b"/" + b"/".join(kept or [b"a"])))
    if b".." in kept or b"." in kept:
        return
    uri = uri_of(path)
    assert uri.isascii() and path_of(uri) == path


@pytest.mark.parametrize(
    "name", ["a b.py", "100%.py", "a#b.py", "a;b?.py", "%41.py", "漢🙂.py", "\udcff\udcfe.py", "a\nb"]
)
def test_awkward_names_survive_their_uris(name: str) -> None:
    assert path_of(uri_of(Path("/ws") / name)) == Path("/ws") / name


def test_what_names_no_local_file_has_no_path() -> None:
    for uri in (
        "untitled:Untitled-1",
        "git:/ws/a.py",
        "http://localhost/a.py",
        "file://elsewhere/ws/a.py",
        "file:a.py",
        "/ws/a.py",
        "",
        "file:///ws/a%00.py",
        "file:///ws/a.py?v=1",
        "file:///ws/\ud800.py",
        "file://[bad/a",
    ):
        assert path_of(uri) is None, uri


def test_other_spellings_of_a_uri_name_the_same_file() -> None:
    for uri in (
        "file:///ws/a.py",
        "file://localhost/ws/a.py",
        "FILE:///ws/%61.py",
        "file:////ws/a.py",
        "file:///ws/./x/../a.py",
    ):
        assert path_of(uri) == Path("/ws/a.py")
    assert path_of("file:///w%C3%BC/ü.py") == Path("/wü/ü.py")


def test_a_name_that_is_no_utf8_is_shown_with_replacements() -> None:
    assert shown("a\udcff.py") == "a\ufffd.py"
    assert shown("ü.py") == "ü.py"


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
