"""Text files without a grammar become overlapping windows of lines."""

from __future__ import annotations

from vizsla.core.types import Kind
from vizsla.parsing.windows import window_entries


def test_windows_overlap_and_hold_every_line() -> None:
    text = "".join(f"line {at}\n" for at in range(160))
    found = [entry.function for entry in window_entries(text)]
    assert [(window.range.start.line, window.range.end.line) for window in found] == [(0, 60), (50, 110), (100, 160)]
    assert {window.kind for window in found} == {Kind.WINDOW}
    assert all(any(f"line {at}" in window.source.split("\n") for window in found) for at in range(160))


def test_window_is_named_by_its_heading_or_its_first_line() -> None:
    assert window_entries("intro\n\n## Signing cookies ##\n")[0].function.name == "Signing cookies"
    assert window_entries("[tool.ruff]\nx = 1\n", language="toml")[0].function.name == "tool.ruff"
    assert window_entries("\n\nselect 1\nfrom a\n")[0].function.name == "select 1"
    assert len(window_entries("word " * 100)[0].function.name) <= 80


def test_white_space_alone_has_no_window() -> None:
    assert window_entries("") == []
    assert window_entries("\n \n") == []
    assert window_entries(b"\xff\x00\r\nabc")[0].function.source.endswith("abc")
