"""The model worker's order of work: urgent first, cancelled never, late not at all, failures only where they belong."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.harm import CROWD, FAIL, GATE, NAN, PRINT, Harm, wait_until
from vizsla.models.bi_encoder import load_bi_encoder
from vizsla.models.client import ModelClient, Priority
from vizsla.models.reranker import load_reranker

Vectors = Future[NDArray[np.float32]]
SECONDS = 60.0  # no test waits so long, but where something hangs


def ask(client: ModelClient, text: str, *, priority: Priority = Priority.QUERY, count: int = 1) -> Vectors:
    return client.encode([text] * count, is_query=priority is Priority.QUERY, priority=priority)


def test_vectors_and_scores_are_those_of_the_bare_models(
    client: ModelClient, tiny_retriever: Path, tiny_reranker: Path
) -> None:
    texts = ["parse json", "", "sort a list of lines " * 30, "open the file"] * 5
    vectors = client.encode(texts, is_query=False, priority=Priority.BULK).result(SECONDS)
    bare = load_bi_encoder(tiny_retriever, device="cpu", threads=1).encode(texts, is_query=False)
    np.testing.assert_allclose(vectors, bare, atol=1e-5)
    scores = client.rerank("read json", texts, budget_seconds=SECONDS).result(SECONDS)
    bare_scores = load_reranker(tiny_reranker, device="cpu", threads=1).score("read json", texts)
    np.testing.assert_allclose(scores, bare_scores, atol=1e-5)


def test_nothing_asked_is_answered_at_once_without_a_worker(client: ModelClient) -> None:
    assert client.encode([], is_query=False, priority=Priority.BULK).result(0).shape == (0, client.dimension)
    assert client.status().pid is None


def test_the_most_urgent_goes_first_and_equals_in_their_order(client: ModelClient, harm: Harm) -> None:
    answered: list[str] = []
    # Five batches; while the first waits at the gate, the others arrive.
    bulk = ask(client, f"{GATE} read", priority=Priority.BULK, count=600)
    wait_until(harm.at_gate)
    futures = {
        "bulk": bulk,
        "later bulk": ask(client, "list", priority=Priority.BULK),
        "edit": ask(client, "tree", priority=Priority.EDIT),
        "later edit": ask(client, "node", priority=Priority.EDIT),
        "query": ask(client, "find"),
        "later query": ask(client, "open"),
    }
    for name, future in futures.items():
        future.add_done_callback(remember(answered, name))
    wait_until(lambda: len(harm.pushed()) == 6)
    harm.open_gate()
    for future in futures.values():
        future.result(SECONDS)
    assert answered == ["query", "later query", "edit", "later edit", "bulk", "later bulk"]
    # One batch was under way when the others came, the rest had to wait.
    assert [line.split()[-1] for line in harm.batches()[:3]] == ["read", "find", "open"]


def remember(answered: list[str], name: str) -> Callable[[Vectors], None]:
    return lambda _: answered.append(name)


def test_a_cancelled_request_stops_between_batches(client: ModelClient, harm: Harm) -> None:
    running = ask(client, f"{GATE} read", priority=Priority.BULK, count=600)
    wait_until(harm.at_gate)
    waiting = ask(client, "never", priority=Priority.BULK)
    wait_until(lambda: len(harm.pushed()) == 2)
    assert running.cancel()
    assert waiting.cancel()
    ask(client, "find", priority=Priority.EDIT)
    wait_until(lambda: len(harm.pushed()) == 3)
    harm.open_gate()
    ask(client, "tree", priority=Priority.BULK).result(SECONDS)
    assert [line.split()[-1] for line in harm.batches()] == ["read", "find", "tree"]
    with pytest.raises(CancelledError):
        running.result()
    assert client.status().pending_texts == 0


def test_a_reranking_out_of_time_is_answered_with_what_it_has(client: ModelClient, harm: Harm) -> None:
    ask(client, "find").result(SECONDS)
    texts = ["parse json " * 30] * 40 + [f"{GATE} read"] + ["write"] * 400
    start = time.monotonic()
    scores = client.rerank("json", texts, budget_seconds=1.0).result(SECONDS)
    assert time.monotonic() - start >= 1.0
    known = np.isfinite(scores)
    assert 0 < known.sum() <= 40
    assert known[: known.sum()].all(), "the best candidates come first"
    harm.open_gate()
    assert np.isfinite(ask(client, "find").result(SECONDS)).all()
    assert len([line for line in harm.batches() if line == "json"]) < 18, "the rest was not computed"


def test_a_reranking_without_any_time_scores_nothing(client: ModelClient) -> None:
    assert np.isnan(client.rerank("json", ["read"], budget_seconds=0.0).result(SECONDS)).all()


def test_a_text_that_fails_is_the_only_one_left_out(client: ModelClient) -> None:
    texts = ["read"] * 20 + [FAIL] + ["write"] * 20
    vectors = client.encode(texts, is_query=False, priority=Priority.BULK).result(SECONDS)
    assert np.flatnonzero(np.isnan(vectors).any(axis=1)).tolist() == [20]
    status = client.status()
    assert (status.failed_texts, status.restarts, status.quarantined) == (1, 0, ())
    assert status.last_error == "RuntimeError: this text cannot be read"


def test_too_many_texts_for_the_memory_go_in_smaller_groups(client: ModelClient) -> None:
    vectors = client.encode([CROWD] * 21, is_query=False, priority=Priority.BULK).result(SECONDS)
    assert np.isfinite(vectors).all()


def test_a_vector_that_is_no_number_is_never_returned_in_part(client: ModelClient) -> None:
    vectors = client.encode(["read", NAN, "write"], is_query=False, priority=Priority.BULK).result(SECONDS)
    assert np.isnan(vectors).all(axis=1).tolist() == [False, True, False]
    assert client.status().failed_texts == 1


def test_lone_surrogates_and_control_characters_are_embedded(client: ModelClient) -> None:
    vectors = client.encode(["\ud800 read", "\0\x1b[2J", "\u202e"], is_query=False, priority=Priority.EDIT)
    assert np.isfinite(vectors.result(SECONDS)).all()


def test_whatever_a_library_prints_stays_out_of_the_line(client: ModelClient) -> None:
    for _ in range(3):
        assert np.isfinite(ask(client, f"{PRINT} read").result(SECONDS)).all()


def test_a_worker_on_the_cpu_holds_no_torch(tiny_retriever: Path, tiny_reranker: Path) -> None:
    with ModelClient(tiny_retriever, tiny_reranker, device="cpu") as client:
        ask(client, "read").result(SECONDS)
        client.rerank("read", ["write"], budget_seconds=SECONDS).result(SECONDS)
        maps = Path(f"/proc/{client.status().pid}/maps").read_text(encoding="utf-8")
    assert "onnxruntime" in maps
    assert "torch" not in maps
    assert "usearch" not in maps


def test_a_gpu_that_is_not_there_is_replaced_by_the_cpu_and_said(tiny_retriever: Path) -> None:
    with ModelClient(tiny_retriever, None, device="mps") as client:
        ask(client, "read").result(SECONDS)
        choice = client.status().device
    assert choice is not None
    if choice.kind == "cpu":
        assert choice.is_fallback
        assert choice.precision == "fp32", "the tiny model is not quantised"
        assert "mps is wanted" in choice.reason
