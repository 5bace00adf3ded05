"""Texts of open documents: random edits in three encodings end with the text that the editor has."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from vizsla.lsp.buffers import Buffer, Buffers
from vizsla.lsp.encoding import Encoding, units

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
LETTERS = st.text(alphabet=st.sampled_from("ab é漢🙂\r\n\u2028\x0c"), max_size=12)
Edit = tuple[int, int, str]


def place_of(text: str, offset: int, encoding: Encoding) -> types.Position:
    """A place as an editor counts it."""
    ends = [match.end() for match in re.finditer(r"\r\n|\r|\n", text) if match.end() <= offset]
    return types.Position(line=len(ends), character=units(text[ends[-1] if ends else 0 : offset], encoding))


def is_within_line_end(text: str, offset: int) -> bool:
    return text[:offset].endswith("\r") and text[offset:].startswith("\n")


def partial(start: types.Position, end: types.Position, text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(range=types.Range(start=start, end=end), text=text)


@given(
    LETTERS,
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), LETTERS), max_size=12),
    st.sampled_from(ENCODINGS),
)
def test_edits_end_with_the_text_that_the_editor_has(text: str, edits: list[Edit], encoding: Encoding) -> None:
    buffer, reference = Buffer(text, 1), text
    for one, other, new in edits:
        start, end = sorted(min(place, len(reference)) for place in (one, other))
        if is_within_line_end(reference, start) or is_within_line_end(reference, end):
            continue
        change = partial(place_of(reference, start, encoding), place_of(reference, end, encoding), new)
        buffer.apply(change, encoding)
        reference = reference[:start] + new + reference[end:]
        assert buffer.text() == reference
    lines = re.split(r"\r\n|\r|\n", reference)
    assert [buffer.line(number) for number in range(len(lines) + 1)] == [*lines, ""]


def test_places_beyond_the_text_count_as_its_end() -> None:
    buffer = Buffer("ab\r\ncd", 1)
    buffer.apply(partial(types.Position(0, 99), types.Position(0, 99), "!"), "utf-16")
    assert buffer.text() == "ab!\r\ncd"
    buffer.apply(partial(types.Position(9, 9), types.Position(12, 0), "?"), "utf-16")
    assert buffer.text() == "ab!\r\ncd?"


def test_a_place_within_a_character_counts_as_before_it() -> None:
    for encoding, inside in (("utf-8", 2), ("utf-16", 1)):
        buffer = Buffer("🙂", 1)
        buffer.apply(partial(types.Position(0, inside), types.Position(0, inside), "x"), encoding)  # type: ignore[arg-type]
        assert buffer.text() == "x🙂"


def test_two_halves_of_a_character_become_one_when_they_meet() -> None:
    buffer = Buffer("a\ud83db", 1)
    assert buffer.text() == "a\ufffdb"
    buffer.apply(partial(types.Position(0, 2), types.Position(0, 2), "\ude42"), "utf-16")
    assert buffer.text() == "a🙂b"
    buffer.apply(partial(types.Position(0, 3), types.Position(0, 3), "c"), "utf-16")
    assert buffer.text() == "a🙂cb"


def test_no_more_of_a_large_text_is_joined_than_is_needed() -> None:
    buffer = Buffer("0123456789\n" * 1000, 1)
    assert 50 < len(buffer.text(50)) <= 61 and buffer.text().startswith(buffer.text(50))
    buffer.apply(partial(types.Position(0, 0), types.Position(0, 1), "x"), "utf-16")
    assert 50 < len(buffer.text(50)) <= 61 and buffer.text().startswith(buffer.text(50))
    assert Buffer("short", 1).text(50) == "short"


def test_documents_are_told_apart_by_their_exact_uris() -> None:
    buffers = Buffers()
    for uri, text in (("file:///a%FF.py", "one"), ("file:///a%FE.py", "two")):
        buffers.open(types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text))
    changed = buffers.change(
        types.VersionedTextDocumentIdentifier(version=7, uri="file:///a%FF.py"),
        [types.TextDocumentContentChangeWholeDocument(text="three")],
        "utf-16",
    )
    assert changed is not None and (changed.text(), changed.version) == ("three", 7)
    assert [buffer.text() for _, buffer in buffers.items()] == ["three", "two"]
    assert buffers.close("file:///a%FF.py") and not buffers.close("file:///a%FF.py")


def test_changes_of_a_document_that_is_not_open_are_nobodys() -> None:
    document = types.VersionedTextDocumentIdentifier(version=1, uri="file:///a.py")
    assert Buffers().change(document, [], "utf-16") is None
