"""cocoindex-code by its command ``ccc`` and the daemon behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.peer import Answer, Hit, Peer


class CocoIndex(Peer):
    name = "cocoindex-code"
    what = "`ccc index` and `ccc search` with the run's transformer from its folder; its daemon stays up between them"
    pins = "cocoindex"
    asked = "server"

    def prepare(self) -> None:
        """Name the model in its settings, and make the project."""
        settings = Path(self.site.runner.environment["HOME"]) / ".cocoindex_code"
        settings.mkdir()
        # JSON is YAML.
        model = {"provider": "sentence-transformers", "model": str(self.site.models.transformer), "device": "cpu"}
        (settings / "global_settings.yml").write_text(json.dumps({"embedding": model}), encoding="utf-8")
        self.site.runner.run([self._command, "init", "--force"], cwd=self.site.workspace)

    def index(self) -> None:
        self.site.runner.run([self._command, "index"], cwd=self.site.workspace)

    def ask(self, questions: Sequence[str], limit: int) -> list[Answer]:
        return [self._ask(question, limit) for question in questions]

    def ask_after_edit(self, question: str, limit: int) -> Answer:
        return self._ask(question, limit, "--refresh")

    def _ask(self, question: str, limit: int, *options: str) -> Answer:
        command = [self._command, "search", "--json", "--limit", str(limit), *options, "--", question]
        ran = self.site.runner.run(command, cwd=self.site.workspace)
        rows = json.loads(ran.output)["results"]
        hits = [Hit(path=row["file_path"], start_line=row["start_line"], end_line=row["end_line"]) for row in rows]
        return Answer(hits=hits, seconds=ran.seconds)

    @property
    def _command(self) -> Path:
        return self.site.bin / "ccc"
