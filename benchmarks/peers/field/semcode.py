"""semcode-search by its command, with the transformer of the run in the place of the model that it would download."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.peer import Answer, Hit, Peer
from benchmarks.peers.token_model import place_token_model

_HIT = re.compile(r"^ +#\d+ (.+):(\d+)-(\d+) +\([-\d.]+% match\)$")


class Semcode(Peer):
    name = "semcode-search"
    what = "with the run's transformer as ONNX in its cache; its own model would have to be downloaded"
    pins = "semcode"
    asked = "command"

    def prepare(self) -> None:
        home = Path(self.site.runner.environment["HOME"])
        place_token_model(self.site, home / ".cache" / "codesearch" / "model")

    def index(self) -> None:
        self.site.runner.run([self._command, "index", self.site.workspace])

    def ask(self, questions: Sequence[str], limit: int) -> list[Answer]:
        return [self._ask(question, limit) for question in questions]

    def _ask(self, question: str, limit: int) -> Answer:
        options = ["--top", limit, "--directory", self.site.workspace, "--no-preview"]
        ran = self.site.runner.run([self._command, "search", *options, "--", question])
        return Answer(hits=hits_of(ran.output), seconds=ran.seconds)

    @property
    def _command(self) -> Path:
        return self.site.bin / "codesearch"


def hits_of(output: str) -> list[Hit]:
    """What it printed, as hits."""
    found = (_HIT.match(line) for line in output.splitlines())
    return [Hit(path=hit[1], start_line=int(hit[2]), end_line=int(hit[3])) for hit in found if hit]
