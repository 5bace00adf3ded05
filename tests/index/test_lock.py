"""One process writes a workspace; when it dies, another takes over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vizsla.core.errors import CacheError
from vizsla.index.lock import WriterLock

HOLD = """
import sys, time
from pathlib import Path
from vizsla.index.lock import WriterLock
lock = WriterLock(Path(sys.argv[1]))
print(lock.try_acquire(), flush=True)
time.sleep(60)
"""


def holds(lock: WriterLock) -> bool:
    return lock.is_held


def test_a_lock_is_held_once_and_names_its_holder(tmp_path: Path) -> None:
    first, second = WriterLock(tmp_path / "lock"), WriterLock(tmp_path / "lock")
    assert first.holder() is None
    assert first.try_acquire() and first.try_acquire() and first.is_held
    assert not second.try_acquire() and not second.is_held
    assert first.holder() == second.holder() == os.getpid()
    first.release()
    first.release()
    assert second.holder() is None and second.try_acquire()
    second.release()


def test_the_lock_of_a_killed_process_can_be_taken(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        assert child.stdout.readline().strip() == b"True"
        lock = WriterLock(tmp_path / "lock")
        assert not lock.try_acquire() and lock.holder() == child.pid
        child.send_signal(signal.SIGKILL)
        child.wait()
        deadline = time.monotonic() + 10
        while not lock.try_acquire():
            assert time.monotonic() < deadline
        assert lock.holder() == os.getpid()
        lock.release()
    finally:
        child.kill()
        child.stdout.close()


def test_a_lock_whose_file_was_deleted_is_not_held_any_more(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "lock")
    assert lock.try_acquire()
    (tmp_path / "lock").unlink()
    assert not holds(lock)
    assert lock.try_acquire() and holds(lock)
    lock.release()


def test_a_lock_is_never_taken_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(CacheError, match="cannot be used as a lock"):
        WriterLock(tmp_path / "lock").try_acquire()
    with pytest.raises(CacheError, match="cannot be used as a lock"):
        WriterLock(tmp_path / "missing" / "lock").try_acquire()


def test_a_lock_that_is_given_back_is_free_though_a_child_is_just_being_started(tmp_path: Path) -> None:
    first, second = WriterLock(tmp_path / "lock"), WriterLock(tmp_path / "lock")
    assert first.try_acquire()
    child = os.fork()  # what has not yet become another program has copies of all descriptors
    if child == 0:
        time.sleep(60)
        os._exit(0)
    try:
        first.release()
        assert second.try_acquire()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    second.release()
