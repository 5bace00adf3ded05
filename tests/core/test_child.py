"""Real child processes: messages both ways, deaths of every kind, and noise that must not reach the line."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vizsla.core.child import Child

CODE = """
import os, sys, time
from vizsla.core.child import connect_to_parent

if "garbage" in sys.argv:
    sys.stdout.buffer.write(b"cnowhere\\nnothing\\n.")
    sys.stdout.flush()
    time.sleep(60)
parent = connect_to_parent()
print("a library greets")
os.system("echo a program greets")
if "deaf" in sys.argv:
    time.sleep(60)
while True:
    try:
        message = parent.receive()
    except EOFError:
        sys.exit(0 if "stubborn" not in sys.argv else time.sleep(60))
    if message == "exit":
        sys.exit(7)
    if message == "half":
        os.write(parent._outgoing.fileno(), b"\\x80\\x05\\x95\\xff")
        os.kill(os.getpid(), 9)
    if message == "nice":
        message = os.nice(0)
    if message == "path":
        message = sys.path
    parent.send(("echo", message))
"""


class Line:
    """What a child said and how it ended."""

    def __init__(self) -> None:
        self.messages: queue.Queue[object] = queue.Queue()
        self.exits: queue.Queue[int] = queue.Queue()

    def next(self) -> object:
        return self.messages.get(timeout=30)

    def exit_status(self) -> int:
        status = self.exits.get(timeout=30)
        assert self.exits.empty()
        return status


Start = Callable[..., tuple[Child, Line]]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts children that echo; all are gone after the test."""
    (tmp_path / "echoing_child.py").write_text(CODE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    children: list[Child] = []

    def begin(*arguments: str, nice: int = 0) -> tuple[Child, Line]:
        line = Line()
        child = Child("echoing_child", arguments, on_message=line.messages.put, on_exit=line.exits.put, nice=nice)
        children.append(child)
        return child, line

    yield begin
    for child in children:
        child.kill()
        child.close()


def test_objects_come_back_in_order_and_noise_stays_out(start: Start) -> None:
    child, line = start()
    sent = [{"n": number, "bytes": bytes(100_000)} for number in range(20)]
    for message in sent:
        assert child.send(message)
    assert [line.next() for _ in sent] == [("echo", message) for message in sent]


def test_many_threads_may_send_at_once(start: Start) -> None:
    child, line = start()
    threads = [
        threading.Thread(target=lambda n=n: [child.send((n, bytes(5_000))) for _ in range(20)]) for n in range(5)
    ]
    for thread in threads:
        thread.start()
    received = [line.next() for _ in range(100)]
    for thread in threads:
        thread.join()
    assert sorted(message[1][0] for message in received) == sorted(list(range(5)) * 20)  # type: ignore[index]


def test_closing_ends_the_child_in_peace(start: Start) -> None:
    child, line = start()
    child.send("hello")
    child.close(timeout_seconds=30)
    assert line.next() == ("echo", "hello")
    assert line.exit_status() == 0
    assert not child.is_alive
    assert child.send("more") is False


def test_a_child_that_does_not_end_is_killed(start: Start) -> None:
    child, line = start("stubborn")
    child.send("hello")
    line.next()
    child.close(timeout_seconds=0.2)
    assert line.exit_status() == -9


def test_closing_does_not_wait_for_a_child_that_does_not_read(start: Start) -> None:
    child, line = start("deaf")
    sender = threading.Thread(target=child.send, args=(bytes(10_000_000),), daemon=True)
    sender.start()
    time.sleep(0.2)  # the pipe is full by now, or will be
    child.close(timeout_seconds=0.2)
    sender.join(30)
    assert not sender.is_alive()
    assert line.exit_status() == -9


@pytest.mark.parametrize(("message", "status"), [("exit", 7), ("half", -9)])
def test_a_death_is_told_once_after_the_last_message(start: Start, message: str, status: int) -> None:
    child, line = start()
    child.send("first")
    child.send(message)
    assert line.exit_status() == status
    assert line.next() == ("echo", "first")
    assert line.messages.empty()


def test_a_killed_child_is_told_too(start: Start) -> None:
    child, line = start()
    child.kill()
    assert line.exit_status() == -9
    assert child.send("x") is False


def test_a_child_that_writes_nonsense_is_ended(start: Start) -> None:
    _, line = start("garbage")
    assert line.exit_status() == -9


def test_a_listener_that_fails_does_not_leave_the_child_without_an_end(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: queue.Queue[type[BaseException]] = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda failure: failures.put(failure.exc_type))
    exits: queue.Queue[int] = queue.Queue()

    def fail(_: object) -> None:
        raise RuntimeError("listener")

    child = Child("echoing_child", on_message=fail, on_exit=exits.put)
    child.send("x")
    assert exits.get(timeout=30) == -9
    assert failures.get(timeout=30) is RuntimeError
    child.close()


def test_a_child_may_be_nicer_than_we_are(start: Start) -> None:
    child, line = start(nice=3)
    child.send("nice")
    assert line.next() == ("echo", os.nice(0) + 3)


def test_the_folder_we_were_started_in_cannot_shadow_a_module(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    (hostile / "pickle.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(hostile)
    child, line = start()
    child.send("path")
    answer = line.next()
    assert isinstance(answer, tuple)
    path = answer[1]
    assert "" not in path
    assert str(hostile) not in path
