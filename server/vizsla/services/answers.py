"""What a question becomes: the request, the hits and the answer, free of any protocol or terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vizsla.core.types import Kind, Range
from vizsla.retrieval.fusion import Why
from vizsla.services.filters import Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """One question.

    Attributes:
        query: in plain words, or a symbol; filters may be written into it.
        limit: hits wanted; None for the setting's.
        filters: what hits must be.
        rerank: "off" keeps the fused order.
        rerank_seconds: time budget of the reranker; None for the setting's.
        roots: only these workspaces, by their folders; empty for all. One workspace alone does not look at it.
    """

    query: str
    limit: int | None = None
    filters: Filters = field(default_factory=Filters)
    rerank: Literal["auto", "off"] = "auto"
    rerank_seconds: float | None = None
    roots: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A function that says the same as a hit and gave way to it, where it stood when it was indexed."""

    path: str
    qualified_name: str
    range: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One function that answers.

    Attributes:
        root: the workspace that holds it.
        path: its file, relative to the root, with "/" between the parts.
        range: where it stands in the file as the file is now.
        score: in [0, 1], higher is better, comparable between questions.
        why: the ranks and scores that led here.
        is_stale: the function's text changed since it was indexed; the range is right, the score is of the old text.
        source: its text, as the file is now.
        before: what stands before it on its first line, from which columns in any encoding can be counted.
        copies: functions that say the same, best first.
    """

    root: Path
    path: str
    range: Range
    name: str
    qualified_name: str
    container: str
    kind: Kind
    language: str
    signature: str
    doc_line: str
    score: float
    why: Why
    is_stale: bool
    source: str
    before: str = ""
    copies: tuple[Copy, ...] = ()

    @property
    def uri(self) -> str:
        """The file as a URI; bytes of the name that are no UTF-8 are percent-encoded as they are."""
        return (self.root / self.path).as_uri()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hits, best first, and how far they can be trusted.

    Attributes:
        is_partial: the index is not complete, so better hits may be missing.
        is_reranked: the reranker has read the first hits.
        is_semantic: meaning was compared; False when only words were.
        notes: what the user should know, one sentence each.
        milliseconds: from the question to this answer, by stage and as "total".
    """

    query: str
    hits: tuple[Hit, ...]
    is_partial: bool
    is_reranked: bool
    is_semantic: bool
    notes: tuple[str, ...]
    milliseconds: dict[str, float]
