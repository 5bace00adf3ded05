"""A peer's own server on this machine: a free port, and waiting until it answers."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.peers.peer import UnusableError

_TAIL = 1_000


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def call(url: str, body: Mapping[str, Any] | None = None, *, seconds: float = 600.0) -> Any:
    """What a server answers, as JSON; never through a proxy.

    Raises:
        OSError: it does not answer, or not well.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=seconds) as answer:
        return json.loads(answer.read())


def wait_until_listening(port: int, server: subprocess.Popen[bytes], log: Path, *, seconds: float = 600.0) -> None:
    """Return when something listens on a port.

    Raises:
        UnusableError: the server ended, or nothing listens in time.
    """
    deadline = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace")[-_TAIL:]
    raise UnusableError(f"its server does not listen on port {port} (status {server.poll()}): {said}")
