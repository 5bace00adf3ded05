"""Fixtures for tests of whole workspaces: real files, real models, real stores, in a cache directory of the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shop import SHOP, write_tree

# Nothing of the user's may reach a test, and no test may reach the user's files or the network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["VIZSLA_CONFIG"] = os.devnull
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small workspace in two languages."""
    return write_tree(tmp_path / "shop", SHOP)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache directory of this test, for this process and its children."""
    directory = tmp_path / "cache"
    monkeypatch.setenv("VIZSLA_CACHE_DIR", str(directory))
    return directory


@pytest.fixture
def run_vizsla(cache: Path) -> Iterator[Callable[..., object]]:
    """Run the command line as a user does, in a process of its own."""
    import subprocess
    import sys

    def run(*arguments: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "vizsla.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, input=text, timeout=120, check=False)

    yield run
