"""The command line where the machine is against it: no network, a full disk, somebody else's cache, hostile files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from vizsla.core.errors import VizslaError
from vizsla.core.settings import CacheSettings, Settings
from vizsla.models.client import Priority
from vizsla.services.resources import Resources

Run = Callable[..., "subprocess.CompletedProcess[str]"]
VIZSLA = (sys.executable, "-m", "vizsla.cli")


def in_namespace(flags: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in Linux namespaces of its own."""
    command = ["unshare", flags, "sh", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_nothing_needs_or_tries_the_network(shop: Path, cache: Path, tmp_path: Path) -> None:
    # Every attempt of Python code to connect, in the command or in its children, writes into this file.
    spy = tmp_path / "spy"
    spy.mkdir()
    log = tmp_path / "connections"
    (spy / "sitecustomize.py").write_text(
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.bind'):\n"
        f"        open({str(log)!r}, 'a').write(event + '\\n')\n"
        "sys.addaudithook(hook)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(spy)}
    command = [*VIZSLA, "search", "--json", "retry uploads", str(shop)]
    if in_namespace("-rn", "true").returncode == 0:
        command = ["unshare", "-rn", *command]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert json.loads(done.stdout)["hits"][0]["name"] == "retry_upload", done.stderr
    assert not log.exists(), log.read_text()


def test_a_full_disk_is_told_in_one_sentence_and_loses_nothing(shop: Path, tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    for number in range(300):
        (shop / f"many_{number}.py").write_text(
            "\n".join(f"def f_{number}_{k}(a):\n    return a + {k} * {number}" for k in range(20))
        )
    index = f"VIZSLA_CACHE_DIR={place}/cache {sys.executable} -m vizsla.cli index {shop}"
    mount = f"mount -t tmpfs -o size=1m,mode=700 none {place}"
    done = in_namespace("-rm", f"{mount} && {index}; echo status=$?")
    assert "Traceback" not in done.stderr
    assert "status=2" in done.stdout or "status=1" in done.stdout
    assert "space" in done.stderr or "full" in done.stderr, done.stderr


def test_a_cache_of_somebody_else_is_refused_and_memory_is_used(run_vizsla: Run, shop: Path, cache: Path) -> None:
    cache.mkdir(mode=0o777)
    cache.chmod(0o777)
    done = run_vizsla("search", "--json", "retry uploads", shop)
    assert json.loads(done.stdout)["hits"][0]["name"] == "retry_upload"
    assert "writable for others" in done.stderr
    assert list(cache.iterdir()) == []


def test_a_linked_cache_is_refused(run_vizsla: Run, shop: Path, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    cache.symlink_to(tmp_path / "elsewhere")
    done = run_vizsla("search", "--json", "retry uploads", shop)
    assert json.loads(done.stdout)["hits"]
    assert "symbolic link" in done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_code_of_the_workspace_is_never_run(run_vizsla: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = "open('trapped', 'w').write('x')\n"
    for name in ("numpy.py", "tokenizers.py", "sitecustomize.py", "vizsla.py", "conftest.py"):
        (shop / name).write_text(trap)
    monkeypatch.chdir(shop)
    script = Path(sys.executable).with_name("vizsla")
    done = subprocess.run([script, "search", "--json", "retry uploads"], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["hits"], done.stderr
    assert not (shop / "trapped").exists()


def test_secrets_and_what_links_lead_to_are_in_no_byte_of_the_index(
    run_vizsla: Run, shop: Path, cache: Path, tmp_path: Path
) -> None:
    secret = "c4n4ryt0k3n"
    (tmp_path / "outside.py").write_text(f"PASSWORD = '{secret}'\n")
    (shop / "link.py").symlink_to(tmp_path / "outside.py")
    (shop / ".env").write_text(f"TOKEN={secret}\n")
    (shop / "id_rsa").write_text(secret)
    done = run_vizsla("--verbose", "search", "--json", "password token", shop)
    assert secret not in done.stdout + done.stderr
    for path in cache.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path


def test_strange_files_stop_nothing(run_vizsla: Run, shop: Path) -> None:
    os.mkfifo(shop / "pipe.py")
    (shop / "loop").symlink_to(shop)
    (shop / "self.py").symlink_to(shop / "self.py")
    (shop / "zeros.py").write_bytes(b"")
    (shop / "garbage.py").write_bytes(bytes(range(256)) * 2_000)
    (shop / "deep.py").write_text("x = " + "(" * 10_000 + ")" * 10_000 + "\n")
    (shop / "broken.py").write_text("def fine():\n    return 1\n\ndef broken(:\n")
    (Path(os.fsdecode(os.fsencode(shop) + b"/bad\xff.py"))).write_text("def from_a_bad_name():\n    return 1\n")
    with (shop / "sparse.py").open("wb") as stream:
        stream.truncate(1 << 40)
    done = run_vizsla("search", "--json", "from a bad name", shop)
    assert done.returncode == 0, done.stderr
    hit = json.loads(done.stdout)["hits"][0]
    assert hit["name"] == "from_a_bad_name"
    assert hit["uri"].endswith("bad%FF.py")
    status = json.loads(run_vizsla("status", "--json", shop).stdout)
    assert {"pipe.py", "loop", "self.py", "garbage.py", "sparse.py"} <= set(status["skipped"])


def test_a_workspace_that_vanishes_is_told(run_vizsla: Run, shop: Path) -> None:
    run_vizsla("index", shop)
    shutil.rmtree(shop)
    done = run_vizsla("search", "retry", shop)
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert run_vizsla("clear", "--yes", shop).returncode == 0


def test_a_worker_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(cache / "no-python"))
    with Resources(replace(Settings(), cache=CacheSettings(directory=cache))) as resources:
        assert resources.models is not None
        asked = resources.models.encode(["where is it"], is_query=True, priority=Priority.QUERY)
        with pytest.raises(VizslaError, match="the model worker"):
            asked.result(timeout=60)
