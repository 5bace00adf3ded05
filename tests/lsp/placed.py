"""Hits whose text and place come from a whole text, as the parser places them."""

from __future__ import annotations

from pathlib import Path

from vizsla.core.types import Kind
from vizsla.parsing.lines import Lines
from vizsla.retrieval.fusion import Why
from vizsla.services.answers import Hit

WHY = Why(dense_rank=1, lexical_rank=None, cosine=0.123456, match=0.5, fused=0.7)


def hit_in(text: str, start: int, end: int, **more: object) -> Hit:
    """A hit whose source is ``text[start:end]``, placed as the parser does it."""
    lines = Lines(text.encode())
    place = lines.range(len(text[:start].encode()), len(text[:end].encode()))
    first = len(text.encode()[: lines.starts[place.start.line]].decode())
    given: dict[str, object] = {"path": "a.py", "kind": Kind.FUNCTION, "copies": (), **more}
    return Hit(
        root=Path("/real"),
        range=place,
        name="f",
        qualified_name="C.f",
        container="C",
        language="python",
        signature="def f()",
        doc_line="Does it.",
        score=0.87654321,
        why=WHY,
        is_stale=False,
        source=text[start:end],
        before=text[first:start],
        **given,  # type: ignore[arg-type]
    )
