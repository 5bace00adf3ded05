"""Watching where the system sets limits: to watches, to instances, to events that wait. Nothing is lost silently."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from faults.keeping import Keeper
from shop import write_tree

MANY = int(os.environ.get("VIZSLA_STORM_FILES", "9000"))
"""Files created while nobody reads events; each gives two, and 16,384 events can wait."""

_EACH = 30  # of those, one is source code

FOLDERS = 51


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A workspace of many folders."""
    return write_tree(
        tmp_path / "wide", {f"d{n:02}/m.py": f"def f{n}():\n    return {n}\n" for n in range(FOLDERS - 1)}
    )


def limit(what: str, count: int) -> str:
    """The shell command that sets a limit, which works in a user namespace only."""
    command = f"echo {count} > /proc/sys/user/max_inotify_{what}"
    done = subprocess.run(["unshare", "-Ur", "sh", "-c", command], capture_output=True, check=False)
    assert done.returncode == 0, "user namespaces are needed for this test"
    return command


def test_too_few_watches_are_noticed_told_and_made_up_for_by_polling(wide: Path, tmp_path: Path) -> None:
    with Keeper.start(wide, tmp_path / "cache", before=limit("watches", 20)) as keeper:
        told = keeper.ask()
        assert told["mode"] == "polling"
        assert "max_user_watches" in told["problem"] and "few seconds" in told["problem"]
        assert len(told["functions"]) == FOLDERS - 1
        (wide / "d46/m.py").write_text("def far_away():\n    return 0\n")
        (wide / "d02/new.py").write_text("def near():\n    return 0\n")
        functions = keeper.ask()["functions"]
        assert ["d46/m.py", "far_away"] in functions and ["d02/new.py", "near"] in functions


def test_watches_that_run_out_later_are_noticed_too(wide: Path, tmp_path: Path) -> None:
    with Keeper.start(wide, tmp_path / "cache", before=limit("watches", FOLDERS + 5)) as keeper:
        assert keeper.ask()["mode"] == "watchdog"
        write_tree(wide, {f"more{n}/m.py": f"def more{n}():\n    return {n}\n" for n in range(20)})
        told = keeper.ask()
        assert told["mode"] == "polling" and told["problem"]
        assert len(told["functions"]) == FOLDERS - 1 + 20
        (wide / "more19/m.py").write_text("def last():\n    return 0\n")
        assert ["more19/m.py", "last"] in keeper.ask()["functions"]


def test_no_instance_at_all_is_told_and_polled(wide: Path, tmp_path: Path) -> None:
    with Keeper.start(wide, tmp_path / "cache", before=limit("instances", 0)) as keeper:
        told = keeper.ask()
        assert told["mode"] == "polling" and "max_user_instances" in told["problem"]
        (wide / "d46/m.py").write_text("def far_away():\n    return 0\n")
        assert ["d46/m.py", "far_away"] in keeper.ask()["functions"]


def test_more_events_than_can_wait_are_made_up_for(wide: Path, tmp_path: Path) -> None:
    with Keeper.start(wide, tmp_path / "cache") as keeper:
        keeper.ask()
        keeper.process.send_signal(signal.SIGSTOP)
        for number in range(MANY):
            ending = "py" if number % _EACH == 0 else "dat"
            (wide / f"d{number % 50:02}/made_{number}.{ending}").write_text(f"def made_{number}(): pass\n")
        keeper.process.send_signal(signal.SIGCONT)
        told = keeper.ask()
        assert told["mode"] == "watchdog"
        assert "more changed than" in told["last_doubt"] or "many files" in told["last_doubt"]
        names = [name for _, name in told["functions"]]
        assert len(names) == len(set(names)) == FOLDERS - 1 + MANY // _EACH
        (wide / "d46/new.py").write_text("def watched_again(): pass\n")
        assert ["d46/new.py", "watched_again"] in keeper.ask()["functions"]


def test_a_reader_takes_over_when_the_writer_is_killed(wide: Path, tmp_path: Path) -> None:
    with Keeper.start(wide, tmp_path / "cache") as first:
        assert first.ask()["is_writer"]
        with Keeper.start(wide, tmp_path / "cache") as second:
            told = second.ask()
            assert not told["is_writer"] and told["activity"] == "reading"
            (wide / "d01/m.py").write_text("def by_the_first():\n    return 1\n")
            first.ask()
            assert ["d01/m.py", "by_the_first"] in second.ask(settle=False)["functions"]
            first.kill()
            (wide / "d02/m.py").write_text("def after_the_death():\n    return 1\n")
            killed = time.monotonic()
            while ["d02/m.py", "after_the_death"] not in second.ask(settle=False)["functions"]:
                assert time.monotonic() < killed + 60
                time.sleep(0.05)
            told = second.ask()
            assert told["is_writer"] and told["activity"] == "ready"
            (wide / "d03/m.py").write_text("def watched_from_now_on():\n    return 1\n")
            assert ["d03/m.py", "watched_from_now_on"] in second.ask()["functions"]
