"""Starts the processes of one peer: offline, with a home of their own, and each bearing the peer's mark."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.peer import UnusableError
from benchmarks.peers.processes import MARK, end, marked
from benchmarks.peers.refusals import Refusals

_TAIL = 1_500  # letters of what a peer said that are kept
_MOST_COMMANDS = 6  # that are kept to tell of
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that ended. ``seconds`` are from before its process was made until it was gone."""

    seconds: float
    output: str
    errors: str
    status: int


class Runner:
    """Runs commands of one peer at one site."""

    def __init__(self, state: Path, refusals: Refusals, *, bin: Path | None = None, seconds: float = 3_600.0) -> None:
        """Prepare the environment.

        Args:
            state: the home of the peer is made below it.
            refusals: its proxy.
            bin: searched for commands before anything else.
            seconds: the most that one command may take.
        """
        self.mark = uuid.uuid4().hex
        self.commands: list[str] = []
        self._seconds = seconds
        self._state = state
        self._talks: list[Talk] = []
        self._servers: list[subprocess.Popen[bytes]] = []
        home = state / "home"
        home.mkdir(parents=True, exist_ok=True)
        own = {name: os.environ[name] for name in _KEPT if name in os.environ}
        if bin is not None:
            own["PATH"] = os.pathsep.join([str(bin), own.get("PATH", os.defpath)])
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), refusals.url)
        around = {"NO_PROXY": "localhost,127.0.0.1,::1"}
        for name in (*proxies, *around):
            own[name] = own[name.lower()] = {**proxies, **around}[name]
        self.environment = {
            **own,
            MARK: self.mark,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "ANONYMIZED_TELEMETRY": "False",
            "DO_NOT_TRACK": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def run(
        self,
        command: Sequence[object],
        *,
        cwd: Path | None = None,
        more: Mapping[str, str] | None = None,
        statuses: Sequence[int] = (0,),
    ) -> Ended:
        """Run a command to its end.

        Raises:
            UnusableError: it ended with a status that is none of ``statuses``, or did not end.
        """
        words = [str(word) for word in command]
        self._note(words)
        start = time.perf_counter()
        try:
            ended = subprocess.run(
                words,
                cwd=cwd or self._state,
                env={**self.environment, **(more or {})},
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnusableError(f"{words[0]} did not end within {self._seconds:.0f} s") from None
        except OSError as error:
            raise UnusableError(f"{words[0]} cannot be started: {error.strerror}") from None
        seconds = time.perf_counter() - start
        if ended.returncode not in statuses:
            said = (ended.stderr.strip() or ended.stdout.strip())[-_TAIL:]
            raise UnusableError(f"{' '.join(words)[:200]} ended with {ended.returncode}: {said}")
        return Ended(seconds=seconds, output=ended.stdout, errors=ended.stderr, status=ended.returncode)

    @contextmanager
    def lines(self, command: Sequence[object], *, cwd: Path | None = None) -> Iterator[Iterator[tuple[str, float]]]:
        """The lines that a command prints, each with the seconds since the one before it, or since the start.

        Raises:
            UnusableError: it ended with a status that is neither 0 nor 1.
        """
        talk = Talk([str(word) for word in command], cwd or self._state, self.environment)
        self._note([str(word) for word in command])

        def read() -> Iterator[tuple[str, float]]:
            before = talk.began
            for line in talk.process.stdout or ():
                now = time.perf_counter()
                yield line.rstrip("\n"), now - before
                before = now

        try:
            yield read()
            if talk.process.wait(self._seconds) not in (0, 1):
                raise UnusableError(f"{command[0]} ended with {talk.process.returncode}: {talk.errors()}")
        finally:
            talk.close()

    def talk(self, command: Sequence[object], *, modules: bool = False) -> Talk:
        """Start a child that answers each line of JSON with one.

        Args:
            command: its words.
            modules: whether it is one of our modules.
        """
        words = [str(word) for word in command]
        self._note(words)
        around = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])} if modules else {}
        talk = Talk(words, self._state, {**self.environment, **around})
        self._talks.append(talk)
        return talk

    def start(self, command: Sequence[object], *, cwd: Path | None = None, log: Path) -> subprocess.Popen[bytes]:
        """Start a server that runs until ``stop_all``; what it says goes to ``log``."""
        words = [str(word) for word in command]
        self._note(words)
        with log.open("ab") as said:
            server = subprocess.Popen(
                words,
                cwd=cwd or self._state,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        self._servers.append(server)
        return server

    def stop_all(self) -> None:
        """End every process that was started, and what they started."""
        for talk in self._talks:
            talk.close()
        self._talks.clear()
        if marked(self.mark):
            end(self.mark)
        for server in self._servers:
            server.wait()
        self._servers.clear()

    def _note(self, words: list[str]) -> None:
        line = " ".join(words)
        if line not in self.commands and len(self.commands) < _MOST_COMMANDS:
            self.commands.append(line)


class Talk:
    """A running child with a line to it."""

    def __init__(self, command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> None:
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        self._said: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask(self, request: Mapping[str, Any]) -> Any:
        """What the child answers to one request.

        Raises:
            UnusableError: it is gone, or says that it failed.
        """
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            self.process.wait()
            raise UnusableError(f"the child ended with {self.process.returncode}: {self.errors()}")
        answer = json.loads(line)
        if isinstance(answer, dict) and "failed" in answer:
            raise UnusableError(str(answer["failed"])[-_TAIL:])
        return answer

    def tell(self, request: Mapping[str, Any]) -> None:
        """Send a line that is not answered."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def errors(self) -> str:
        """The end of what it said on stderr."""
        self._listener.join(1.0)
        return "".join(self._said)[-_TAIL:].strip()

    def close(self) -> None:
        """End it, kindly first."""
        for stream in (self.process.stdin, self.process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                pass  # it had gone before it read everything
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._listener.join(1.0)
        if self.process.stderr is not None and not self._listener.is_alive():
            self.process.stderr.close()

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self._said.append(line)
            del self._said[:-200]
