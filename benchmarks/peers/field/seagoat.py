"""SeaGOAT by its server, asked over HTTP as its own client does."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.peer import Answer, Hit, Peer, Site, UnusableError
from benchmarks.peers.serving import call, free_port, wait_until_listening
from benchmarks.peers.token_model import place_token_model

_LINES = 500  # its own default of a limit, which it calls a clue
_LOOK_SECONDS = 0.5
_FIRST_SECONDS = 3600.0


class SeaGoat(Peer):
    name = "SeaGOAT"
    what = "its server with the run's transformer as ONNX in Chroma's cache, where it would download the same MiniLM to"
    pins = "seagoat"
    asked = "server"

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._server: subprocess.Popen[bytes] | None = None
        self._url = ""

    def prepare(self) -> None:
        home = Path(self.site.runner.environment["HOME"])
        place_token_model(self.site, home / ".cache" / "chroma" / "onnx_models" / "all-MiniLM-L6-v2" / "onnx")

    def index(self) -> None:
        """Start the server, or see whether it has noticed a change, and wait until no chunk is left to analyse."""
        self._start()
        while True:
            stats = self._call("/status")["stats"]
            if stats["chunks"]["analyzed"] and not stats["chunks"]["unanalyzed"] and not stats["queue"]["size"]:
                return
            # Its single worker looks for changes only while nobody asks.
            time.sleep(_LOOK_SECONDS)

    def ask(self, questions: Sequence[str], limit: int) -> list[Answer]:
        answers = []
        for question in questions:
            start = time.perf_counter()
            found = self._call("/lines/query", {"queryText": question, "limitClue": _LINES})
            seconds = time.perf_counter() - start
            answers.append(Answer(hits=hits_of(found)[:limit], seconds=seconds))
        return answers

    def first_answer(self, question: str, limit: int) -> Answer:
        """The first answer that is not empty: it answers while it analyses."""
        self._start()
        deadline = time.monotonic() + _FIRST_SECONDS
        while time.monotonic() < deadline:
            (answer,) = self.ask([question], limit)
            if answer.hits:
                return answer
            time.sleep(_LOOK_SECONDS)
        raise UnusableError(f"no hit for {question!r} within {_FIRST_SECONDS:.0f} s")

    def ask_after_edit(self, question: str, limit: int) -> Answer:
        time.sleep(_LOOK_SECONDS)
        return super().ask_after_edit(question, limit)

    def _start(self) -> None:
        if self._server is None:
            port, log = free_port(), self.site.state / "server.log"
            command = [self.site.bin / "seagoat-server", "start", self.site.workspace, "--port", port]
            self._server = self.site.runner.start(command, log=log)
            self._url = f"http://127.0.0.1:{port}"
            wait_until_listening(port, self._server, log)

    def _call(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            return call(f"{self._url}{path}", body)
        except OSError as error:
            said = (self.site.state / "server.log").read_text(encoding="utf-8", errors="replace")[-1000:]
            raise UnusableError(f"its server answers {error} to {path}: {said}") from None


def hits_of(found: Mapping[str, Any]) -> list[Hit]:
    """Blocks of lines in the order in which its client prints them: file by file."""
    return [
        Hit(path=result["path"], start_line=block["lines"][0]["line"], end_line=block["lines"][-1]["line"])
        for result in found["results"]
        for block in result["blocks"]
    ]
