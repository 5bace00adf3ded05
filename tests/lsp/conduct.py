"""What a server may say to its client, and when: the rules that ``strict_client`` holds a server to."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

NOTIFICATIONS = {"window/showMessage", "window/logMessage", "$/progress", "$/logTrace", "vizsla/statusChanged"}
BEFORE_INITIALIZED = {"window/showMessage", "window/logMessage"}
REQUESTS = {
    "client/registerCapability",
    "client/unregisterCapability",
    "workspace/configuration",
    "workspace/workspaceFolders",
    "window/workDoneProgress/create",
    "window/showMessageRequest",
}


class Conduct:
    """What was asked, what was heard, and every fault in it."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.notified: list[tuple[str, Any]] = []
        self.requested: list[tuple[str, Any]] = []
        self.methods_asked: list[str] = []
        self.unaddressed: list[Json] = []
        self.is_initialized = False
        self.is_over = False  # the server ended, or was made to: what it still owed is forgiven
        self.may_blame_nobody = False  # bytes were sent that are no message
        self.allows_traceback = False
        self._owed: dict[int | str, str] = {}
        self._answered: set[int | str] = set()
        self._partial: dict[int | str, int | str] = {}  # partial-result token → request
        self._work: dict[int | str, str] = {}  # work-done token → made, begun, ended
        self._capabilities: Json = {}
        self._wants_status = False

    def fault(self, sentence: str) -> None:
        """Note what a server must not do."""
        self.faults.append(sentence)

    def asked(self, number: int | str, method: str, params: object) -> None:
        """Note a request that is about to be sent."""
        self._owed[number] = method
        self._answered.discard(number)
        self.methods_asked.append(method)
        if not isinstance(params, dict):
            return
        arguments = params.get("arguments")  # of a command, whose first may be the parameters of a request of ours
        for asking in (params, *(arguments if isinstance(arguments, list) else ())):
            if isinstance(asking, dict) and (token := asking.get("partialResultToken")) is not None:
                self._partial[token] = number
            if isinstance(asking, dict) and (token := asking.get("workDoneToken")) is not None:
                self._work[token] = "made"
        if method == "initialize":
            options = params.get("initializationOptions")
            capabilities = params.get("capabilities")
            self._capabilities = capabilities if isinstance(capabilities, dict) else {}
            self._wants_status = bool(
                (isinstance(options, dict) and options.get("statusNotifications"))
                or self._capable("experimental", "vizsla")
            )

    def heard(self, message: Json) -> None:
        """Judge a message of the server."""
        if message.get("jsonrpc") != "2.0":
            self.fault(f"a message without jsonrpc 2.0: {message}")
        if "method" not in message:
            self._judge_answer(message)
        elif "id" in message:
            self._judge_request(message)
        else:
            self._judge_notification(message)

    def reckoning(self, stderr: str) -> list[str]:
        """Every fault so far, and what is still owed."""
        faults = list(self.faults)
        if not self.is_over:
            faults += [f"request {number!r} ({method}) was never answered" for number, method in self._owed.items()]
            faults += [f"progress {token!r} never ended" for token, state in self._work.items() if state == "begun"]
        if "Traceback (most recent call last)" in stderr and not self.allows_traceback:
            faults.append("a traceback on stderr")
        return faults

    def _judge_answer(self, message: Json) -> None:
        number = message.get("id", "absent")
        if ("result" in message) == ("error" in message):
            self.fault(f"an answer needs either a result or an error: {message}")
        if number is None:
            self.unaddressed.append(message.get("error", {}))
            if not self.may_blame_nobody:
                self.fault(f"an error that names no request: {message}")
        elif number in self._answered:
            self.fault(f"request {number!r} was answered twice: {message}")
        elif number not in self._owed:
            self.fault(f"an answer to nothing: {message}")
        else:
            method = self._owed.pop(number)
            self._answered.add(number)
            self.is_initialized |= method == "initialize" and "result" in message
            self._partial = {token: of for token, of in self._partial.items() if of != number}

    def _judge_request(self, message: Json) -> None:
        method: str = message["method"]
        params: Any = message.get("params")
        self.requested.append((method, params))
        if method not in REQUESTS:
            self.fault(f"an unknown request: {method}")
        if not self.is_initialized:
            self.fault(f"{method} before initialize was answered")
        if method == "window/workDoneProgress/create":
            if not self._capable("window", "workDoneProgress"):
                self.fault("progress was made, of which the client knows nothing")
            if params["token"] in self._work:
                self.fault(f"progress {params['token']!r} was made twice")
            self._work[params["token"]] = "made"
        if method == "workspace/configuration" and not self._capable("workspace", "configuration"):
            self.fault("settings were asked for, of which the client knows nothing")
        if method == "client/registerCapability":
            for registration in params["registrations"]:
                area, _, name = registration["method"].partition("/")
                if not self._capable(area, name, "dynamicRegistration"):
                    self.fault(f"{registration['method']} was registered, and the client cannot")

    def _judge_notification(self, message: Json) -> None:
        method: str = message["method"]
        params: Any = message.get("params")
        self.notified.append((method, params))
        if method not in NOTIFICATIONS:
            self.fault(f"an unknown notification: {method}")
        if not self.is_initialized and method not in BEFORE_INITIALIZED:
            self.fault(f"{method} before initialize was answered")
        if method == "vizsla/statusChanged" and not self._wants_status:
            self.fault("a status was sent that nobody asked for")
        if method == "$/progress":
            self._judge_progress(params)

    def _judge_progress(self, params: Json) -> None:
        token, value = params["token"], params["value"]
        if token in self._partial:
            return
        if token not in self._work:
            self.fault(f"progress on {token!r}, which nobody made or whose request is answered")
            return
        kind = value.get("kind") if isinstance(value, dict) else None
        before = {"begin": "made", "report": "begun", "end": "begun"}.get(str(kind))
        if self._work[token] != before:
            self.fault(f"progress {token!r} was {self._work[token]}, then came {value}")
        self._work[token] = "ended" if kind == "end" else "begun"

    def _capable(self, *names: str) -> bool:
        found: Any = self._capabilities
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return bool(found)
