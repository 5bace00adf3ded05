"""Everything up to the answer to ``initialize``, in plain JSON: pygls is still being imported when it is due.

What comes after it waits, in order, until the protocol is there to take it.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable
from typing import Any, Final

from vizsla import __version__
from vizsla.lsp import messages
from vizsla.lsp.envelopes import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    SERVER_NOT_INITIALIZED,
    Json,
    RefusedError,
    check_call,
    id_of,
    is_answer,
    result,
)
from vizsla.lsp.framing import Unreadable

POSITION_ENCODINGS: Final = ("utf-8", "utf-16", "utf-32")
_INCREMENTAL: Final = 2  # TextDocumentSyncKind
_FILE_OPERATIONS: Final = ("didCreate", "didDelete", "didRename")


class Handshake:
    """Takes messages from the first one on, and hands them on once ``initialize`` is answered and ``attach`` called."""

    def __init__(
        self,
        send: Callable[[bytes], object],
        *,
        refuse: Callable[[str], object],
        watch_parent: Callable[[int], object],
        token: str | None = None,
        is_first: Callable[[], bool] = lambda: True,
    ) -> None:
        """Make it.

        Args:
            send: takes the bodies of answers.
            refuse: called with the reason when the client must not or will not be served.
            watch_parent: called with the id of the process whose death ends us.
            token: what the client has to show in ``initializationOptions.token``; None on a line that is ours alone.
            is_first: called once for a client that may be served; False when another one already is.
        """
        self._send = send
        self._refuse = refuse
        self._watch_parent = watch_parent
        self._token = token
        self._is_first = is_first
        self._is_refused = False
        self._waiting: list[object] = []
        self._deliver: Callable[[object], object] | None = None
        self._is_answered = False
        self._lock = threading.Lock()

    @property
    def is_answered(self) -> bool:
        """Whether the client was told who we are; the first message handed on is then its ``initialize``."""
        return self._is_answered

    def receive(self, message: object) -> None:
        """Take one message, on the reader's thread."""
        if not self._is_answered:
            self._receive_early(message)
            return
        with self._lock:
            if self._deliver is None:
                self._waiting.append(message)
                return
        self._deliver(message)

    def attach(self, take: Callable[[object], object], deliver: Callable[[object], object]) -> None:
        """Hand on what waits, then all as it comes, of which the first is the ``initialize`` that is answered.

        Args:
            take: called now with each message that waits.
            deliver: called on the reader's thread with each that comes.
        """
        with self._lock:
            for message in self._waiting:
                take(message)
            self._waiting.clear()
            self._deliver = deliver

    def _receive_early(self, message: object) -> None:
        if self._is_refused or is_answer(message):  # there is nothing yet to answer, and answers are never answered
            return
        try:
            if isinstance(message, Unreadable):
                if self._token is not None:  # a browser or another stranger, who is told nothing
                    self._turn_away("what came is no message")
                    return
                raise RefusedError(message.code, message.reason)
            self._receive_call(check_call(message))
        except RefusedError as refused:
            self._answer(refused.answer(id_of(message)))

    def _receive_call(self, call: Json) -> None:
        method = call["method"]
        if "id" not in call:
            if method == "exit":
                self._turn_away("the client said exit before initialize")
            return  # any other notification before initialize is dropped
        if method != "initialize":
            raise RefusedError(SERVER_NOT_INITIALIZED, f"'initialize' has to come before '{method[:100]}'")
        params = check_initialize(call.get("params"))
        if not (self._has_token(params) and self._is_first()):
            said = "initializationOptions.token is not the token of this server, or another client was first"
            self._answer(RefusedError(INVALID_REQUEST, said).answer(call["id"]))
            self._turn_away(said)
            return
        self._answer(result(call["id"], initialize_result(params)))
        with self._lock:  # a client may take longer than all our imports, so that ``attach`` has run already
            self._is_answered = True
            deliver = self._deliver
            if deliver is None:
                self._waiting.append(call)
        if deliver is not None:
            deliver(call)
        if (process_id := params.get("processId")) is not None:
            self._watch_parent(process_id)

    def _has_token(self, params: Json) -> bool:
        if self._token is None:
            return True
        options = params.get("initializationOptions")
        shown = options.pop("token", None) if isinstance(options, dict) else None  # nobody else need know it
        return isinstance(shown, str) and hmac.compare_digest(
            shown.encode(errors="replace"), self._token.encode(errors="replace")
        )

    def _turn_away(self, reason: str) -> None:
        self._is_refused = True
        self._refuse(reason)

    def _answer(self, answer: Json) -> None:
        self._send(json.dumps(answer).encode())


def check_initialize(params: object) -> Json:
    """The parameters of ``initialize``, as far as the answer and our own life depend on them.

    Raises:
        RefusedError: they do not fit the protocol.
    """
    if not isinstance(params, dict) or not isinstance(params.get("capabilities"), dict):
        raise RefusedError(INVALID_PARAMS, "initialize needs an object with 'capabilities'")
    process_id = params.get("processId")
    if isinstance(process_id, bool) or not isinstance(process_id, int | None):
        raise RefusedError(INVALID_PARAMS, "'processId' must be an integer or null")
    if not 0 < (process_id if process_id is not None else 1) < 2**31:
        raise RefusedError(INVALID_PARAMS, f"'processId' must be the id of a process, got {process_id}")
    if not isinstance(params.get("workspaceFolders"), list | None):
        raise RefusedError(INVALID_PARAMS, "'workspaceFolders' must be an array or null")
    return params


def initialize_result(params: Json) -> Json:
    """What we are and can, for a client of these parameters."""
    return {
        "capabilities": server_capabilities(params["capabilities"]),
        "serverInfo": {"name": "vizsla", "version": __version__},
    }


def server_capabilities(client: Json) -> Json:
    """What the handlers offer a client of these capabilities; a test compares it with what is registered."""
    return {
        "positionEncoding": position_encoding(client),
        "textDocumentSync": {"openClose": True, "change": _INCREMENTAL, "save": True},
        "executeCommandProvider": {"commands": list(messages.COMMANDS)},
        "workspaceSymbolProvider": {"resolveProvider": False},
        "workspace": {
            "workspaceFolders": {"supported": True, "changeNotifications": True},
            "fileOperations": {
                name: {"filters": [{"pattern": {"glob": "**"}, "scheme": "file"}]}
                for name in _FILE_OPERATIONS
                if _found(client, "workspace", "fileOperations", name) is True
            },
        },
        "experimental": messages.experimental(),
    }


def position_encoding(client: Json) -> str:
    """The first of the client's encodings that we know; UTF-16 when it names none."""
    named = _found(client, "general", "positionEncodings")
    for encoding in named if isinstance(named, list) else ():
        if encoding in POSITION_ENCODINGS:
            return str(encoding)
    return "utf-16"


def _found(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
