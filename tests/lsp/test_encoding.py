"""Columns in three encodings, and URIs of files with any name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp.placed import hit_in
from vizsla.lsp.encoding import Encoding, hit_range, path_of, shown, units, uri_of, utf16_character
from vizsla.services.answers import Hit

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
TEXTS = st.text(alphabet=st.sampled_from("aé漢🙂\t\r\n\u2028 "), max_size=30)


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
