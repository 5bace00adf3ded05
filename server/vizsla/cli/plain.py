"""Text from files and their names made inert, so that printing it can neither steer a terminal nor fail."""

from __future__ import annotations

import re

# Control characters, direction marks, and halves of characters, which names that are no UTF-8 consist of.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def inert(text: str) -> str:
    """Text whose control characters (escapes, direction marks) are shown as a replacement, not obeyed."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


def inert_line(text: str) -> str:
    """Likewise, on one line: for names and paths."""
    return re.sub(r"[\t\n\r]", "\N{REPLACEMENT CHARACTER}", _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text))
