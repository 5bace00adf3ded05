"""Places as the client counts them: columns in the negotiated encoding, files as URIs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote_to_bytes, urlsplit

if TYPE_CHECKING:
    from vizsla.lsp.messages import Range
    from vizsla.services.answers import Hit

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE_END = re.compile(r"\r\n|\n|\r")
_BEYOND_PLANE_0 = re.compile("[\U00010000-\U0010ffff]")


def units(text: str, encoding: Encoding) -> int:
    """How many code units a text is long."""
    if text.isascii() or encoding == "utf-32":
        return len(text)
    if encoding == "utf-16":
        return len(text) + sum(1 for _ in _BEYOND_PLANE_0.finditer(text))
    return len(text.encode("utf-8", "surrogatepass"))


def offset_in(line: str, character: int, encoding: Encoding) -> int:
    """The index into a line at which ``character`` code units have passed.

    A place inside a character counts as before it, one beyond the line as its end.
    """
    if line.isascii() or encoding == "utf-32":
        return min(character, len(line))
    if encoding == "utf-8":
        data = line.encode("utf-8", "surrogatepass")
        while character < len(data) and data[character] & 0xC0 == 0x80:
            character -= 1
        return len(data[:character].decode("utf-8", "surrogatepass"))
    data = line.encode("utf-16-le", "surrogatepass")
    following = data[2 * character : 2 * character + 2]
    if following and following[1] & 0xFC == 0xDC:
        character -= 1  # in the middle of a pair
    return len(data[: 2 * character].decode("utf-16-le", "surrogatepass"))


def utf16_character(line: str, character: int, encoding: Encoding) -> int:
    """A column of the client's as one in UTF-16 units, which the services count in."""
    return units(line[: offset_in(line, character, encoding)], "utf-16")


def hit_range(hit: Hit, encoding: Encoding) -> Range:
    """The range of a hit. Its lines never depend on the encoding, its columns do."""
    start, end = hit.range.start, hit.range.end
    first, last = start.character, end.character
    if encoding != "utf-16":
        lines = _LINE_END.split(hit.before + hit.source)
        first = units(hit.before, encoding)
        # A text that is not the whole stretch cannot say where it ends; then the column is kept, right for ASCII.
        if len(lines) == end.line - start.line + 1 and units(lines[-1], "utf-16") == last:
            last = units(lines[-1], encoding)
    return {
        "start": {"line": start.line, "character": first},
        "end": {"line": end.line, "character": last},
    }


def path_of(uri: str) -> Path | None:
    """The local file that a URI names, byte for byte; None when it names none.

    pygls.uris decodes names as UTF-8 with replacement, and cuts them at ";": two files may become one there.
    """
    try:
        parts = urlsplit(uri)
        data = unquote_to_bytes(parts.path)
    except ValueError:  # no URI at all, or half a character in it
        return None
    if parts.scheme.lower() != "file" or parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        return None
    if not data.startswith(b"/") or b"\0" in data:
        return None
    return Path("/" + os.path.normpath(os.fsdecode(data)).lstrip("/"))


def uri_of(path: Path) -> str:
    """The URI of an absolute path; ``path_of`` gives the same path back."""
    return path.as_uri()


def shown(text: str) -> str:
    """A text that any client can read: bytes of a file name that are no UTF-8 become replacement characters."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
