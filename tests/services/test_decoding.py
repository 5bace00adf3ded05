"""Bytes become text, in the encoding that they are in, or are told to be none."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vizsla.services.decoding import Decoded, decode

TEXT = "def größe(x):\r\n    return '日本'\r\n\rdef g():\n    pass\n"


def text_of(content: bytes) -> Decoded:
    decoded = decode(content, may_have_cookie=True)
    assert decoded is not None
    return decoded


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), "utf-8"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (b"\xff\xfe\0\0" + TEXT.encode("utf-32-le"), "utf-32-le"),
        (b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"), "utf-32-be"),
    ],
)
def test_an_encoding_is_recognised_and_line_ends_are_kept(raw: bytes, encoding: str) -> None:
    source = text_of(raw)
    assert source.text_utf8.decode() == TEXT
    assert source.encoding == encoding


def test_bytes_that_are_no_utf8_are_read_as_latin_1() -> None:
    source = text_of("// Größe\n".encode("latin-1"))
    assert (source.text_utf8.decode(), source.encoding) == ("// Größe\n", "latin-1")


def test_a_python_file_may_name_its_encoding() -> None:
    text = "#!/usr/bin/python\n# -*- coding: cp1251 -*-\n# Привет\n"
    assert text_of(text.encode("cp1251")).text_utf8.decode() == text


@pytest.mark.parametrize("name", ["rot13", "hex", "unicode_escape", "nonsense", "punycode", "zlib", "utf-8"])
def test_a_cookie_that_names_no_encoding_of_text_is_not_believed(name: str) -> None:
    assert text_of(f"# coding: {name}\n# é\n".encode("latin-1")).encoding == "latin-1"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.binary(max_size=300))
def test_any_bytes_become_utf8_or_nothing(content: bytes) -> None:
    decoded = decode(content, may_have_cookie=True)
    if decoded is not None:
        decoded.text_utf8.decode("utf-8")
        assert b"\0" not in decoded.text_utf8


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_any_text_in_utf8_is_read_as_it_is(text: str) -> None:
    text = text.removeprefix("\ufeff")
    decoded = decode(text.encode())
    assert decoded is not None
    assert (decoded.text_utf8.decode(), decoded.encoding) == (text, "utf-8")


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\x02\x01\x01\0\0\0" * 20,
        bytes(range(256)) * 8,
        os.urandom(4_096),
        b"x = 1\0\n",
        b"\xff\xfea",
        b"\x01\x02" * 99,
    ],
    ids=["elf", "all bytes", "random", "one NUL", "odd UTF-16", "controls"],
)
def test_what_is_no_text_is_skipped(content: bytes) -> None:
    assert decode(content) is None
