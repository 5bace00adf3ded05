"""Complete, checked settings with their defaults. Raw options of users become these in ``options``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import platformdirs

Device = Literal["auto", "cpu", "cuda", "mps"]

MOST_HITS = 200
"""Of one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """What is indexed, and how hard we try. Read when a workspace is opened."""

    max_file_bytes: int = 1_000_000  # larger files are skipped, and said to be
    max_line_characters: int = 20_000  # a longer line marks a file as minified
    max_functions_per_file: int = 5_000
    parse_seconds: float = 10.0  # deadline per file
    parse_workers: int = 0  # 0: one per core, at most 8
    text_windows: bool = False  # also index Markdown, TOML, SQL … as line windows
    exclude: tuple[str, ...] = ()  # further ignore patterns, in .gitignore's language

    def __post_init__(self) -> None:
        for name in ("max_file_bytes", "max_line_characters", "max_functions_per_file", "parse_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        if not 0 <= self.parse_workers <= 64:
            raise ValueError(f"parse_workers must be 0 to 64, got {self.parse_workers}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Which models answer, and where they run."""

    retriever: str = "default"  # name of an added model, or a path to a model folder
    reranker: str = "default"  # likewise; "none" switches reranking off
    device: Device = "auto"
    threads: int = 0  # of the model worker on a CPU; 0: one per physical core

    def __post_init__(self) -> None:
        if self.device not in ("auto", "cpu", "cuda", "mps"):
            raise ValueError(f"device must be auto, cpu, cuda or mps, got {self.device!r}")
        if not 0 <= self.threads <= 256:
            raise ValueError(f"threads must be 0 to 256, got {self.threads}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """How one query is answered. Read once per request, never changed."""

    candidates: int = 100  # taken from each retriever; more where more hits are wanted
    rerank_depth: int | None = None  # fused candidates the reranker reads; None: as it was measured best, or 20
    rerank_seconds: float = 0.15  # its time budget
    limit: int = 10  # hits returned

    def __post_init__(self) -> None:
        if self.candidates < 1:
            raise ValueError(f"candidates must be at least 1, got {self.candidates}")
        if not 0 < self.limit <= MOST_HITS:
            raise ValueError(f"limit must be 1 to {MOST_HITS}, got {self.limit}")
        if self.rerank_depth is not None and not 0 <= self.rerank_depth <= self.candidates:
            raise ValueError(f"need 0 <= rerank_depth <= candidates, got {self.rerank_depth}")
        if self.rerank_seconds < 0:
            raise ValueError(f"rerank_seconds must not be negative, got {self.rerank_seconds}")

    def hits(self, wanted: int | None) -> int:
        """How many hits an answer has at most, where so many are wanted; None for as many as usual."""
        return max(1, min(wanted or self.limit, MOST_HITS))


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSettings:
    """Where everything that we write lies, and how much it may grow."""

    directory: Path = field(default_factory=lambda: platformdirs.user_cache_path("vizsla", appauthor=False))
    max_embedding_bytes: int = 2_000_000_000

    def __post_init__(self) -> None:
        if self.max_embedding_bytes <= 0:
            raise ValueError(f"max_embedding_bytes must be positive, got {self.max_embedding_bytes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSettings:
    """What is remembered of how answers are used."""

    enabled: bool = False  # keep a log of the hits that were opened, on this machine, for training


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one process."""

    index: IndexSettings = field(default_factory=IndexSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    feedback: FeedbackSettings = field(default_factory=FeedbackSettings)
