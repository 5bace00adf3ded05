"""Processes of a peer: offline, told apart from all others, and ended with whatever they started."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.peers.peer import UnusableError
from benchmarks.peers.processes import MemoryWatch, marked
from benchmarks.peers.refusals import Refusals
from benchmarks.peers.running import Runner

PYTHON = sys.executable


@pytest.fixture
def refusals() -> Iterator[Refusals]:
    with Refusals() as running:
        yield running


@pytest.fixture
def runner(tmp_path: Path, refusals: Refusals) -> Iterator[Runner]:
    runner = Runner(tmp_path / "state", refusals)
    yield runner
    runner.stop_all()


def test_what_a_peer_asks_of_the_network_is_refused_and_remembered(runner: Runner, refusals: Refusals) -> None:
    code = "import urllib.request as u\nfor a in ('http', 'https'):\n  try: u.urlopen(a + '://models.example/x')\n"
    runner.run([PYTHON, "-c", code + "  except OSError as e: print(e)"])
    assert refusals.taken() == ["GET http://models.example/x", "CONNECT models.example:443"]
    assert refusals.taken() == []


def test_a_peer_sees_a_home_of_its_own_and_nothing_of_the_users_settings(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    code = "import os, pathlib; print(pathlib.Path.home(), 'SOME_TOKEN' in os.environ, os.environ['HF_HUB_OFFLINE'])"
    assert runner.run([PYTHON, "-c", code]).output.split() == [str(tmp_path / "state" / "home"), "False", "1"]


def test_a_command_that_fails_says_what_it_said(runner: Runner) -> None:
    with pytest.raises(UnusableError, match=r"ended with 3: .*no model here"):
        runner.run([PYTHON, "-c", "import sys; print('no model here', file=sys.stderr); sys.exit(3)"])
    with pytest.raises(UnusableError, match="cannot be started"):
        runner.run(["/nowhere/at/all"])


def test_a_daemon_that_left_its_parent_is_ended_too(runner: Runner) -> None:
    sleep = "import time; time.sleep(600)"
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {sleep!r}], start_new_session=True)"
    runner.run([PYTHON, "-c", f"{code[: code.rindex(', start')]}, start_new_session=True, stdout=-3, stderr=-3)"])
    assert len(marked(runner.mark)) == 1
    runner.stop_all()
    assert not marked(runner.mark)


def test_a_child_answers_lines_and_its_failure_is_told(runner: Runner) -> None:
    code = (
        "from benchmarks.peers.children.line import serve\n"
        "def ask(request):\n    print('noise')\n    return 1 / request['by']\n"
        "serve({'ask': ask})"
    )
    talk = runner.talk([PYTHON, "-c", code], modules=True)
    assert talk.ask({"do": "ask", "by": 4}) == 0.25
    with pytest.raises(UnusableError, match="ZeroDivisionError"):
        talk.ask({"do": "ask", "by": 0})
    assert talk.ask({"do": "ask", "by": 1}) == 1.0


def test_a_child_that_is_gone_is_told_with_its_last_words(runner: Runner) -> None:
    talk = runner.talk([PYTHON, "-c", "import sys; input(); sys.exit('out of memory')"])
    with pytest.raises(UnusableError, match="ended with 1: out of memory"):
        talk.ask({"do": "ask"})


def test_memory_is_that_of_all_processes_of_the_peer(runner: Runner) -> None:
    held = "held = bytearray(80_000_000); input()"
    code = f"import subprocess, sys; held = bytearray(60_000_000); subprocess.run([sys.executable, '-c', {held!r}])"
    deadline = time.monotonic() + 60
    with MemoryWatch(runner.mark) as watch:
        talk = runner.talk([PYTHON, "-c", code])
        while (watch.peak_bytes or 0) < 140_000_000 and time.monotonic() < deadline:
            time.sleep(0.02)
        talk.close()
    assert watch.peak_bytes is not None
    assert 140_000_000 <= watch.peak_bytes < 300_000_000
