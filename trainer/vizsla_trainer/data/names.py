"""The name of a function as a query, and its text in which that name does not stand."""

from __future__ import annotations

import re

from vizsla.core.text import content_hash, humps, unit_text
from vizsla.core.types import Function

_LEAST_WORDS, _LEAST_LETTERS = 3, 12
"""Shorter names say too little. Source: the letters are those of arXiv 2201.11313."""

PLACEHOLDERS = ("f", "g", "fn", "func", "run", "call", "apply", "inner", "helper", "impl", "it", "do_it")
"""Names that say nothing, for what is hidden. Several: one alone would mark the answer."""


def query_of_name(name: str) -> str:
    """The words of a name: ``parseHTTPResponse`` gives ``parse http response``; "" when there are too few."""
    found = humps(name)
    is_telling = len(found) >= _LEAST_WORDS and sum(map(len, found)) >= _LEAST_LETTERS
    return " ".join(found) if is_telling and all(word.isalpha() for word in found) else ""


def text_without_name(function: Function) -> str:
    """The model text of a function with another name, wherever its own stands in documentation and source."""
    other = placeholder(function.name)
    hidden = re.compile(rf"(?<!\w){re.escape(function.name)}(?!\w)")
    return unit_text(
        qualified_name=function.container,
        container=function.container,
        kind=function.kind,
        doc=hidden.sub(other, function.doc),
        source=hidden.sub(other, function.source),
    )


def placeholder(name: str) -> str:
    """One of the names that say nothing, always the same for one name."""
    return PLACEHOLDERS[content_hash(name)[0] % len(PLACEHOLDERS)]
