"""What models and full-text search read for a query and for a function, made in this one place.

Serving and training both call these, so that a model never sees another text than it learned from.
"""

from __future__ import annotations

import re
import unicodedata

from blake3 import blake3

from vizsla.core.types import ContentHash, Function, IndexEntry, Words

MODEL_TEXT_LIMIT = 4_000
"""Characters of a function that go to the encoders: well beyond the 256 tokens that they read."""

_WORD = re.compile(r"[^\W_]+")
# Humps of an identifier: acronym before a capitalised word, capitalised word, lower-case run, acronym, digits.
_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+")


def function_text(function: Function) -> str:
    """The text that stands for a function in the encoders.

    The path is left out on purpose: moving or renaming a file must not cost a forward pass.
    """
    parts = [function.qualified_name]
    if function.doc and function.doc not in function.source:
        parts.append(function.doc)
    parts.append(function.source)
    return "\n".join(parts)[:MODEL_TEXT_LIMIT]


def query_text(query: str) -> str:
    """The text that stands for a question in the encoders."""
    return " ".join(query.split())


def content_hash(text: str) -> ContentHash:
    """The key of a model text in the machine-wide embedding cache."""
    return ContentHash(blake3(text.encode("utf-8", "surrogatepass")).digest(16))


def words(text: str) -> list[str]:
    """Split text into folded words: identifiers whole and by their humps, in order.

    ``parseHTTPResponse2`` gives ``parsehttpresponse2 parse http response 2``; ``max_size`` gives ``max size``.
    """
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group()
        humps = _HUMP.findall(word)
        if len(humps) > 1:
            found.append(_fold(word))
        found.extend(_fold(hump) for hump in humps)
    return found


def function_words(function: Function) -> Words:
    """What full-text search reads of a function."""
    return Words(
        name=" ".join(words(function.qualified_name)),
        signature=" ".join(words(function.signature)),
        doc=" ".join(words(function.doc)),
        body=" ".join(words(function.source)),
    )


def index_entry(function: Function) -> IndexEntry:
    """Everything that the index needs of a parsed function."""
    text = function_text(function)
    return IndexEntry(
        function=function, content_hash=content_hash(text), model_text=text, words=function_words(function)
    )


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(letter)
    )
