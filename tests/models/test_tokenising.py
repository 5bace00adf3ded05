"""Texts become the tokens that the whole text would give, whatever is in it."""

from __future__ import annotations

import inspect
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from vizsla.core.errors import ModelError
from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla.models.manifest import read_manifest
from vizsla.models.tokenising import TextTokenizer

MANIFEST = read_manifest(DEFAULT_RETRIEVER)
TOKENIZER = TextTokenizer(DEFAULT_RETRIEVER, MANIFEST)
LONG = inspect.getsource(textwrap)


def ids(text: str) -> list[int]:
    return TOKENIZER.encode([text])[0].ids


def whole_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(DEFAULT_RETRIEVER / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MANIFEST.max_tokens)
    return tokenizer


def whole(text: str) -> list[int]:
    found: list[int] = whole_tokenizer().encode(text).ids
    return found


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        " " * 5_000,
        " " * 5_000 + "x = 1",
        "x" * 100_000,
        "wort " + "ü" * 5_000,
        ("a" * 99 + "\n") * 100,
        "((((" * 25_000,
        "\t\n" * 3_000 + "end",
        "",
    ],
)
def test_a_long_text_gives_the_tokens_of_the_whole(text: str) -> None:
    assert ids(text) == whole(text)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["foo", " ", "  ", "\n", "ü", "日本", "x_y", "()", "\u200b", "1"]), max_size=4_000))
def test_any_text_gives_the_tokens_of_the_whole(parts: list[str]) -> None:
    text = "".join(parts)
    assert ids(text) == whole(text)


def test_no_text_is_longer_than_the_model_reads() -> None:
    assert len(ids(LONG)) == MANIFEST.max_tokens


def test_an_empty_text_has_its_special_tokens() -> None:
    assert len(ids("")) == 2


def test_half_a_character_is_no_error() -> None:
    assert ids("x \udc80 y") == ids("x ? y")


@pytest.mark.parametrize("question", ["where is it", "where " * 30, "where " * 2_000])
@pytest.mark.parametrize("text", [LONG, " " * 5_000 + "x = 1", "((((" * 25_000, "return 1"])
def test_a_pair_gives_the_tokens_of_the_whole_pair(question: str, text: str) -> None:
    (pair,) = TOKENIZER.encode_pairs(question, [text])
    expected = whole_tokenizer().encode(question, text)
    assert (pair.ids, pair.type_ids) == (expected.ids, expected.type_ids)


def test_the_longer_text_of_a_pair_is_cut() -> None:
    (pair,) = TOKENIZER.encode_pairs("where is it", [LONG])
    assert len(pair) == MANIFEST.max_tokens
    assert pair.ids[: len(ids("where is it"))] == ids("where is it")
    assert set(pair.type_ids) == {0, 1}


def test_a_long_question_leaves_room_for_the_text() -> None:
    (pair,) = TOKENIZER.encode_pairs("where " * 2_000, [LONG])
    assert len(pair) == MANIFEST.max_tokens
    assert sum(pair.type_ids) > 100


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="is not a tokenizer"):
        TextTokenizer(folder, MANIFEST)
