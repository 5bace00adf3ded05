"""Text files without a grammar as overlapping windows of lines."""

from __future__ import annotations

import re

from vizsla.core.text import index_entry
from vizsla.core.types import Function, IndexEntry, Kind, Span
from vizsla.parsing.lines import Lines

WINDOW_LINES = 60
WINDOW_STEP = 50
NAME_LIMIT = 80
"""Characters of a window's name that are kept."""

# Markdown, AsciiDoc, TOML and INI: a line that names what follows.
_HEADING = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+(.+?)[ \t#]*|={1,6}[ \t]+(.+?)|\[{1,2}([^\[\]]+)\]{1,2})[ \t]*$", re.MULTILINE
)


def window_entries(text: str | bytes, *, language: str = "text") -> list[IndexEntry]:
    """Cut a text into windows of ``WINDOW_LINES`` lines, one every ``WINDOW_STEP`` lines.

    Args:
        text: UTF-8 when bytes.
        language: what the windows say their language is.

    Returns:
        Windows in order, named by their first heading, else by their first line; none for white space alone.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    data = data.replace(b"\0", b" ")
    lines = Lines(data)
    count = len(lines.starts) - (lines.starts[-1] == len(data))  # nothing follows the last line end
    entries: list[IndexEntry] = []
    for first in range(0, max(count - (WINDOW_LINES - WINDOW_STEP), 1), WINDOW_STEP):
        start, end = lines.starts[first], lines.end_of(min(first + WINDOW_LINES, count) - 1)
        source = data[start:end].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").strip("\n\ufeff")
        if not source.strip():
            continue
        name = _name(source)
        function = Function(
            name=name,
            qualified_name=name,
            kind=Kind.WINDOW,
            language=language,
            signature=name,
            doc="",
            source=source,
            span=Span(start=start, end=end),
            range=lines.range(start, end),
        )
        entries.append(index_entry(function))
    return entries


def _name(source: str) -> str:
    heading = _HEADING.search(source)
    named = next(filter(None, heading.groups()), "") if heading else ""
    name = " ".join((named or source.strip().split("\n", 1)[0]).split())
    return name if len(name) <= NAME_LIMIT else name[: NAME_LIMIT - 1].rstrip() + "…"
