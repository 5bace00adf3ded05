"""Bytes of a file to text, and whether they are text at all. It does not know of files.

Line ends are left as they are. The protocol ends lines at LF, CR LF and a lone CR; tree-sitter counts rows by LF
alone, so whoever turns bytes into lines for an editor must look at CR too.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is the start of this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 8_192  # bytes looked at for the share of NULs and control characters
_CONTROLS = bytes(sorted({*range(32), 127} - set(b"\t\n\r\f\x1b")))
_MOST_CONTROLS_UTF8 = 0.10
_MOST_CONTROLS_OTHER = 0.02  # random bytes have a tenth
_LEAST_NULS = 0.7  # share of NULs in the upper bytes of UTF-16: Latin script with some of another
_MOST_NULS = 0.02  # and in its lower bytes
_COOKIE = re.compile(rb"\A(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
_COOKIE_CODECS = re.compile(
    r"(?:iso-?8859|iso2022|latin|cp\d|windows|koi8|mac|euc|shift|gb|big5|hz|johab|ptcp|tis|utf-?(?:8|16|32)|ascii)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text without its byte order mark, in UTF-8, and the name of the encoding that it had."""

    text_utf8: bytes
    encoding: str


def decode(content: bytes, *, may_have_cookie: bool = False) -> Decoded | None:
    """The text in the bytes of a file, or None when they are no text.

    UTF-8, UTF-16 and UTF-32 by their marks; else UTF-8; else UTF-16 by its pattern of NULs; else what the coding
    cookie of a Python file says; else Latin-1.

    Args:
        content: all bytes of the file.
        may_have_cookie: whether a comment in the first two lines may name the encoding, as in Python.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _strictly(content[len(mark) :], encoding, _MOST_CONTROLS_UTF8)
    if b"\0" in content:
        wide = _utf16_by_pattern(content)
        return _strictly(content, wide, _MOST_CONTROLS_UTF8) if wide else None
    named = _cookie(content) if may_have_cookie else None
    decoded = _strictly(content, "utf-8", _MOST_CONTROLS_UTF8)
    if decoded is None and named:
        decoded = _strictly(content, named, _MOST_CONTROLS_OTHER)
    return decoded or _strictly(content, "latin-1", _MOST_CONTROLS_OTHER)


def _strictly(content: bytes, encoding: str, most_controls: float) -> Decoded | None:
    try:
        # Text that is UTF-8 already is checked, not copied.
        text_utf8 = content if content.isascii() and encoding == "utf-8" else _to_utf8(content, encoding)
    except UnicodeError:
        return None
    sample = text_utf8[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if b"\0" in text_utf8 or controls > most_controls * len(sample):
        return None
    return Decoded(text_utf8=text_utf8, encoding=encoding)


def _to_utf8(content: bytes, encoding: str) -> bytes:
    text = content.decode(encoding)
    return content if encoding == "utf-8" else text.encode("utf-8")


def _utf16_by_pattern(content: bytes) -> str | None:
    sample = content[: _SAMPLE & ~1]
    half = len(sample) // 2
    if half < 4 or len(content) % 2:
        return None
    even, odd = sample[::2].count(0) / half, sample[1::2].count(0) / half
    if odd >= _LEAST_NULS and even <= _MOST_NULS:
        return "utf-16-le"
    if even >= _LEAST_NULS and odd <= _MOST_NULS:
        return "utf-16-be"
    return None


def _cookie(content: bytes) -> str | None:
    """The encoding that a Python file names, if it is an encoding of characters and not of something else."""
    match = _COOKIE.match(content[:1_024])
    name = match.group(1).decode("ascii", "replace") if match else ""
    if not _COOKIE_CODECS.match(name):
        return None
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
