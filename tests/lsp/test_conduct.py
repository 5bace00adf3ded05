"""How the server lives and ends: never deaf, never in the way, gone in time, silent where it must be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from lsp.strict_client import StrictClient
from vizsla.lsp.process_watch import is_alive

GONE_SECONDS = 2.0  # what is promised; a busy machine gets as much again
TOY = [sys.executable, "-m", "lsp.toy_server"]


def toy(env: Mapping[str, str] | None = None) -> AbstractAsyncContextManager[StrictClient]:
    return StrictClient.start(command=TOY, env={"PYTHONPATH": str(Path(__file__).parents[1]), **(env or {})})


async def gone(client: StrictClient) -> int:
    """The exit code of a server that has a reason to end now."""
    return await client.wait_exit(2 * GONE_SECONDS)


async def test_after_shutdown_the_exit_code_is_0_and_else_1() -> None:
    async with toy() as client:
        await client.initialize()
        await client.shutdown()
        client.notify("exit")
        assert await gone(client) == 0
    async with toy() as client:
        await client.initialize()
        client.notify("exit")
        assert await gone(client) == 1
    async with toy() as client:
        client.notify("exit")
        assert await gone(client) == 1


async def test_a_server_that_cannot_begin_says_why_and_ends() -> None:
    async with toy({"TOY_CANNOT_BEGIN": "1"}) as client:
        client.conduct.allows_traceback = True
        await client.initialize()
        assert await gone(client) == 1
    assert "ZeroDivisionError: cannot begin" in client.stderr


async def test_all_that_was_said_before_the_line_closed_is_heard() -> None:
    async with toy() as client:
        first = client.send_request("initialize", {"processId": None, "capabilities": {}})[1]
        second = client.send_request("toy/echo", {"n": 1})[1]
        third = client.send_request("shutdown")[1]
        client.notify("exit")
        client.close_stdin()
        assert await gone(client) == 0
        assert first.done() and second.done() and third.done()


@pytest.mark.parametrize("how", ["closed stdin", "SIGTERM", "SIGINT", "SIGHUP", "exit"])
async def test_a_busy_server_is_gone_in_time(how: str) -> None:
    async with toy() as client:
        await client.initialize()
        for _ in range(20):
            client.send_request("toy/block", {"seconds": 60})
        await client.request("toy/spin", {"seconds": 60})
        if how != "exit":
            await client.request("toy/hang")  # the loop itself, and what is to be closed
        if how == "closed stdin":
            client.close_stdin()
        elif how == "exit":
            client.notify("exit")
        else:
            client.kill(signal.Signals[how])
        # On a machine with far too much to do, the last resort, which is the kernel's alarm, may come first.
        assert await gone(client) in (1, -signal.SIGALRM)


async def test_the_death_of_the_client_ends_the_server_though_its_line_stays_open() -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    async with toy() as client:
        await client.initialize(process_id=parent.pid)
        await client.request("toy/echo", {})
        parent.kill()
        assert await gone(client) == 1  # also while nobody has reaped it
    parent.communicate()
    async with toy() as client:
        with contextlib.suppress(ConnectionError):  # it may be gone before it has answered
            await client.initialize(process_id=parent.pid)
        assert await gone(client) == 1


async def test_twenty_busy_handlers_do_not_make_the_server_deaf() -> None:
    async with toy() as client:
        await client.initialize()
        waiting = [client.send_request("toy/block", {"seconds": 60}) for _ in range(20)]
        await client.request("toy/echo", {}, seconds=5)
        client.cancel(waiting[-1][0])
        await client.wait_for(waiting[-1][1].done, 5)
        await client.shutdown()  # the others are cancelled, and answered


async def test_what_anything_prints_never_reaches_the_protocol() -> None:
    async with toy() as client:
        await client.initialize()
        await client.request("toy/print")
        await client.wait_for(
            lambda: all(word in client.stderr for word in ("stray bytes", "stray child", "Length: 5"))
        )
        assert await client.request("toy/echo", {}) == {}


async def test_failures_outside_of_requests_are_logged_once_and_end_nothing() -> None:
    async with toy() as client:
        await client.initialize()
        client.conduct.allows_traceback = True
        await client.request("toy/background")
        client.notify("toy/note")
        told = [
            f"ZeroDivisionError: in {where}" for where in ("the background", "a callback", "a thread", "a notification")
        ]
        await client.wait_for(lambda: all(each in client.stderr for each in told))
        assert await client.request("toy/echo", {}) == {}
    assert [client.stderr.count(each) for each in told] == [1] * 4


async def test_a_client_that_does_not_read_misses_reports_but_no_answer(tmp_path: Path) -> None:
    async with toy() as client:
        await client.initialize()
        client.stop_reading()
        signs = [tmp_path / str(number) for number in range(3)]
        answers = [client.send_request("toy/flood", {"count": 20_000, "sign": str(sign)})[1] for sign in signs]
        await until(lambda: all(sign.exists() for sign in signs))
        assert memory_megabytes(client) < 200
        client.go_on_reading()
        await asyncio.gather(*answers)
        assert 0 < len(client.notifications("window/logMessage")) < 20_000


async def test_a_client_that_never_reads_again_counts_as_gone() -> None:
    async with toy() as client:
        await client.initialize()
        client.stop_reading()
        for _ in range(80):
            client.send_request("toy/echo", {"text": "x" * 1_000_000})
        await until(lambda: client.process is not None and client.process.returncode is not None)
        client.go_on_reading()
        assert await gone(client) == 1


async def test_children_that_hear_nothing_end_with_the_server() -> None:
    async with toy() as client:
        await client.initialize()
        child = await client.request("toy/child")
        client.close_stdin()
        assert await gone(client) == 1
        await until(lambda: not is_alive(child))


async def test_a_stderr_that_nobody_reads_stops_nothing() -> None:
    hear, tell = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *TOY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=tell,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    os.close(tell)
    assert process.stdout is not None and process.stdin is not None
    client = StrictClient(process.stdout, process.stdin, process)
    try:
        await client.initialize()
        for _ in range(2_000):  # some hundred kilobytes of log
            client.notify("toy/note")
        assert await client.request("toy/echo", {}) == {}
        os.close(hear)  # from now on writing fails
        for _ in range(100):
            client.notify("toy/note")
        assert await client.request("toy/echo", {}) == {}
        await client.finish()
    finally:
        await client.dispose()


async def test_handlers_do_not_keep_the_loop_unnoticed() -> None:
    async with toy({"VIZSLA_SLOW_CALLBACK_MS": "200"}) as client:
        await client.initialize()
        await client.request("toy/keep", {"seconds": 0.3})
        await client.request("toy/echo", {})
        await client.wait_for(lambda: "slow callback" in client.stderr)
        assert "toy/keep" in client.stderr


async def test_only_the_servers_own_threads_run() -> None:
    async with toy() as client:
        await client.initialize()
        await client.request("toy/block", {"seconds": 0})
        threads = (await client.request("toy/state"))["threads"]
        known = {"MainThread", "reader", "writer", "log", "signals", "parent-watch", "slow_0"}
        assert set(threads) == known  # none of pygls's pool


def memory_megabytes(client: StrictClient) -> float:
    assert client.process is not None
    pages = int(Path(f"/proc/{client.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
