"""The pool answers every file, whatever happens to its children."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from vizsla.core.errors import WorkerDiedError
from vizsla.core.types import IndexEntry
from vizsla.parsing.errors import ParseTimeoutError, PoisonFileError
from vizsla.parsing.functions import parse_file
from vizsla.parsing.languages import LANGUAGES
from vizsla.parsing.pool import ParsePool

LONG = b"".join(b"def f%d(a, b):\n    return [a, b, %d] * 2\n\n" % (at, at) for at in range(8_000))
"""Takes a second or more to parse."""


@pytest.fixture
def pool() -> Iterator[ParsePool]:
    made = ParsePool(1, 60.0)
    yield made
    made.close()


def submit(pool: ParsePool, path: str, text: bytes, language: str = "python") -> Future[list[IndexEntry]]:
    return pool.submit(path, language, Path(path).stem, text)


def names(future: Future[list[IndexEntry]]) -> list[str]:
    return [entry.function.name for entry in future.result(60)]


def child_parsing(pool: ParsePool, path: str) -> int:
    """The process id of the child that parses the path, as soon as one does."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for pid, parsed in pool.children.items():
            if parsed == path:
                return pid
        time.sleep(0.005)
    raise AssertionError(f"nobody parses {path}: {pool.children}")


def test_pool_gives_what_parsing_here_gives(pool: ParsePool) -> None:
    text = b"import a\n\ndef f():\n    '''Doc.'''\n\nclass C:\n    def m(self): pass\n"
    here = parse_file(LANGUAGES["python"], text, module_name="a", deadline_seconds=9)
    assert submit(pool, "a.py", text).result(60) == here


def test_many_files_are_all_answered_in_whatever_order() -> None:
    pool = ParsePool(2, 30.0)
    futures = [submit(pool, f"{at}.py", b"def f%d(): pass\n" % at) for at in range(300)]
    assert [names(future) for future in futures] == [[f"f{at}"] for at in range(300)]
    assert len(pool.children) == 2
    pool.close()
    assert pool.children == {}


def test_children_start_only_for_work_and_are_nice(pool: ParsePool) -> None:
    assert pool.children == {}
    names(submit(pool, "a.py", b"def f(): pass\n"))
    (pid,) = pool.children
    assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5


def test_header_of_cpp_is_parsed_as_cpp(pool: ParsePool) -> None:
    text = b"namespace n {\nclass C {\n  int m() { return 1; }\n};\n}\n"
    entries = submit(pool, "x/c.h", text, "c").result(60)
    assert {entry.function.language for entry in entries} == {"cpp"}


def test_file_whose_parser_was_killed_is_tried_again(pool: ParsePool) -> None:
    future = submit(pool, "long.py", LONG)
    behind = submit(pool, "b.py", b"def b(): pass\n")
    first = child_parsing(pool, "long.py")
    os.kill(first, signal.SIGKILL)
    assert len(names(future)) == 8_000
    assert names(behind) == ["b"]
    assert first not in pool.children


def test_file_that_kills_twice_is_named_and_others_are_answered(pool: ParsePool) -> None:
    poison = submit(pool, "dir/poison.py", LONG)
    behind = submit(pool, "b.py", b"def b(): pass\n")
    first = child_parsing(pool, "dir/poison.py")
    os.kill(first, signal.SIGKILL)
    while (second := child_parsing(pool, "dir/poison.py")) == first:
        time.sleep(0.005)
    os.kill(second, signal.SIGKILL)
    with pytest.raises(PoisonFileError, match=r"dir/poison\.py killed its parser twice \(signal 9\)"):
        poison.result(60)
    assert names(behind) == ["b"]


def test_a_child_that_dies_idle_is_replaced_and_nobody_is_blamed(pool: ParsePool) -> None:
    for at in range(4):
        assert names(submit(pool, "a.py", b"def f%d(): pass\n" % at)) == [f"f{at}"]
        (pid,) = pool.children
        os.kill(pid, signal.SIGKILL)
        while pid in pool.children:
            time.sleep(0.005)


def test_garbage_ends_at_the_deadline_and_the_pool_lives_on() -> None:
    pool = ParsePool(1, 0.5)
    garbage = random.Random(1).randbytes(4_000_000)
    started = time.monotonic()
    with pytest.raises(ParseTimeoutError, match=r"garbage\.py was not parsed within 0\.5 s"):
        submit(pool, "garbage.py", garbage).result(60)
    assert time.monotonic() - started < 30
    assert names(submit(pool, "a.py", b"def f(): pass\n")) == ["f"]
    pool.close()


def test_a_child_that_does_not_answer_is_killed_after_its_grace() -> None:
    pool = ParsePool(1, 1.0)
    names(submit(pool, "a.py", b"def f(): pass\n"))
    (pid,) = pool.children
    stopped = submit(pool, "long.py", LONG[:60_000])
    os.kill(pid, signal.SIGSTOP)
    with_answer = stopped.exception(60)
    assert with_answer is None or isinstance(with_answer, ParseTimeoutError)
    assert names(submit(pool, "b.py", b"def b(): pass\n")) == ["b"]
    pool.close()


def test_closing_answers_everything_that_is_open() -> None:
    pool = ParsePool(1, 60.0)
    running = submit(pool, "long.py", LONG)
    waiting = [submit(pool, f"{at}.py", b"x = 1\n") for at in range(10)]
    pid = child_parsing(pool, "long.py")
    pool.close()
    with pytest.raises(WorkerDiedError, match=r"long\.py"):
        running.result(10)
    assert all(future.cancelled() for future in waiting)
    with pytest.raises(WorkerDiedError):
        submit(pool, "a.py", b"x = 1\n")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_future_may_be_cancelled_while_it_waits(pool: ParsePool) -> None:
    running = submit(pool, "long.py", LONG)
    waiting = submit(pool, "b.py", b"def b(): pass\n")
    assert waiting.cancel()
    assert len(names(running)) == 8_000
    assert names(submit(pool, "c.py", b"def c(): pass\n")) == ["c"]


def test_an_urgent_file_does_not_wait_behind_others(pool: ParsePool) -> None:
    running = submit(pool, "long.py", LONG)
    waiting = [submit(pool, f"{at}.py", LONG) for at in range(3)]
    child_parsing(pool, "long.py")
    urgent = [pool.submit(f"e{at}.py", "python", "e", b"def e%d(): pass\n" % at, urgent=True) for at in range(20)]
    assert [names(future) for future in urgent] == [[f"e{at}"] for at in range(20)]
    assert not any(future.done() for future in waiting)
    assert len(pool.children) == 2
    pool.close()
    assert running.done() and all(future.cancelled() for future in waiting)


def test_urgent_files_are_taken_first_by_an_ordinary_child(pool: ParsePool) -> None:
    names(submit(pool, "a.py", b"x = 1\n"))
    assert names(pool.submit("e.py", "python", "e", b"def e(): pass\n", urgent=True)) == ["e"]
    assert len(pool.children) == 1, "an idle child was there, no other is started"


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import time\nfrom vizsla.parsing.pool import ParsePool\npool = ParsePool(1, 9.0)\n"
        "pool.submit('a.py', 'python', 'a', b'x = 1').result()\nprint(*pool.children, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 20
    while time.monotonic() < until and _is_running(pid):
        time.sleep(0.02)
    assert not _is_running(pid)


def test_a_freeze_of_us_all_makes_no_file_too_slow() -> None:
    program = (
        "from parsing.test_pool import LONG, ParsePool, child_parsing, submit\n"
        "pool = ParsePool(1, 2.0)\nfound = submit(pool, 'a.py', LONG[: len(LONG) // 2])\nchild_parsing(pool, 'a.py')\n"
        "print('begun', flush=True)\nprint(len(found.result()))\npool.close()\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", program]
    frozen = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env, process_group=0)
    with frozen:
        assert frozen.stdout is not None
        assert frozen.stdout.readline() == "begun\n"
        os.killpg(frozen.pid, signal.SIGSTOP)
        time.sleep(10.0)  # longer than a child may be silent, were it measured by the clock
        os.killpg(frozen.pid, signal.SIGCONT)
        assert int(frozen.stdout.readline()) > 1_000
    assert frozen.returncode == 0


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
