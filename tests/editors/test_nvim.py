"""The Neovim plug-in in real Neovims, with the real server: the scenarios of ``nvim/``, each in a file of its own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shop import SHOP, write_tree

ROOT = Path(__file__).parents[2]
NEOVIMS = ROOT / ".editors" / "neovim"
SCENARIOS = Path(__file__).parent / "nvim"
PLUGIN = ROOT / "editors" / "nvim"
TELESCOPE = NEOVIMS / "newest" / "root" / "usr" / "share"

VERSIONS = ("0.10", "0.11", "newest")
NAMES = sorted(path.stem for path in SCENARIOS.glob("*.lua") if path.stem not in {"run", "harness"})


@pytest.fixture(scope="session")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache directory for all scenarios, so that each function is encoded once."""
    return tmp_path_factory.mktemp("nvim-cache")


@pytest.fixture
def environment(tmp_path: Path, warm_cache: Path) -> dict[str, str]:
    """What a Neovim under test sees: nothing of the user's, our program first on the path."""
    home = tmp_path / "home"
    for name in ("config", "data", "state/nvim", "cache"):
        (home / name).mkdir(parents=True)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("NVIM", "XDG_"))},
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "VIZSLA_CACHE_DIR": str(warm_cache),
        "VIZSLA_PLUGIN": str(PLUGIN),
        "VIZSLA_SCENARIOS": str(SCENARIOS),
        "VIZSLA_TELESCOPE": str(TELESCOPE),
        "VIZSLA_TEST_FOLDER": str(tmp_path),
        "VIZSLA_TEST_SHOP": json.dumps(SHOP),
        "LC_ALL": "C.UTF-8",
    }


def neovim(version: str) -> Path:
    """The Neovim of this version, which has to be there."""
    program = NEOVIMS / version / "nvim"
    assert program.exists(), f"there is no {program}; run .ci/install-neovim"
    return program


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_the_scenarios_pass(version: str, name: str, environment: dict[str, str], tmp_path: Path) -> None:
    command = [str(neovim(version)), "--clean", "--headless", "-l", str(SCENARIOS / "run.lua"), name]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=580, check=False
    )
    printed = done.stdout + done.stderr
    last = printed.strip().splitlines()[-1]
    assert done.returncode == 0, printed
    assert last.endswith(" passed, 0 failed") and not last.startswith("0 "), printed


@pytest.mark.slow
def test_telescope_in_a_terminal_shows_hits_while_one_types_and_jumps(
    environment: dict[str, str], tmp_path: Path
) -> None:
    assert shutil.which("tmux"), "there is no tmux; install it with the system's packages"
    shop = write_tree(tmp_path / "shop", SHOP)
    (shop / ".git").mkdir()
    init = tmp_path / "init.lua"
    paths = [PLUGIN, TELESCOPE / "neovim-plenary", TELESCOPE / "neovim-telescope"]
    init.write_text(
        "".join(f"vim.opt.runtimepath:prepend({json.dumps(str(path))})\n" for path in paths)
        + "vim.o.swapfile = false; vim.o.shortmess = vim.o.shortmess .. 'I'\n"
    )
    tmux = ["tmux", "-L", f"vizsla-{os.getpid()}", "-f", os.devnull]

    def run(*words: str) -> str:
        return subprocess.run(
            [*tmux, *words], env=environment, capture_output=True, text=True, timeout=30, check=True
        ).stdout

    def screen_with(*parts: str) -> str:
        deadline = time.monotonic() + 60
        while True:
            screen = run("capture-pane", "-p")
            if all(part in screen for part in parts):
                return screen
            assert time.monotonic() < deadline, screen
            time.sleep(0.1)

    editor = shlex.join([str(neovim("newest")), "-u", str(init), "shop/cart.py"])
    run("new-session", "-d", "-x", "160", "-y", "40", "-c", str(shop), editor)
    try:
        screen_with("class Cart")
        run("send-keys", ":Vizsla", "Enter")
        screen_with("Find functions by what they do")
        run("send-keys", "-l", "where is a file sent again")
        screen_with("retry_upload", 'raise RuntimeError("gave up")')  # the row, and the preview of its file
        run("send-keys", "Enter")
        screen_with("def retry_upload", "shop/uploads.py")
    finally:
        run("kill-server")
