"""Fixtures for tests of whole workspaces: real files, real models, real stores, in a cache directory of the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Nothing of the user's may reach a test, and no test may reach the user's files or the network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["VIZSLA_CONFIG"] = os.devnull
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

SHOP = {
    "shop/uploads.py": '''"""Sending files to the store."""

import time


def retry_upload(path, attempts=3):
    """Send a file again until the server takes it."""
    for attempt in range(attempts):
        try:
            return send(path)
        except ConnectionError:
            time.sleep(2**attempt)
    raise RuntimeError("gave up")


def send(path):
    with open(path, "rb") as stream:
        return stream.read()
''',
    "shop/cart.py": '''class Cart:
    """What a customer is about to buy."""

    def __init__(self):
        self.items = []

    def total_price(self, tax_rate):
        """Sum of all prices with value added tax."""
        return sum(item.price for item in self.items) * (1 + tax_rate)

    def remove_item(self, name):
        self.items = [item for item in self.items if item.name != name]
''',
    "web/session.js": """// Sign a session cookie with the secret key.
export function signCookie(value, secret) {
  return value + "." + hmac(secret, value);
}

const parseQuery = (text) => Object.fromEntries(new URLSearchParams(text));
""",
    "tests/test_cart.py": """def test_total_price_includes_tax():
    assert Cart().total_price(0.2) == 0
""",
}


def write_tree(root: Path, files: dict[str, str]) -> Path:
    """Write files below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


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
