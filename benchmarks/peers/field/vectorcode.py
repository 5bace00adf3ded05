"""VectorCode: its command makes the index, its MCP server answers, a Chroma server of its environment keeps both."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.peer import Answer, Hit, Peer, Site, UnusableError
from benchmarks.peers.running import Talk
from benchmarks.peers.serving import free_port, wait_until_listening

_PATH = re.compile(r"<path>(.*?)</path>")
_WHOLE_FILE = 10**9  # it answers with files


class VectorCode(Peer):
    name = "VectorCode"
    what = "`vectorcode vectorise`, then its MCP server, with the run's transformer; it answers with whole files"
    pins = "vectorcode"
    asked = "server"

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._port = 0
        self._chroma: subprocess.Popen[bytes] | None = None
        self._talk: Talk | None = None
        self._asked = 0

    def prepare(self) -> None:
        self._port = free_port()
        settings = {
            "embedding_function": "SentenceTransformerEmbeddingFunction",
            "embedding_params": {"model_name": str(self.site.models.transformer), "device": "cpu"},
            "db_url": f"http://127.0.0.1:{self._port}",
        }
        folder = Path(self.site.runner.environment["HOME"]) / ".config" / "vectorcode"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
        self.site.runner.environment["XDG_CONFIG_HOME"] = str(folder.parent)

    def index(self) -> None:
        self._start_chroma()
        command = [self.site.bin / "vectorcode", "vectorise", "--recursive", "--project_root", self.site.workspace]
        self.site.runner.run([*command, self.site.workspace], cwd=self.site.workspace)

    def ask(self, questions: Sequence[str], limit: int) -> list[Answer]:
        answers = []
        for question in questions:
            start = time.perf_counter()
            arguments = {"n_query": limit, "query_messages": [question], "project_root": str(self.site.workspace)}
            found = self._call("tools/call", {"name": "query", "arguments": arguments})
            seconds = time.perf_counter() - start
            if found.get("isError"):
                raise UnusableError(f"its query failed: {str(found['content'])[-800:]}")
            paths = [match[1] for part in found["content"] if (match := _PATH.match(part["text"]))]
            hits = [Hit(path=path, start_line=1, end_line=_WHOLE_FILE) for path in paths]
            answers.append(Answer(hits=hits, seconds=seconds))
        return answers

    def _start_chroma(self) -> None:
        if self._chroma is None:
            log = self.site.state / "chroma.log"
            command = [self.site.bin / "chroma", "run", "--host", "127.0.0.1", "--port", self._port]
            self._chroma = self.site.runner.start([*command, "--path", self.site.state / "chroma"], log=log)
            wait_until_listening(self._port, self._chroma, log)

    def _call(self, method: str, params: Mapping[str, Any]) -> Any:
        """One request of the Model Context Protocol, which is JSON-RPC, a message a line."""
        if self._talk is None:
            self._talk = self.site.runner.talk([self.site.bin / "vectorcode-mcp-server"])
            client = {"name": "benchmark", "version": "1"}
            hello = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": client}
            self._request("initialize", hello)
            self._talk.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self._request(method, params)

    def _request(self, method: str, params: Mapping[str, Any]) -> Any:
        assert self._talk is not None
        self._asked += 1
        answer = self._talk.ask({"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params})
        if "result" not in answer:
            raise UnusableError(f"it answers {str(answer)[:500]} to {method}")
        return answer["result"]
