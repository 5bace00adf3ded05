"""Makes candidates for tests of ranking."""

from __future__ import annotations

import math

from vizsla.core.text import content_hash
from vizsla.core.types import FunctionKey, Kind, Position, Range, Span
from vizsla.index.records import StoredFunction
from vizsla.retrieval.candidates import Candidate


def function(
    key: int,
    name: str,
    *,
    path: str = "app.py",
    kind: Kind = Kind.FUNCTION,
    doc: str = "",
    size: int = 400,
    text: str | None = None,
) -> StoredFunction:
    """A stored function; its content is its own unless ``text`` is given."""
    return StoredFunction(
        key=FunctionKey(key),
        path=path,
        name=name.rpartition(".")[2],
        qualified_name=name,
        kind=kind,
        language="python",
        signature=f"def {name}()",
        doc=doc,
        span=Span(start=0, end=size),
        range=Range(start=Position(line=0, character=0), end=Position(line=9, character=0)),
        content_hash=content_hash(str(key) if text is None else text),
        file_hash=b"",
    )


def candidate(
    found: StoredFunction, *, cosine: float = math.nan, match: float = 0.0, dense: int | None = None
) -> Candidate:
    """A candidate; it was found by words when it has a match."""
    lexical = 1 if match else None
    return Candidate(function=found, cosine=cosine, dense_rank=dense, match=match, lexical_rank=lexical)
