"""What is asked of every peer: index a folder, answer questions with files and lines."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from benchmarks.peers.running import Runner, Talk

Asked = Literal["library", "command", "server"]
"""What the time of a question holds: a call in a warm process, a whole process, or a client and its server."""


class UnusableError(Exception):
    """A peer cannot be measured here; the sentence says why, and the run goes on without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A stretch of a file. Lines count from 1 and include the last."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hits of one question, best first, and how long they took."""

    hits: Sequence[Hit]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Which weights the run uses.

    Attributes:
        transformer: folder of sentence-transformers; what peers embed with, and what is distilled for semble.
        retriever: name or folder of Vizsla's model.
        reranker: name or folder of Vizsla's reranker; empty for none.
        cross_encoder: folder of sentence-transformers for the script; None leaves out what needs it.
    """

    transformer: Path
    retriever: str = "default"
    reranker: str = ""
    cross_encoder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a peer works.

    Attributes:
        workspace: the tree that is searched, absolute. A peer may write hidden folders into it.
        state: a folder for its index, configuration and home.
        kept: a folder for what is made once for all sites, such as a distilled model.
        bin: where the commands of its environment are.
        runner: starts its processes.
        models: the weights of the run.
    """

    workspace: Path
    state: Path
    kept: Path
    bin: Path
    runner: Runner
    models: Models


class Peer(ABC):
    """One program at one site, driven by its public command or API alone.

    Attributes:
        name: of its rows, unique.
        what: one sentence for the notes of the tables.
        pins: the file below ``pins/`` that says what its environment holds; empty where that is ours.
        asked: what the time of a question holds.
    """

    name: ClassVar[str]
    what: ClassVar[str]
    pins: ClassVar[str] = ""
    asked: ClassVar[Asked] = "library"

    def __init__(self, site: Site) -> None:
        self.site = site

    def prepare(self) -> None:
        """Make what is not measured: a configuration, a distilled model.

        Raises:
            UnusableError: it cannot be made.
        """
        return

    @abstractmethod
    def index(self) -> None:
        """Bring the index up to date with the workspace, from nothing or after an edit; returns when it is.

        Raises:
            UnusableError: the peer failed.
        """

    @abstractmethod
    def ask(self, questions: Sequence[str], limit: int) -> list[Answer]:
        """Answer questions one after the other; the time of the first may hold a start.

        Args:
            questions: one line each.
            limit: hits wanted of each; a peer without such an option gives what it gives.

        Raises:
            UnusableError: the peer failed.
        """

    def first_answer(self, question: str, limit: int) -> Answer:
        """The quickest way to an answer on a workspace never seen: here a whole index, then the question."""
        self.index()
        return self.ask([question], limit)[0]

    def ask_after_edit(self, question: str, limit: int) -> Answer:
        """An answer that knows the newest text of every file."""
        self.index()
        return self.ask([question], limit)[0]

    def close(self) -> None:
        """End what is running."""
        self.site.runner.stop_all()


class ScriptPeer(Peer):
    """A peer that is called through its Python API, in a child inside its environment."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._talk: Talk | None = None

    @abstractmethod
    def script(self) -> Sequence[str | Path]:
        """The module below ``benchmarks.peers.children``, and its arguments."""

    def index(self) -> None:
        self._call({"do": "index"})

    def ask(self, questions: Sequence[str], limit: int) -> list[Answer]:
        answers = []
        for question in questions:
            start = time.perf_counter()
            rows = self._call({"do": "ask", "question": question, "limit": limit})
            seconds = time.perf_counter() - start
            hits = [Hit(path=path, start_line=first, end_line=last) for path, first, last in rows]
            answers.append(Answer(hits=hits, seconds=seconds))
        return answers

    def _call(self, request: dict[str, object]) -> Any:
        if self._talk is None:
            module, *arguments = map(str, self.script())
            command = [self.site.bin / "python", "-m", f"benchmarks.peers.children.{module}", *arguments]
            self._talk = self.site.runner.talk(command, modules=True)
        return self._talk.ask(request)
