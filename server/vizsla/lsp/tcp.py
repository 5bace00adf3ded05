"""One client over TCP, on this machine alone, and only with the token.

Every process and every web page of this machine can connect to a port, so that a connection proves nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
import sys
import threading
from typing import TYPE_CHECKING, Final

from vizsla.core.errors import VizslaError
from vizsla.lsp.framing import MAX_BODY_BYTES

if TYPE_CHECKING:
    from vizsla.lsp.exit import Ending
    from vizsla.lsp.serving import Connection

TOKEN_VARIABLE: Final = "VIZSLA_TOKEN"
_ADDRESSES: Final = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
_LEAST_TOKEN_CHARACTERS: Final = 16
_MOST_STRANGERS: Final = 8  # connections at a time that have not shown the token
_STRANGER_SECONDS: Final = 10.0  # for one to show it
_STRANGER_BYTES: Final = 2**20  # of its initialize

logger = logging.getLogger(__name__)


class AddressError(VizslaError):
    """The server cannot or must not listen there."""


class Listener:
    """Listens until one client has shown the token, and to nobody after that."""

    def __init__(self, where: str, ending: Ending) -> None:
        """Listen, and say on stderr where and for which token.

        Args:
            where: ``port`` or ``address:port``; port 0 is any that is free.
            ending: ends this process when the client that is served goes.

        Raises:
            AddressError: the address is no loopback address or cannot be listened on, or the token is too short.
        """
        self._ending = ending
        self._token = os.environ.pop(TOKEN_VARIABLE, "")  # our children need not know it
        is_made = not self._token
        if is_made:
            self._token = secrets.token_urlsafe(32)
        elif len(self._token) < _LEAST_TOKEN_CHARACTERS:
            raise AddressError(
                f"${TOKEN_VARIABLE} has {len(self._token)} characters, and can be guessed;"
                f" give it at least {_LEAST_TOKEN_CHARACTERS}, or leave it out to have one made"
            )
        self._socket = _listen(where)
        self._strangers: set[socket.socket] = set()
        self._found = threading.Condition()
        self._connection: Connection | None = None
        host, port = self._socket.getsockname()[:2]
        told = f"; token: {self._token}" if is_made else ""
        print(f"vizsla: listening on {host} port {port}{told}", file=sys.stderr, flush=True)
        threading.Thread(target=self._accept, name="tcp", daemon=True).start()

    def wait(self) -> Connection:
        """The line of the client that showed the token first."""
        with self._found:
            self._found.wait_for(lambda: self._connection is not None)
            assert self._connection is not None
            return self._connection

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:  # closed: a client is served
                return
            with self._found:
                is_refused = self._connection is not None or len(self._strangers) >= _MOST_STRANGERS
                if not is_refused:
                    self._strangers.add(client)
            if is_refused:
                _close(client)
            else:
                self._meet(client)

    def _meet(self, client: socket.socket) -> None:
        from vizsla.lsp.serving import Connection

        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def refuse(reason: str) -> None:
            with self._found:
                if client not in self._strangers:
                    return
                self._strangers.discard(client)
            logger.warning("a connection is refused: %s", reason)
            connection.writer.flush(1.0)
            connection.writer.close()
            _close(client)

        def is_first() -> bool:
            with self._found:
                if self._connection is not None or client not in self._strangers:
                    return False
                self._strangers.discard(client)
                self._connection = connection
                others = list(self._strangers)
                self._found.notify_all()
            timer.cancel()
            connection.reader.frames.max_body_bytes = MAX_BODY_BYTES
            _close(self._socket)
            for other in others:
                _close(other)
            return True

        connection = Connection(
            client.fileno(),
            client.fileno(),
            self._ending,
            refuse=refuse,
            token=self._token,
            is_first=is_first,
            max_body_bytes=_STRANGER_BYTES,
        )
        timer = threading.Timer(_STRANGER_SECONDS, refuse, ["it showed no token"])
        timer.daemon = True
        timer.start()
        connection.reader.start()


def _listen(where: str) -> socket.socket:
    host, _, port = where.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if host not in _ADDRESSES:
        raise AddressError(f"the server listens on this machine alone, not on {host!r}; use 127.0.0.1 or ::1")
    if not (port.isascii() and port.isdigit() and int(port) < 2**16):
        raise AddressError(f"{port!r} is no port; use a number from 1 to 65535, or 0 for any that is free")
    try:
        listener = socket.socket(_ADDRESSES[host], socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen(_MOST_STRANGERS)
    except OSError as error:
        raise AddressError(
            f"{host} port {port} cannot be listened on ({error.strerror}); end what listens there, or use another"
        ) from error
    return listener


def _close(line: socket.socket) -> None:
    """End a line so that a thread which waits on it wakes up, as closing the descriptor alone would not do."""
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
