"""Which models are compared, and which of them together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BEFORE, AFTER, NONE = "before", "after", "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Which model folders are compared.

    Attributes:
        retrievers: "before" and, where one was trained, "after".
        rerankers: "before" where one is in use, "after" where one was trained.
        device: "cpu", "cuda" or "mps".
        threads: of a forward pass on a CPU.
        vectors: folder in which what the retrievers embed is kept, for a measurement that goes on; None keeps nothing.
    """

    retrievers: dict[str, Path]
    rerankers: dict[str, Path]
    device: str
    threads: int
    vectors: Path | None = None

    def __post_init__(self) -> None:
        if BEFORE not in self.retrievers:
            raise ValueError("need the retriever in use")

    @property
    def today(self) -> tuple[str, str]:
        """What answers now."""
        return BEFORE, BEFORE if BEFORE in self.rerankers else NONE

    @property
    def candidates(self) -> list[tuple[str, str]]:
        """What could answer instead, the least change first."""
        return [
            (retriever, reranker)
            for retriever in self.retrievers
            for reranker in (*self.rerankers, *(() if BEFORE in self.rerankers else (NONE,)))
            if (retriever, reranker) != self.today
        ]
