"""Vizsla by its command line, as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.peers.peer import Answer, Hit, Peer, UnusableError

_TRIES = 50


class Vizsla(Peer):
    """All stages with the settings that it ships with; questions in one process, by ``--batch``."""

    name = "vizsla"
    what = "`vizsla search --batch`, one process for all questions; first answers by `vizsla search --now`"
    options: ClassVar[Sequence[str]] = ()

    def prepare(self) -> None:
        models = {"retriever": self.site.models.retriever, "reranker": self.site.models.reranker}
        lines = ["[models]", *(f"{name} = {json.dumps(value)}" for name, value in models.items() if value)]
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.site.runner.environment["VIZSLA_CONFIG"] = str(self._config)
        self.site.runner.environment["VIZSLA_CACHE_DIR"] = str(self.site.state / "cache")

    def index(self) -> None:
        self.site.runner.run([self._command, "index", "--json", self.site.workspace])

    def ask(self, questions: Sequence[str], limit: int) -> list[Answer]:
        batch = self.site.state / "questions.txt"
        batch.write_text("".join(f"{question}\n" for question in questions), encoding="utf-8")
        command = [self._command, "search", "--batch", batch, self.site.workspace, *self._options(limit)]
        with self.site.runner.lines(command) as lines:
            found = [Answer(hits=_hits(json.loads(line)), seconds=seconds) for line, seconds in lines]
        if len(found) != len(questions):
            raise UnusableError(f"{len(found)} answers to {len(questions)} questions")
        return found

    def first_answer(self, question: str, limit: int) -> Answer:
        """The first answer that is not empty: on a slow machine its first look may come to nothing."""
        for _ in range(_TRIES):
            answer = self._search(question, limit, "--now")
            if answer.hits:
                return answer
        raise UnusableError(f"no hit in {_TRIES} answers to {question!r}")

    def ask_after_edit(self, question: str, limit: int) -> Answer:
        return self._search(question, limit)

    def _search(self, question: str, limit: int, *options: str) -> Answer:
        command = [self._command, "search", question, self.site.workspace, *options, *self._options(limit)]
        ran = self.site.runner.run(command, statuses=(0, 1))
        return Answer(hits=_hits(json.loads(ran.output)), seconds=ran.seconds)

    def _options(self, limit: int) -> list[str]:
        return ["--json", "--limit", str(limit), *self.options]

    @property
    def _command(self) -> Path:
        return self.site.bin / "vizsla"

    @property
    def _config(self) -> Path:
        return self.site.state / "config.toml"


class VizslaFused(Vizsla):
    """Without its reranker."""

    name = "vizsla, no rerank"
    what = "the same with `--no-rerank`"
    options = ("--no-rerank",)


def _hits(answer: Mapping[str, Any]) -> list[Hit]:
    return [
        Hit(path=hit["path"], start_line=hit["start_line"], end_line=hit["end_line"]) for hit in answer.get("hits", ())
    ]
