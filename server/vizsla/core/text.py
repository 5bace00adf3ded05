"""What models and full-text search read for a query and for a function, made in this one place.

Serving and training both call these, so that a model never sees another text than it learned from.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from blake3 import blake3

from vizsla.core.types import ContentHash, Function, IndexEntry, Kind, Words

MODEL_TEXT_LIMIT = 4_000
"""Characters of a function that go to the encoders: well beyond the 256 tokens that they read."""

_NAMED_BY_FILE = frozenset({Kind.MODULE, Kind.WINDOW})
_IDENTIFIER = re.compile(r"\w+")
# Humps of an identifier: acronym before a capitalised word, capitalised word, lower-case run, acronym, digits.
_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+")
_MOST_HUMPS = 8  # a longer one is a sentence, or generated; nobody asks for it as a whole


def function_text(function: Function) -> str:
    """The text that stands for a function in the bi-encoder, see ``unit_text``."""
    return unit_text(
        qualified_name=function.qualified_name,
        container=function.container,
        kind=function.kind,
        doc=function.doc,
        source=function.source,
    )


def unit_text(*, qualified_name: str, container: str, kind: Kind, doc: str, source: str) -> str:
    """What encoders read of a function: names in plain words, documentation, source.

    Who documents a function says in words what it does; its name is spelled out only where nobody did. The path, and
    the name of a module, which comes from it, are left out on purpose: renaming a file must not cost a forward pass.
    """
    named = container if doc or kind in _NAMED_BY_FILE else qualified_name
    parts = [" ".join(humps(named))] if named else []
    # A docstring is in the source already, though with other indentation; its first line is the same.
    if doc and doc.split("\n", 1)[0] not in source:
        parts.append(doc)
    parts.append(source)
    return "\n".join(parts)[:MODEL_TEXT_LIMIT]


def query_text(query: str) -> str:
    """The text that stands for a question in the encoders."""
    return " ".join(query.split())


def content_hash(text: str) -> ContentHash:
    """The key of a model text in the machine-wide embedding cache."""
    return ContentHash(blake3(text.encode("utf-8", "surrogatepass")).digest(16))


def words(text: str) -> list[str]:
    """Split text into folded words: identifiers whole and by their humps, in order.

    ``parseHTTPResponse2`` gives ``parsehttpresponse2 parse http response 2``, and so does ``parse_http_response_2``:
    however an identifier is written, its whole is the same word.
    """
    found: list[str] = []
    for identifier in _IDENTIFIER.findall(_plain(text)):
        found.extend(_parts(identifier))
    return found


def humps(text: str) -> list[str]:
    """The folded humps of all identifiers alone: ``getUser`` gives ``get user``."""
    return [hump.casefold() for hump in _HUMP.findall(_plain(text))]


def joined_name(name: str) -> str:
    """An identifier as the one word that ``words`` makes of it: ``get_user_name`` gives ``getusername``."""
    return "".join(humps(name))


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


@functools.lru_cache(maxsize=16_384)  # code says the same words over and over: this halves the time of parsing
def _parts(identifier: str) -> tuple[str, ...]:
    """The words that one identifier gives."""
    parts = tuple(hump.casefold() for hump in _HUMP.findall(identifier))
    return ("".join(parts), *parts) if 1 < len(parts) <= _MOST_HUMPS else parts


def _plain(text: str) -> str:
    """Text without accents, which would otherwise tear words apart."""
    if text.isascii():
        return text
    letters = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", "".join(letters))
