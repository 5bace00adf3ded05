"""The Neovim plug-in in real Neovims, with the real server: the scenarios of ``nvim/``, each in a file of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from editors.conftest import EDITORS, home_environment
from editors.terminal import in_terminal
from models.tiny_models import make_tiny_model
from shop import SHOP

ROOT = Path(__file__).parents[2]
NEOVIMS = EDITORS / "neovim"
SCENARIOS = Path(__file__).parent / "nvim"
PLUGIN = ROOT / "editors" / "nvim"
TELESCOPE = NEOVIMS / "newest" / "root" / "usr" / "share"

VERSIONS = ("0.10", "0.11", "newest")
NAMES = sorted(path.stem for path in SCENARIOS.glob("*.lua") if path.stem not in {"run", "harness"})

Run = Future["subprocess.CompletedProcess[str]"]


def neovim(version: str) -> Path:
    """The Neovim of this version, which has to be there."""
    program = NEOVIMS / version / "nvim"
    assert program.exists(), f"there is no {program}; run .ci/install-neovim"
    return program


@pytest.fixture(scope="session")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, warm_cache: Path
) -> Iterator[Mapping[tuple[str, str], Run]]:
    """Every scenario that is wanted, two at a time: most of their time is the start of servers."""
    model = make_tiny_model(tmp_path_factory.mktemp("model") / "tiny", "bi-encoder")
    wanted = [
        (str(item.callspec.params["version"]), str(item.callspec.params["name"]))
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_the_scenarios_pass.__name__
    ]
    with ThreadPoolExecutor(max_workers=2) as pool:
        started: dict[tuple[str, str], Run] = {}
        for version, name in wanted:
            folder = tmp_path_factory.mktemp("nvim")
            environment = {
                **home_environment(folder, warm_cache),
                "VIZSLA_PLUGIN": str(PLUGIN),
                "VIZSLA_SCENARIOS": str(SCENARIOS),
                "VIZSLA_TELESCOPE": str(TELESCOPE),
                "VIZSLA_TEST_FOLDER": str(folder),
                "VIZSLA_TEST_SHOP": json.dumps(SHOP),
                "VIZSLA_TINY_MODEL": str(model),
                "VIZSLA_TOY_TRAINING": str(ROOT / "tests" / "services" / "toy_training.py"),
            }
            started[version, name] = pool.submit(_scenario, version, name, folder, environment)
        yield started
        pool.shutdown(cancel_futures=True)


def _scenario(version: str, name: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (Path(environment["XDG_STATE_HOME"]) / "nvim").mkdir()
    command = [str(neovim(version)), "--clean", "--headless", "-l", str(SCENARIOS / "run.lua"), name]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1100, check=False
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", NAMES)
def test_the_scenarios_pass(version: str, name: str, runs: Mapping[tuple[str, str], Run]) -> None:
    done = runs[version, name].result()
    printed = done.stdout + done.stderr
    last = printed.strip().splitlines()[-1]
    assert done.returncode == 0, printed
    assert last.endswith(" passed, 0 failed") and not last.startswith("0 "), printed


@pytest.mark.slow
def test_telescope_in_a_terminal_shows_hits_while_one_types_and_jumps(
    environment: dict[str, str], shop: Path, tmp_path: Path
) -> None:
    init = tmp_path / "init.lua"
    paths = [PLUGIN, TELESCOPE / "neovim-plenary", TELESCOPE / "neovim-telescope"]
    init.write_text(
        "".join(f"vim.opt.runtimepath:prepend({json.dumps(str(path))})\n" for path in paths)
        + "vim.o.swapfile = false; vim.o.shortmess = vim.o.shortmess .. 'I'\n"
    )
    with in_terminal([str(neovim("newest")), "-u", str(init), "shop/cart.py"], shop, environment) as terminal:
        terminal.screen_with("class Cart")
        terminal.write(":Vizsla")
        terminal.press("Enter")
        terminal.screen_with("Find functions by what they do")
        terminal.write("where is a file sent again")
        terminal.screen_with("retry_upload", 'raise RuntimeError("gave up")')  # the row, and the preview of its file
        terminal.press("Enter")
        terminal.screen_with("def retry_upload", "shop/uploads.py")
