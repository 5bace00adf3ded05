"""JSON-RPC envelopes: which messages are well formed, and the answers and refusals that go back.

It knows nothing of methods, and imports nothing: the answer to ``initialize`` needs it before pygls is there.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]
MessageId = int | str

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
SERVER_NOT_INITIALIZED: Final = -32002
REQUEST_CANCELLED: Final = -32800
SERVER_CANCELLED: Final = -32802
REQUEST_FAILED: Final = -32803


class RefusedError(Exception):
    """A message that is answered with an error.

    Source: Language Server Protocol 3.17, "Response Message", for the codes.
    """

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code

    def answer(self, number: MessageId | None) -> Json:
        """The answer that says so; ``number`` is None when the message's id could not be read."""
        return {"jsonrpc": "2.0", "id": number, "error": {"code": self.code, "message": str(self)}}


def result(number: MessageId, value: object) -> Json:
    """The answer that holds a result."""
    return {"jsonrpc": "2.0", "id": number, "result": value}


def id_of(message: object) -> MessageId | None:
    """The id of a request or answer; None when there is none that may be used."""
    number = message.get("id") if isinstance(message, dict) else None
    return number if isinstance(number, int | str) and not isinstance(number, bool) else None


def is_answer(message: object) -> bool:
    """Whether this is a client's answer, and so must never be answered itself."""
    return isinstance(message, dict) and "method" not in message and ("result" in message or "error" in message)


def check_call(message: object) -> Json:
    """A request or notification that is well formed; it is a request when it has an ``id``.

    Raises:
        RefusedError: it is neither.
    """
    if not isinstance(message, dict):
        raise RefusedError(INVALID_REQUEST, f"a message must be an object, got {_kind(message)}")
    if "id" in message and id_of(message) is None:
        raise RefusedError(INVALID_REQUEST, f"an id must be an integer or a string, got {_kind(message['id'])}")
    if message.get("jsonrpc") != "2.0":
        raise RefusedError(INVALID_REQUEST, 'a message must say "jsonrpc": "2.0"')
    if not isinstance(message.get("method"), str):
        raise RefusedError(INVALID_REQUEST, f"a method must be a string, got {_kind(message.get('method'))}")
    if not isinstance(message.get("params"), dict | list | None):
        raise RefusedError(INVALID_REQUEST, f"params must be an object or an array, got {_kind(message['params'])}")
    return message


def _kind(value: object) -> str:
    """The name in JSON of the kind of a value; the value itself may be source text, and is never repeated."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "nothing"}
    return names.get(type(value), "a number")
