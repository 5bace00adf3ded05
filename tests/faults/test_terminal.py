"""The command line where its surroundings fail it: closed streams, readers that leave, Ctrl-C, a busy index."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from shop import SHOP, write_tree
from vizsla.index.lock import WriterLock

VIZSLA = (sys.executable, "-P", "-m", "vizsla.cli")
QUESTION = "where do we retry failed uploads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A workspace that is indexed, and the environment of commands that know its index."""

    root: Path
    environment: dict[str, str]

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script in which ``$VIZSLA`` is the command and ``$ROOT`` the workspace."""
        return subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**self.environment, "VIZSLA": " ".join(VIZSLA), "ROOT": str(self.root), "QUESTION": QUESTION},
        )


def indexed(root: Path, cache: Path) -> Indexed:
    """Index a workspace."""
    environment = {**os.environ, "VIZSLA_CACHE_DIR": str(cache)}
    subprocess.run([*VIZSLA, "index", str(root)], check=True, env=environment, capture_output=True)
    return Indexed(root=root, environment=environment)


@pytest.fixture(scope="module")
def shop_index(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """The small workspace; tests here only ask it."""
    folder = tmp_path_factory.mktemp("terminal")
    return indexed(write_tree(folder / "shop", SHOP), folder / "cache")


@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-"])
def test_closed_streams_change_no_answer(shop_index: Indexed, closed: str) -> None:
    done = shop_index.shell(f'$VIZSLA search "$QUESTION" $ROOT {closed}')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("shop/uploads.py:6: function retry_upload")


def test_nobody_listening_is_no_error(shop_index: Indexed) -> None:
    assert shop_index.shell('$VIZSLA search "$QUESTION" $ROOT >&- 2>&- <&-').returncode == 0


@pytest.mark.parametrize("options", ["-n 100", "-n 100 --json", "--batch questions"])
def test_a_reader_that_leaves_is_no_error(shop_index: Indexed, options: str) -> None:
    asked = "" if "batch" in options else '"$QUESTION"'
    lines = f"cd $ROOT/..; for i in $(seq 30); do echo $QUESTION; done > questions; $VIZSLA search {options} {asked} "
    done = shop_index.shell(lines + "$ROOT --no-update | head -c 1; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ['search "$QUESTION"', "status --json"])
def test_a_full_disk_below_the_output_is_told(shop_index: Indexed, command: str) -> None:
    done = shop_index.shell(f"$VIZSLA {command} $ROOT > /dev/full")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


def test_nothing_is_deleted_where_nobody_can_be_asked(shop_index: Indexed) -> None:
    done = shop_index.shell("$VIZSLA clear $ROOT < /dev/null")
    assert done.returncode == 2
    assert "nothing was deleted" in done.stderr
    done = shop_index.shell("echo no | $VIZSLA clear $ROOT")
    assert done.returncode == 1
    done = shop_index.shell("$VIZSLA clear --yes $ROOT/nowhere")
    assert done.returncode == 1
    assert "there is no index of" in done.stderr
    assert json.loads(shop_index.shell("$VIZSLA status --json $ROOT").stdout)["functions"] > 5


def test_an_index_that_another_process_keeps_is_read_and_left_alone(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "shop", SHOP)
    shop = indexed(root, tmp_path / "cache")
    (directory,) = (tmp_path / "cache" / "workspaces").iterdir()
    lock = WriterLock(directory / "writer.lock")
    assert lock.try_acquire()
    try:
        done = shop.shell('$VIZSLA search "$QUESTION" $ROOT')
        assert done.stdout.startswith("shop/uploads.py:6:"), done.stderr
        done = shop.shell("$VIZSLA index $ROOT")
        assert done.returncode == 1
        assert "another process is at work" in done.stderr
        assert json.loads(shop.shell("$VIZSLA index --json $ROOT").stdout)["complete"] is False
        assert shop.shell("$VIZSLA clear --yes $ROOT").returncode == 2
    finally:
        lock.release()
    assert shop.shell("$VIZSLA index $ROOT").returncode == 0


def test_an_answer_from_an_index_never_made_says_so(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "shop", SHOP)
    environment = {**os.environ, "VIZSLA_CACHE_DIR": str(tmp_path / "cache")}
    done = Indexed(root=root, environment=environment).shell('$VIZSLA search --no-update "$QUESTION" $ROOT')
    assert done.returncode == 1
    assert "'vizsla index' completes it" in done.stderr


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(tmp_path: Path) -> None:
    files = {
        f"part_{number}.py": "\n".join(f"def area_{number}_{k}(x):\n    return x * {number * k}\n" for k in range(10))
        for number in range(60)
    }
    root, cache = write_tree(tmp_path / "parts", files), tmp_path / "cache"
    environment = {**os.environ, "VIZSLA_CACHE_DIR": str(cache)}
    process = subprocess.Popen([*VIZSLA, "index", str(root)], stderr=subprocess.PIPE, text=True, env=environment)
    while process.poll() is None and not list(cache.glob("workspaces/*/index.sqlite")):
        time.sleep(0.01)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was done so far is kept" in errors
    assert "Traceback" not in errors
    parts = indexed(root, cache)
    status = json.loads(parts.shell("$VIZSLA status --json $ROOT").stdout)
    assert (status["functions"], status["pending"]) == (600, 0)


def test_names_of_files_reach_the_terminal_inert(tmp_path: Path) -> None:
    root = tmp_path / "names"
    root.mkdir()
    names = [b"new\nline.py", b"escape\x1b[31m.py", b"bad\xff.py", b"a" * 252 + b".py", b"per%20cent%s.py", b"-rf.py"]
    for number, name in enumerate(names):
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_text(f"def strange_{number}():\n    return 'odd'\n")
    shop = indexed(root, tmp_path / "cache")
    done = shop.shell("$VIZSLA search 'strange odd' $ROOT")
    assert len(done.stdout.splitlines()) == len(names)
    assert "\x1b" not in done.stdout
    assert "new\ufffdline.py:1: function strange_0" in done.stdout
    assert shop.shell("cd $ROOT; $VIZSLA similar -n 1 -- -rf.py:1").returncode == 0
    assert shop.shell("cd $ROOT; $VIZSLA similar -n 1 $'bad\\xff.py:1'").returncode == 0


def test_what_may_not_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "shop", {**SHOP, "closed/inside.py": "def inside(): pass\n"})
    (root / "shop" / "cart.py").chmod(0)
    (root / "closed").chmod(0)
    # The superuser may read everything, unless that power is taken away.
    without_power = "setpriv --bounding-set=-dac_override,-dac_read_search" if os.geteuid() == 0 else ""
    environment = {**os.environ, "VIZSLA_CACHE_DIR": str(tmp_path / "cache")}
    shop = Indexed(root=root, environment=environment)
    try:
        done = shop.shell(f'{without_power} $VIZSLA search "$QUESTION" $ROOT')
        assert done.stdout.startswith("shop/uploads.py:6:"), done.stderr
        done = shop.shell(f"{without_power} $VIZSLA status --files $ROOT")
        assert "shop/cart.py: may not be read by this user" in done.stdout
        assert "closed: may not be read by this user" in done.stdout
        done = shop.shell(f"{without_power} $VIZSLA search x $ROOT/closed")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "may not be read by this user; change its permissions" in done.stderr
    finally:
        (root / "closed").chmod(0o700)


def test_a_workspace_may_not_be_written_to(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "shop", SHOP)
    for path in (root, *root.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        shop = indexed(root, tmp_path / "cache")
        assert shop.shell('$VIZSLA search "$QUESTION" $ROOT').stdout.startswith("shop/uploads.py:6:")
    finally:
        subprocess.run(["chmod", "-R", "u+w", str(root)], check=True)


@pytest.mark.parametrize("variable", ["LC_ALL=C", "LC_ALL=POSIX PYTHONUTF8=0", "PYTHONIOENCODING=ascii", "-u HOME"])
def test_any_surroundings_will_do(shop_index: Indexed, variable: str) -> None:
    done = shop_index.shell(f'env {variable} $VIZSLA search "$QUESTION" $ROOT')
    assert done.stdout.startswith("shop/uploads.py:6:"), done.stderr


def test_a_folder_deeper_than_any_path_is_survived(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "shop", SHOP)
    here = Path.cwd()
    os.chdir(root)
    try:
        for number in range(900):
            Path(f"deep{number}").mkdir()
            os.chdir(f"deep{number}")
        Path("leaf.py").write_text("def leaf():\n    return 'green'\n")
    finally:
        os.chdir(here)
    try:
        shop = indexed(root, tmp_path / "cache")
        done = shop.shell('$VIZSLA search "$QUESTION" $ROOT')
        assert done.stdout.startswith("shop/uploads.py:6:"), done.stderr
    finally:
        shutil.rmtree(root)
