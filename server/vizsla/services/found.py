"""What the first stages of a question found: ranked functions as their files are now, and the answer they make."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from vizsla.index.records import StoredFunction
from vizsla.retrieval.fusion import Ranked
from vizsla.retrieval.query import Question
from vizsla.services.answers import Answer, Copy, Hit
from vizsla.services.freshness import Current
from vizsla.services.narrowing import narrowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A ranked function of one workspace that still stands in its file."""

    root: Path
    ranked: Ranked
    current: Current

    @property
    def hit(self) -> Hit:
        """The function as an answer shows it."""
        function = self.ranked.candidate.function
        return Hit(
            root=self.root,
            path=function.path,
            range=self.current.range,
            name=function.name,
            qualified_name=function.qualified_name,
            container=function.container,
            kind=function.kind,
            language=function.language,
            signature=function.signature,
            doc_line=next((line.strip() for line in function.doc.splitlines() if line.strip()), ""),
            score=self.ranked.score,
            why=self.ranked.why,
            is_stale=self.current.is_stale,
            source=self.current.source,
            before=self.current.before,
            copies=tuple(_copy(one.candidate.function) for one in self.ranked.copies),
        )


def _copy(function: StoredFunction) -> Copy:
    return Copy(path=function.path, qualified_name=function.qualified_name, range=function.range)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that is known of a question before the reranker reads anything.

    Attributes:
        question: what was asked, without its filters.
        shown: best first; more than are wanted where the reranker may lift some.
        is_partial: as in ``Answer``; so are the two below.
    """

    question: Question
    shown: tuple[Shown, ...]
    is_partial: bool
    is_semantic: bool
    notes: tuple[str, ...]

    def answer(self, query: str, limit: int, milliseconds: dict[str, float], *, is_reranked: bool = False) -> Answer:
        """The first ``limit`` of what was found, as an answer to ``query``."""
        return Answer(
            query=query,
            hits=tuple(narrowed(one.hit, self.question) for one in self.shown[:limit]),
            is_partial=self.is_partial,
            is_reranked=is_reranked,
            is_semantic=self.is_semantic,
            notes=self.notes,
            milliseconds=milliseconds,
        )


class Clock:
    """Milliseconds of the stages of one answer."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """A stage ends here."""
        now = time.perf_counter()
        self._laps[name] = round((now - self._last) * 1000, 2)
        self._last = now

    def total(self) -> dict[str, float]:
        """All stages so far, and "total" from the beginning to now."""
        return {**self._laps, "total": round((time.perf_counter() - self._start) * 1000, 2)}
