"""The name of a function as a query, and its text in which that name does not stand."""

from __future__ import annotations

import re

from vizsla.core.text import content_hash, humps, joined_name
from vizsla.core.types import Kind
from vizsla_trainer.records import Code

_LEAST_WORDS, _LEAST_LETTERS = 3, 12
"""Shorter names say too little. Source: the letters are those of arXiv 2201.11313."""

_NAMED_BY_FILE = (Kind.MODULE.value, Kind.WINDOW.value)

PLACEHOLDERS = ("f", "g", "fn", "func", "run", "call", "apply", "inner", "helper", "impl", "it", "do_it")
"""Names that say nothing, for what is hidden. Several: one alone would mark the answer."""


def query_of_name(name: str) -> str:
    """The words of a name: ``parseHTTPResponse`` gives ``parse http response``; "" when there are too few."""
    found = humps(name)
    is_telling = len(found) >= _LEAST_WORDS and sum(map(len, found)) >= _LEAST_LETTERS
    return " ".join(found) if is_telling and all(word.isalpha() for word in found) else ""


def text_without_name(code: Code, query: str) -> str:
    """The model text of a code under another name, with the name that is asked for hidden wherever it stands.

    The right code of a name pair and the codes that stand against it are both made here, so that nothing but their
    meaning tells them apart: beside a hidden name a shown one is wrong, and so is a caller that spells out what is
    asked for.

    Args:
        code: right or wrong.
        query: the words of the name that is asked for.
    """
    heading, end, rest = code.text.partition("\n")
    if not code.doc:  # then ``core.text.unit_text`` spells the name out above the source, in plain words
        heading = heading.removesuffix(" ".join(humps(code.name))).rstrip()
    text = heading + end + rest if heading else rest
    if code.kind not in _NAMED_BY_FILE:  # the name of a file stands nowhere in its text, except as a word of it
        text = re.sub(rf"(?<!\w){re.escape(code.name)}(?!\w)", placeholder(code.name), text)
    asked = joined_name(query)
    return re.sub(r"\w+", lambda word: placeholder(asked) if _is(word.group(), asked) else word.group(), text)


def placeholder(name: str) -> str:
    """One of the names that say nothing, always the same for one name."""
    return PLACEHOLDERS[content_hash(name)[0] % len(PLACEHOLDERS)]


def _is(word: str, asked: str) -> bool:
    """Whether an identifier is a way to write a name: ``readAll`` and ``READ_ALL`` are ``readall``."""
    return len(asked) <= len(word) <= 2 * len(asked) and joined_name(word) == asked
