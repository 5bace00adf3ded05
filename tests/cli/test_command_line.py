"""The command line as a user runs it: a process of its own, real files, real models."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from models.tiny_models import make_tiny_model

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_workspace_never_seen_is_indexed_and_answered(run_vizsla: Run, shop: Path) -> None:
    done = run_vizsla("search", "--json", "where do we retry failed uploads", shop)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    hit = answer["hits"][0]
    assert (hit["path"], hit["name"], hit["start_line"], hit["end_line"]) == (
        "shop/uploads.py",
        "retry_upload",
        6,
        13,
    )
    assert set(hit) >= {"qualified_name", "kind", "language", "score", "why", "stale", "signature", "container"}
    assert (answer["partial"], answer["reranked"], answer["semantic"]) == (False, False, True)
    assert answer["milliseconds"]["total"] > 0


def test_a_folder_whose_name_is_no_text_is_answered(run_vizsla: Run, shop: Path) -> None:
    odd = shop.rename(Path(os.fsdecode(os.fsencode(shop) + b"\xff")))
    done = run_vizsla("search", "retry uploads", odd)
    assert "retry_upload" in done.stdout, done.stderr
    assert run_vizsla("status", "--json", odd).returncode == 0


def test_a_pipe_gets_one_plain_line_per_hit(run_vizsla: Run, shop: Path) -> None:
    done = run_vizsla("search", "-n", "2", "sign cookies", shop)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("web/session.js:2: function signCookie")
    assert len(lines) == 2
    assert "\x1b" not in done.stdout


def test_now_answers_without_waiting_for_the_index(run_vizsla: Run, shop: Path) -> None:
    done = run_vizsla("search", "--now", "--json", "retry uploads", shop)
    assert json.loads(done.stdout)["hits"][0]["name"] == "retry_upload"


def test_a_batch_answers_a_line_for_each_line(run_vizsla: Run, shop: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.txt"
    questions.write_text("retry uploads\n\n???\nsign a cookie\n")
    done = run_vizsla("search", "--batch", questions, "--json", shop)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["query"] for row in rows] == ["retry uploads", "???", "sign a cookie"]
    assert rows[0]["hits"][0]["name"] == "retry_upload"
    assert "error" in rows[1]
    assert rows[2]["hits"][0]["name"] == "signCookie"


def test_a_batch_can_come_from_stdin(run_vizsla: Run, shop: Path) -> None:
    done = run_vizsla("search", "--batch", "-", shop, text="retry uploads\n")
    assert json.loads(done.stdout)["hits"]


@pytest.mark.parametrize("line", [7, 8])
def test_similar_finds_others_by_any_line_of_the_function(run_vizsla: Run, shop: Path, line: int) -> None:
    done = run_vizsla("similar", "--json", f"shop/cart.py:{line}", shop)
    names = [hit["qualified_name"] for hit in json.loads(done.stdout)["hits"]]
    assert names
    assert "Cart.total_price" not in names


def test_index_then_status_then_clear(run_vizsla: Run, shop: Path, cache: Path) -> None:
    (shop / "blob.py").write_bytes(b"\x00" * 4000)
    first = json.loads(run_vizsla("index", "--json", shop).stdout)
    assert first["complete"]
    assert first["encoded"] == first["functions"] > 5
    second = json.loads(run_vizsla("index", "--json", shop).stdout)
    assert (second["encoded"], second["cached"]) == (0, 0)
    status = json.loads(run_vizsla("status", "--json", shop).stdout)
    assert status["functions"] == first["functions"]
    assert status["pending"] == 0
    assert "not text" in status["skipped"]["blob.py"]
    assert "blob.py" in run_vizsla("status", "--files", shop).stdout
    assert run_vizsla("clear", "--yes", shop).returncode == 0
    left = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert b"retry_upload" not in left
    assert json.loads(run_vizsla("status", "--json", shop).stdout)["functions"] == 0


def test_nothing_found_is_told_by_the_status(run_vizsla: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run_vizsla("search", "--json", "anything", empty)
    assert done.returncode == 1
    assert json.loads(done.stdout)["hits"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["search", "", "{shop}"], "the question is empty"),
        (["search"], "there is no question"),
        (["search", "x", "{shop}/nowhere"], "does not exist; give the folder"),
        (["search", "x", "{shop}/shop/cart.py"], "is a file, not a folder"),
        (["search", "x kind:banana", "{shop}"], "there is no kind 'banana'"),
        (["search", "--changed", "x", "{shop}"], "in no git repository"),
        (["search", "--batch", "{shop}/nowhere.txt", "{shop}"], "cannot be read"),
        (["similar", "cart.py", "{shop}"], "is no place"),
        (["similar", "cart.py:²", "{shop}"], "is no place"),
        (["similar", "shop/cart.py:99999", "{shop}"], "no function is indexed at"),
        (["models", "remove", "nothing"], "nothing"),
        (["models", "add", "{shop}/no-model"], "no-model"),
    ],
)
def test_an_error_is_one_sentence_on_stderr(run_vizsla: Run, shop: Path, arguments: list[str], sentence: str) -> None:
    done = run_vizsla(*(argument.format(shop=shop) for argument in arguments))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_settings_of_the_wrong_type_are_named_and_the_default_is_kept(
    run_vizsla: Run, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[search]\nlimit = "many"\ncandidates = 5000000000\nspeed = 3\n')
    monkeypatch.setenv("VIZSLA_CONFIG", str(config))
    (shop / ".vizsla.toml").write_text('[models]\nretriever = "/tmp/evil"\n[index]\nexclude = ["web/"]\n')
    done = run_vizsla("search", "--json", "sign a cookie", shop)
    assert done.returncode == 0, done.stderr
    assert "search.limit: must be a whole number, got 'many'; keeping 10" in done.stderr
    assert "search.speed: no such setting" in done.stderr
    assert "models.retriever: may not be set by the workspace" in done.stderr
    assert all(not hit["path"].startswith("web/") for hit in json.loads(done.stdout)["hits"])


def test_control_characters_in_code_are_shown_inert(run_vizsla: Run, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a\x1b[31m.py").write_text('def red():\n    """Paint \x1b[31mred\x1b[0m."""\n')
    done = run_vizsla("search", "paint it red", root)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout


def test_a_read_only_cache_is_replaced_by_memory_and_told(run_vizsla: Run, shop: Path, cache: Path) -> None:
    cache.write_text("a file in place of the folder")
    done = run_vizsla("search", "--json", "retry uploads", shop)
    assert json.loads(done.stdout)["hits"][0]["name"] == "retry_upload"
    assert "kept in memory" in done.stderr


def test_a_damaged_index_is_repaired_and_told(run_vizsla: Run, shop: Path, cache: Path) -> None:
    run_vizsla("index", shop)
    (database,) = cache.glob("workspaces/*/index.sqlite")
    for journal in database.parent.glob("index.sqlite-*"):
        journal.unlink()
    database.write_bytes(b"SQLite format 3\0" + b"\xff" * 50_000)
    done = run_vizsla("search", "--json", "retry uploads", shop)
    assert json.loads(done.stdout)["hits"][0]["name"] == "retry_upload"
    assert "moved aside" in done.stderr


@pytest.mark.parametrize("wait_seconds", [0.3, 0.6, 0.9, 1.5])
def test_a_kill_at_any_moment_loses_nothing(shop: Path, cache: Path, run_vizsla: Run, wait_seconds: float) -> None:
    command = [sys.executable, "-m", "vizsla.cli", "index", str(shop)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(wait_seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = run_vizsla("search", "--json", "retry uploads", shop)
    answer = json.loads(done.stdout)
    assert answer["hits"][0]["name"] == "retry_upload"
    assert not answer["partial"]


def test_everything_we_write_is_private(run_vizsla: Run, shop: Path, cache: Path) -> None:
    before = os.umask(0)
    try:
        run_vizsla("index", shop)
    finally:
        os.umask(before)
    for path in (cache, *cache.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_workspace_is_left_as_it_was(run_vizsla: Run, shop: Path) -> None:
    before = sorted(shop.rglob("*"))
    run_vizsla("search", "anything", shop)
    assert sorted(shop.rglob("*")) == before


def test_doctor_names_what_it_found(run_vizsla: Run, shop: Path) -> None:
    done = run_vizsla("doctor", "--json", shop)
    found = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert {"python", "sqlite", "cache", "git", "retriever", "reranker"} <= set(found)
    assert found["retriever"]["is_good"], found["retriever"]


def test_models_list_names_the_shipped_one(run_vizsla: Run) -> None:
    done = run_vizsla("models", "list")
    assert "default" in done.stdout
    assert "bi-encoder" in done.stdout


def test_version_and_help(run_vizsla: Run) -> None:
    assert run_vizsla("--version").stdout.startswith("vizsla ")
    assert "search" in run_vizsla("--help").stdout
    assert run_vizsla("no-such-command").returncode == 2


@pytest.fixture
def reranker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reranker that the settings name."""
    folder = make_tiny_model(tmp_path / "reranker", "late-interaction")
    config = tmp_path / "config.toml"
    config.write_text(f'[models]\nreranker = "{folder}"\n')
    monkeypatch.setenv("VIZSLA_CONFIG", str(config))
    return folder


def test_the_only_question_of_a_process_is_reranked_though_the_reranker_had_to_be_loaded(
    run_vizsla: Run, shop: Path, reranker: Path
) -> None:
    done = run_vizsla("search", "--json", "retry uploads", shop, "--budget", "30000")
    assert json.loads(done.stdout)["reranked"], done.stderr


def test_a_reranker_that_is_damaged_is_named_and_the_answer_comes_without_it(
    run_vizsla: Run, shop: Path, reranker: Path
) -> None:
    model = reranker / "model.onnx"
    size = model.stat().st_size
    model.write_bytes(b"no model")
    done = run_vizsla("search", "retry uploads", shop)
    assert done.returncode == 0, done.stderr
    assert "model.onnx of the model in" in done.stderr
    assert "answering without reranking" in done.stderr
    model.write_bytes(b"x" * size)  # which shows only when it is loaded
    done = run_vizsla("search", "retry uploads", shop)
    assert done.returncode == 0, done.stderr
    assert "not reranked: " in done.stderr
