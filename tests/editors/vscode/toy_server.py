"""Stands for servers that cannot be had: an older one, a newer one, one whose training has ended."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

OFFERS: dict[str, dict[str, object]] = {
    "old": {"schema": 1, "requests": ["vizsla/search"]},
    "new": {"schema": 2, "requests": ["vizsla/ask"]},
    "trained": {"schema": 1, "requests": ["vizsla/search", "vizsla/similar", "vizsla/status"], "commands": []},
}


def main() -> None:
    """Be the one that is named, until told to exit. What a second argument names is where files may be written."""
    kind = sys.argv[1]
    report = Path(sys.argv[2]) / "report.html"
    report.write_text("<html><head><title>t</title></head><body>MRR went up</body></html>", encoding="utf-8")
    sentence = f"the training has ended with better models: MRR went up (report: {report})"
    while (message := _read()) is not None:
        if message.get("method") == "exit":
            return
        if "id" not in message:
            continue
        result: object = None
        if message["method"] == "initialize":
            capabilities = {"experimental": {"vizsla": OFFERS[kind]}}
            result = {"capabilities": capabilities, "serverInfo": {"name": "vizsla", "version": f"9-{kind}"}}
        elif message["method"] == "vizsla/status":
            end = {"isOffered": True, "sentence": sentence, "report": str(report)}
            result = {"schema": 1, "roots": [], "refusedSettings": [], "lastTraining": end}
        _write({"id": message["id"], "result": result})
        if kind == "trained" and message["method"] == "initialize":
            _write({"method": "window/showMessage", "params": {"type": 3, "message": f"Vizsla: {sentence}"}})


def _read() -> dict[str, Any] | None:
    size = 0
    while line := sys.stdin.buffer.readline().strip():
        if line.lower().startswith(b"content-length:"):
            size = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(size)) if size else None


def _write(message: dict[str, object]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    sys.stdout.buffer.flush()


main()
