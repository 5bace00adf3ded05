"""Marks every test in this folder as one that needs real editors; a home of its own for an editor, and a workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from shop import SHOP, write_tree

_HERE = Path(__file__).parent
EDITORS = Path(__file__).parents[2] / ".editors"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker("editors")


def home_environment(folder: Path, cache: Path) -> dict[str, str]:
    """What an editor under test sees: nothing of the user's, our program first on the path."""
    home = folder / "home"
    for name in ("config", "data", "state", "cache"):
        (home / name).mkdir(parents=True)
    return {
        **{
            name: value for name, value in os.environ.items() if not name.startswith(("NVIM", "XDG_", "EMACS", "HELIX"))
        },
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "VIZSLA_CACHE_DIR": str(cache),
        "LC_ALL": "C.UTF-8",
    }


@pytest.fixture(scope="session")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache directory for all editors, so that each function is encoded once."""
    return tmp_path_factory.mktemp("editors-cache")


@pytest.fixture
def environment(tmp_path: Path, warm_cache: Path) -> dict[str, str]:
    """A home of this test's own."""
    return home_environment(tmp_path, warm_cache)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The small workspace, in a folder that git would know."""
    root = write_tree(tmp_path / "shop", SHOP)
    (root / ".git").mkdir()
    return root
