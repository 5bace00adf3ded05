"""A proxy on this machine that refuses everything and remembers what was asked of it.

Peers run with it as their proxy: what is not on this machine cannot be had, and a peer that needs it is named with it.
"""

from __future__ import annotations

import socket
import threading
from types import TracebackType

_SECONDS = 5.0


class Refusals:
    """Refuses every request until closed."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._asked: list[str] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="refusals", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What to name as the proxy."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def taken(self) -> list[str]:
        """What was asked for since the last call, each once, in order."""
        with self._lock:
            asked, self._asked = self._asked, []
        return list(dict.fromkeys(asked))

    def __enter__(self) -> Refusals:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # not every system shuts down a socket that listens
        self._socket.close()
        self._thread.join(_SECONDS)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return  # closed
            with line:
                line.settimeout(_SECONDS)
                try:
                    request = line.recv(4096).split(b"\r\n", 1)[0].decode("ascii", "replace")
                    line.sendall(b"HTTP/1.1 403 Measured offline\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                except OSError:
                    continue
            if request:
                with self._lock:
                    self._asked.append(" ".join(request.split()[:2]))
