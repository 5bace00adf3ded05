"""The model client keeps answering: whatever dies, hangs or is refused, every future comes to an end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.harm import GATE, SEGFAULT, Harm, wait_until
from vizsla.core.errors import ModelError, WorkerDiedError
from vizsla.core.text import content_hash
from vizsla.models import restarts
from vizsla.models.client import ModelClient, Priority
from vizsla.models.pace import Pace

SECONDS = 60.0


def ask(client: ModelClient, *texts: str, priority: Priority = Priority.BULK) -> Future[NDArray[np.float32]]:
    return client.encode(texts, is_query=False, priority=priority)


def worker_of(client: ModelClient) -> int:
    wait_until(lambda: client.status().pid)
    pid = client.status().pid
    assert pid is not None
    return pid


def test_what_a_model_is_is_known_without_a_worker(client: ModelClient) -> None:
    assert client.dimension == 64
    assert len(client.fingerprint) == 32
    assert client.has_reranker
    assert client.status().state == "idle"


def test_starting_early_loads_the_model_meanwhile(client: ModelClient) -> None:
    client.start()
    wait_until(lambda: client.status().state == "ready")
    status = client.status()
    assert status.device is not None
    assert status.device.kind == "cpu"
    assert status.resident_bytes is not None
    assert status.resident_bytes > 10_000_000


def test_a_worker_killed_at_work_is_replaced_and_everything_answered(client: ModelClient, harm: Harm) -> None:
    bulk = ask(client, *[f"{GATE} read"] * 600)
    wait_until(harm.at_gate)
    query = ask(client, "find", priority=Priority.QUERY)
    os.kill(worker_of(client), signal.SIGKILL)
    harm.open_gate()
    assert np.isfinite(query.result(SECONDS)).all()
    assert np.isfinite(bulk.result(SECONDS)).all()
    status = client.status()
    assert status.restarts == 1
    assert status.quarantined == ()
    assert status.last_error == "the model worker ended with status -9"


def test_the_one_text_that_kills_is_quarantined_and_the_rest_embedded(client: ModelClient) -> None:
    texts = [f"read {i}" for i in range(300)]
    texts[123] = f"{SEGFAULT} write"
    vectors = ask(client, *texts).result(SECONDS)
    assert np.flatnonzero(np.isnan(vectors).any(axis=1)).tolist() == [123]
    status = client.status()
    assert status.quarantined == (content_hash(texts[123]),)
    assert status.restarts == 2
    # From now on it costs nobody anything.
    assert np.isnan(ask(client, texts[123]).result(SECONDS)).all()
    assert client.status().restarts == 2


def test_a_question_that_kills_is_answered_with_nothing(client: ModelClient) -> None:
    other = ask(client, *["read"] * 300)
    assert np.isnan(ask(client, SEGFAULT, priority=Priority.QUERY).result(SECONDS)).all()
    assert np.isfinite(other.result(SECONDS)).all()


def test_a_candidate_that_kills_the_reranker_is_left_out(client: ModelClient) -> None:
    scores = client.rerank("json", ["read", SEGFAULT, "write"], budget_seconds=SECONDS).result(SECONDS)
    assert np.isnan(scores).tolist() == [False, True, False]
    assert client.status().quarantined == (content_hash(SEGFAULT),)


def test_a_reranking_tells_how_long_the_reranker_takes(client: ModelClient) -> None:
    guessed, texts = client.pace.tokens_per_second, ["parse json " * 10] * 8
    assert np.isfinite(client.rerank("json", texts, budget_seconds=SECONDS).result(SECONDS)).all()
    assert client.pace.tokens_per_second != guessed
    tokens = 1 + 20 + 3  # a word is a token to this model
    characters = len("json") + len(texts[0])
    expected = float(Pace(64).tokens([characters])[0])
    assert abs(float(client.pace.tokens([characters])[0]) - tokens) < abs(expected - tokens)


def test_a_batch_that_comes_too_late_tells_it_too(client: ModelClient, harm: Harm) -> None:
    guessed = client.pace.tokens_per_second
    client.start()
    until = time.monotonic() + SECONDS
    while not harm.at_gate() and time.monotonic() < until:  # the worker may still be starting when time is up
        assert np.isnan(client.rerank("json", [f"{GATE} read"], budget_seconds=0.5).result(SECONDS)).all()
    assert client.pace.tokens_per_second == guessed
    harm.open_gate()
    wait_until(lambda: client.pace.tokens_per_second < guessed)


def test_embedding_says_nothing_of_the_reranker(client: ModelClient) -> None:
    guessed = client.pace.tokens_per_second
    assert np.isfinite(ask(client, "read").result(SECONDS)).all()
    assert client.pace.tokens_per_second == guessed


def test_too_little_memory_is_survived(client: ModelClient, harm: Harm) -> None:
    harm.set("limit", to=True)
    bulk = ask(client, *["parse json read file " * 30] * 3_000)
    wait([bulk], SECONDS)
    assert bulk.done()
    harm.set("limit", to=False)
    wait_until(lambda: client.status().state in ("ready", "idle", "restarting"))
    assert np.isfinite(ask(client, "find", priority=Priority.QUERY).result(SECONDS)).all()


def test_a_stuck_worker_is_replaced_and_its_text_quarantined(
    harm: Harm, tiny_retriever: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ModelClient(tiny_retriever, None, worker_module="models.harmful_worker", silence_seconds=6.0) as client:
        vectors = ask(client, "read", GATE, "write").result(SECONDS)
        assert np.isnan(vectors).any(axis=1).tolist() == [False, True, False]
        assert client.status().quarantined == (content_hash(GATE),)


def test_a_worker_that_hangs_is_replaced_although_all_who_asked_gave_up(harm: Harm, tiny_retriever: Path) -> None:
    with ModelClient(tiny_retriever, None, worker_module="models.harmful_worker", silence_seconds=6.0) as client:
        assert np.isfinite(ask(client, "read").result(SECONDS)).all()
        stuck = client.status().pid
        given_up = 0
        while client.status().pid == stuck:
            future = ask(client, f"{GATE} {given_up}", priority=Priority.QUERY)
            with contextlib.suppress(TimeoutError):
                future.result(0.5)
            given_up += future.cancel()
        assert given_up > 3
        assert np.isfinite(ask(client, "read", priority=Priority.QUERY).result(SECONDS)).all()


def test_an_idle_worker_whose_requests_were_all_given_up_stays(harm: Harm, tiny_retriever: Path) -> None:
    with ModelClient(tiny_retriever, None, worker_module="models.harmful_worker", silence_seconds=1.5) as client:
        assert np.isfinite(ask(client, "read").result(SECONDS)).all()
        worker = client.status().pid
        running, waiting = (ask(client, f"{GATE} {n}", priority=Priority.QUERY) for n in range(2))
        wait_until(harm.at_gate)
        assert running.cancel()
        assert waiting.cancel()
        harm.open_gate()
        time.sleep(3.0)
        assert client.status().pid == worker
        assert client.status().restarts == 0


def test_a_worker_that_cannot_start_is_told_soon_and_tried_again(
    client: ModelClient, harm: Harm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "LONGEST_PAUSE_SECONDS", 1.0)
    harm.set("die", to=True)
    with pytest.raises(WorkerDiedError, match="keeps dying"):
        ask(client, "read").result(SECONDS)
    assert client.status().state == "resting"
    refused = ask(client, "read", priority=Priority.QUERY)
    assert isinstance(refused.exception(0), WorkerDiedError), "nobody waits while it rests"
    harm.set("die", to=False)
    wait_until(lambda: client.status().state != "resting")
    assert np.isfinite(ask(client, "read").result(SECONDS)).all()


def test_a_damaged_model_is_a_sentence_and_no_endless_loop(tiny_retriever: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_retriever, folder)
    weights = bytearray((folder / "model.onnx").read_bytes())
    weights[len(weights) // 2] ^= 1
    (folder / "model.onnx").write_bytes(weights)
    with ModelClient(folder, None) as client:
        with pytest.raises(ModelError, match=r"model\.onnx .* was changed or damaged; add the model again"):
            ask(client, "read").result(SECONDS)
        assert client.status().restarts == 1


def test_a_missing_reranker_is_a_sentence(tiny_retriever: Path, tmp_path: Path) -> None:
    with ModelClient(tiny_retriever, None) as client:
        assert not client.has_reranker
        with pytest.raises(ModelError, match="no reranker is set"):
            client.rerank("json", ["read"], budget_seconds=1.0).result(0)
    with ModelClient(tiny_retriever, tmp_path / "none") as client:
        assert "no model folder at" in client.reranker_problem


def test_fifty_threads_are_answered_each_with_its_own(client: ModelClient) -> None:
    texts = [f"{word} {number}" for word in ("read", "write") for number in range(25)]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda text: ask(client, text, priority=Priority.QUERY).result(SECONDS), texts))
    together = ask(client, *texts).result(SECONDS)
    np.testing.assert_allclose(np.concatenate(answers), together, atol=1e-5)


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Asserts that the test left no thread, no open file and no process."""

    def held() -> tuple[set[str], int]:
        return {thread.name for thread in threading.enumerate()}, len(list(Path("/proc/self/fd").iterdir()))

    before = held()
    yield
    wait_until(lambda: held()[0] <= before[0])
    assert held()[1] <= before[1]


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("how", ["busy", "stopped", "loading", "full pipe"])
def test_closing_ends_everything_soon(harm: Harm, tiny_retriever: Path, how: str) -> None:
    client = ModelClient(tiny_retriever, None, worker_module="models.harmful_worker")
    texts = ["read " * 500] * 2_000 if how == "full pipe" else ["write"]
    client.start()
    if how != "loading":
        wait_until(lambda: client.status().state == "ready")
    pid = worker_of(client)
    if how in ("stopped", "full pipe"):
        os.kill(pid, signal.SIGSTOP)
    futures = [ask(client, GATE), ask(client, *texts)]
    if how == "busy":
        wait_until(lambda: len(harm.pushed()) == 2)
    start = time.monotonic()
    client.close()
    assert time.monotonic() - start < 2
    for future in futures:
        with pytest.raises(WorkerDiedError, match="closed"):
            future.result(0)
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(WorkerDiedError, match="closed"):
        ask(client, "read").result(0)
    assert client.status().state == "closed"


@pytest.mark.usefixtures("nothing_left")
def test_many_deaths_leave_no_files_open(harm: Harm, tiny_retriever: Path) -> None:
    with ModelClient(tiny_retriever, None, worker_module="models.harmful_worker") as client:
        for _ in range(3):
            ask(client, "read").result(SECONDS)
            os.kill(worker_of(client), signal.SIGKILL)
            wait_until(lambda: client.status().state == "restarting")
        assert np.isfinite(ask(client, "read").result(SECONDS)).all()


def test_a_worker_does_not_outlive_its_parent(harm: Harm, tiny_retriever: Path, tmp_path: Path) -> None:
    code = (
        "import os, time; from pathlib import Path; from vizsla.models.client import ModelClient, Priority\n"
        f"client = ModelClient(Path({str(tiny_retriever)!r}), None, worker_module='models.harmful_worker')\n"
        f"client.encode([{GATE!r}], is_query=False, priority=Priority.BULK)\n"
        "while not client.status().state == 'ready': time.sleep(0.01)\n"
        "print(client.status().pid, flush=True); os.kill(os.getpid(), 9)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout
    wait_until(lambda: not Path(f"/proc/{int(printed)}").exists())
