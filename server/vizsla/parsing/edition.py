"""Which edition of the parser made an index. Another edition may find other functions in the same bytes."""

from __future__ import annotations

import functools
from pathlib import Path

from blake3 import blake3

from vizsla import __version__
from vizsla.core import text


@functools.cache
def parser_edition() -> str:
    """A short text that changes with every change of the parser, its queries or the model text.

    Taken from the sources themselves: a number to count up by hand would be forgotten, and then an index keeps
    functions that no file has any more.
    """
    digest = blake3(__version__.encode())
    sources = [Path(text.__file__), *sorted(Path(__file__).parent.rglob("*"))]
    for source in sources:
        if source.suffix in (".py", ".scm") and source.is_file():
            digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest(8)
