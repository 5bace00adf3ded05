"""``vizsla train``, ``vizsla eval`` and ``vizsla models`` as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.tiny_models import make_tiny_model
from trainer.toy import make_workspace
from vizsla.cli.app import run
from vizsla.models.in_use import models_in_use
from vizsla.models.library import add_model

Run = Callable[..., "subprocess.CompletedProcess[str]"]

RECIPE = """
threads = 1
[clean]
consistency = false
[retriever]
base = {base}
most_steps = 4000
epochs = 1000
batch = 8
code_tokens = 48
checkpoint_every = 2
evaluate_every = 4000
freezes_embeddings = false
"""


@dataclass(frozen=True)
class Told:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run_here(cache: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Run the command line in this process, where a fault is raised: a process of its own takes seconds to begin."""

    def called(*arguments: str | Path) -> Told:
        capsys.readouterr()
        status = run(list(map(str, arguments)))
        return Told(status, *capsys.readouterr())

    return called


def test_commands_say_what_they_do_without_loading_what_trains() -> None:
    program = (
        "import sys\nfrom vizsla.cli.app import run\n"
        "for command in (['train'], ['eval'], ['eval', 'r2ps'], []):\n    assert run([*command, '--help']) == 0\n"
        "sys.exit(bool({'torch', 'transformers', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for command in ("train", "eval", "eval r2ps"):
        assert f"Usage: vizsla {command} [OPTIONS]" in done.stdout
    assert "Train models on your own code." in done.stdout.split("Usage: vizsla [OPTIONS]")[1]


def test_what_cannot_be_done_is_told_in_a_sentence(run_here: Callable[..., Told], tmp_path: Path) -> None:
    for arguments, said in (
        (["train", tmp_path / "nowhere"], "cannot be read"),
        (["train", "--recipe", "nothing", tmp_path], "there is no recipe 'nothing'"),
        (["train", "--stage", "dream", tmp_path], "'dream' is not one of"),
        (["train", "--device", "tpu", tmp_path], "--device must be cpu, cuda or mps"),
        (["train", "--device", "mps", tmp_path], "--device mps: this machine is no Mac with Apple silicon; leave it"),
        (["eval", "r2ps"], "missing option '--data'"),
    ):
        done = run_here(*arguments)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr.lower() or said in done.stderr


def test_a_run_that_never_began_cannot_go_on(run_vizsla: Run, tmp_path: Path) -> None:
    done = run_vizsla("train", "--resume", "--out", tmp_path / "out", tmp_path)
    assert done.returncode == 2, done.stderr
    assert "no run began in" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "block.py").write_text(
        "import importlib.util, sys\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'torch' else real(name, *rest)\n"
        "from vizsla.cli.app import run\n"
        f"sys.exit(run(['train', {str(tmp_path)!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, str(tmp_path / "block.py")], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "pip install 'vizsla[train]'" in done.stderr


def test_a_workspace_without_code_leaves_the_models_in_use_and_says_why(run_vizsla: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run_vizsla("train", "--json", "--out", tmp_path / "out", tmp_path / "empty")
    assert done.returncode == 1, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["stage"] == "mine"
    assert lines[-1]["is_offered"] is False
    assert "too few to learn from" in lines[-1]["reasons"][0]
    assert Path(lines[-1]["report"]).is_file()


@pytest.mark.slow
def test_ctrl_c_and_a_kill_leave_a_run_that_goes_on(cache: Path, tmp_path: Path) -> None:
    base, workspace = make_tiny_model(tmp_path / "base", "bi-encoder"), make_workspace(tmp_path / "shop", 80)
    recipe = tmp_path / "toy.toml"
    recipe.write_text(RECIPE.format(base=json.dumps(str(base))))
    command = ["train", "--json", "--recipe", str(recipe), "--out", str(tmp_path / "out"), str(workspace)]
    assert _ended(command, signal.SIGINT, at=3) == 130
    assert _ended(command, signal.SIGKILL, at=6) == -signal.SIGKILL
    seen: list[int] = []
    assert _ended(command, signal.SIGTERM, at=7, seen=seen) == 130
    assert seen[0] > 4
    assert models_in_use(cache).retriever == "default"


def test_models_are_used_listed_rolled_back_and_removed_by_name(
    run_here: Callable[..., Told], cache: Path, tmp_path: Path
) -> None:
    add_model(str(make_tiny_model(tmp_path / "a", "bi-encoder")), cache, role="retriever", name="mine")
    add_model(str(make_tiny_model(tmp_path / "b", "cross-encoder")), cache, role="reranker", name="ranker")
    assert "retriever mine, reranker ranker" in run_here("models", "use", "mine", "ranker").stdout
    used = [line.split()[0] for line in run_here("models", "list").stdout.splitlines() if line.endswith("in use")]
    assert used == ["mine", "ranker"]
    assert "is in use" in run_here("models", "rm", "mine").stderr
    assert "retriever default, reranker default" in run_here("models", "rollback").stdout
    assert run_here("models", "rm", "mine").returncode == 0
    assert "no model named 'mine'" in run_here("models", "use", "mine").stderr
    assert "retriever default, reranker none" in run_here("models", "use", "default", "none").stdout


def _ended(command: Sequence[str], number: signal.Signals, *, at: int, seen: list[int] | None = None) -> int:
    """Run a command, send it a signal when the retriever has made a step, and give its exit status."""
    with subprocess.Popen(
        [sys.executable, "-m", "vizsla.cli", *command], stdout=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        deadline = time.monotonic() + 240
        for line in process.stdout:
            told = json.loads(line)
            assert time.monotonic() < deadline
            if told.get("stage") == "retriever" and told["numbers"]:
                if seen is not None:
                    seen.append(told["done"])
                if told["done"] >= at:
                    process.send_signal(number)
                    break
        process.stdout.read()
        return process.wait(timeout=120)
