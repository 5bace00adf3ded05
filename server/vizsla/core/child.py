"""A child process that answers over its stdin and stdout, and the child's own end of that line.

It does not know what is asked. Objects travel as pickles: both ends are the same program on one machine.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import BinaryIO

_children: weakref.WeakSet[Child] = weakref.WeakSet()


def kill_children() -> None:
    """End every child of this process at once; for a process that is about to end itself."""
    for child in list(_children):
        child.kill()


class Child:
    """One child process running ``python -m module``.

    Messages of the child arrive on a thread of this object. When the child is gone, for whatever reason,
    ``on_exit`` is called exactly once, after its last message.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        on_message: Callable[[object], None],
        on_exit: Callable[[int], None],
        nice: int = 0,
    ) -> None:
        """Start the child.

        Args:
            module: importable name of the module to run.
            arguments: its command-line arguments.
            on_message: called with each object that the child sends.
            on_exit: called with the exit status, negative for a signal.
            nice: added to the niceness of the child.
        """
        self._process = subprocess.Popen(
            # -P: the directory we were started in must never be able to shadow a module.
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "VIZSLA_CHILD_NICE": str(nice)},
        )
        _children.add(self)
        self._on_message = on_message
        self._on_exit = on_exit
        self._sending = threading.Lock()
        self._reader = threading.Thread(target=self._read, name=f"{module}-reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id of the child."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def send(self, message: object) -> bool:
        """Hand an object to the child; False when the child is gone (``on_exit`` is or will be called)."""
        frame = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        stdin = self._process.stdin
        assert stdin is not None
        with self._sending:
            try:
                stdin.write(frame)
                stdin.flush()
            except (OSError, ValueError):  # the pipe is broken or closed
                return False
        return True

    def kill(self) -> None:
        """End the child at once."""
        self._process.kill()

    def close(self, *, timeout_seconds: float = 2.0) -> None:
        """Ask the child to end by closing its stdin; kill it when it does not."""
        # A sender may hold the lock for as long as the child does not read.
        if self._sending.acquire(timeout=timeout_seconds):
            try:
                with contextlib.suppress(OSError):
                    assert self._process.stdin is not None
                    self._process.stdin.close()
            finally:
                self._sending.release()
        else:
            self._process.kill()
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if threading.current_thread() is not self._reader:
            self._reader.join(timeout_seconds)

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            while True:
                try:
                    message = pickle.load(stdout)
                except Exception:
                    # A killed child leaves half a frame. One that writes anything else is as good as dead, and
                    # what bytes that are no frame raise cannot be foretold.
                    break
                self._on_message(message)
        finally:
            if self._process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(1.0)
            if self._process.poll() is None:
                self._process.kill()
            status = self._process.wait()
            stdout.close()
            self._on_exit(status)


class Parent:
    """The child's end of the line."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._sending = threading.Lock()

    def receive(self) -> object:
        """The next object from the parent.

        Raises:
            EOFError: the parent closed the line or died.
        """
        return pickle.load(self._incoming)

    def send(self, message: object) -> None:
        """Hand an object to the parent."""
        frame = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        with self._sending:
            self._outgoing.write(frame)
            self._outgoing.flush()


def connect_to_parent() -> Parent:
    """Take over stdin and stdout for the line to the parent; call once, first thing in the child.

    Whatever a library prints goes to stderr from here on, never into the line.
    """
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    nice = int(os.environ.get("VIZSLA_CHILD_NICE", "0"))
    if nice and hasattr(os, "nice"):
        os.nice(nice)
    return Parent(incoming, outgoing)
