"""Any JSON at all in the place of what we take: understood or refused in a sentence, never a fault of ours."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from vizsla.core.errors import QueryError
from vizsla.core.settings import Settings
from vizsla.lsp import convert
from vizsla.lsp.encoding import path_of
from vizsla.lsp.envelopes import INVALID_PARAMS, RefusedError
from vizsla.lsp.handlers.commands import _folder
from vizsla.lsp.options import client_of, client_settings, pushed_section

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)

SEARCH = {
    "query": "retry",
    "limit": 3,
    "filters": {"languages": ["go"], "kinds": ["method"], "paths": ["a"], "roots": ["file:///a"], "open": True},
    "rerank": {"budgetMs": 5},
    "session": "s",
    "partialResultToken": 1,
    "workDoneToken": "w",
}
PLACE = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 1, "character": 2}, "limit": 1}
SETTINGS = {"search": {"limit": 3, "rerankSeconds": 0.5}, "index": {"exclude": ["a"]}, "cache": {"directory": "/x"}}


@st.composite
def spoilt(draw: st.DrawFn, good: Any) -> Any:
    """A good message of which one part is anything."""
    message = json.loads(json.dumps(good))
    place = message
    while True:
        key = draw(st.sampled_from(sorted(place)) | st.text(max_size=4))
        if isinstance(place.get(key), dict) and draw(st.booleans()):
            place = place[key]
            continue
        place[key] = draw(ANY)
        return message


@settings(max_examples=400)
@given(ANY | spoilt(SEARCH))
def test_a_question_is_understood_or_refused(params: Any) -> None:
    try:
        assert isinstance(convert.search_params(params).request.query, str)
    except QueryError as error:
        assert "\n" not in str(error)
    except RefusedError as refused:
        assert refused.code == INVALID_PARAMS and "\n" not in str(refused) and str(refused).isascii()


@settings(max_examples=200)
@given(ANY | spoilt(PLACE))
def test_a_place_is_understood_or_refused(params: Any) -> None:
    try:
        asked = convert.similar_params(params)
        assert asked.path.is_absolute() and asked.line >= 0 and asked.character >= 0
    except RefusedError as refused:
        assert refused.code == INVALID_PARAMS and "\n" not in str(refused)


@settings(max_examples=200)
@given(ANY | spoilt(SETTINGS))
def test_settings_are_taken_or_refused_one_by_one(raw: Any) -> None:
    taken, refused = client_settings(raw, Settings())
    assert isinstance(taken, Settings) and all(isinstance(sentence, str) for sentence in refused)
    pushed_section(raw)


@given(ANY)
def test_options_of_initialize_never_hinder_the_start(options: Any) -> None:
    client = client_of(types.InitializeParams(capabilities=types.ClientCapabilities(), initialization_options=options))
    assert all("\n" not in problem for problem in client.problems)


@given(st.text() | st.from_regex(r"file:[/a-z%0-9\[\]#?;.]*", fullmatch=True))
def test_any_text_is_a_local_path_or_none(uri: str) -> None:
    path = path_of(uri)
    assert path is None or (path.is_absolute() and ".." not in path.parts and "\0" not in str(path))


@given(ANY)
def test_the_argument_of_a_command_is_a_folder_or_refused(argument: Any) -> None:
    try:
        folder = _folder(argument)
        assert (folder is None) == (argument is None)
    except RefusedError as refused:
        assert refused.code == INVALID_PARAMS
