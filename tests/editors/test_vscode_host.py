"""The VS Code extension inside a real VS Code: with a server, without, with others, untrusted, without a folder."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from editors.vscode import code_server
from editors.vscode.code_server import SERVER, TESTS, CodeServer
from models.tiny_models import make_tiny_model
from vizsla.models.library import add_model

UPLOADS = '''import time


def read_file(path):
    return open(path, "rb").read()
def retry_upload(path, attempts=3):
    """Send a file again until the server takes it."""
    for attempt in range(attempts):
        try:
            return send(read_file(path))
        except OSError:
            time.sleep(2**attempt)
    raise OSError(path)


def send(data):
    """Hand bytes to the server."""
    return len(data)


def resend_download(path, attempts=5):
    """Fetch a file again until it comes."""
    for attempt in range(attempts):
        try:
            return read_file(path)
        except OSError:
            time.sleep(attempt)
    raise OSError(path)
'''
CART = """export function totalPrice(items) {
  return items.reduce((sum, item) => sum + item.price * item.count, 0);
}

export function addItem(cart, item) {
  return { ...cart, items: [...cart.items, item] };
}
"""
GARDEN = '''def water(flowers):
    """Give water to all flowers."""
    return [flower.drink() for flower in flowers]
'''
# Seconds; a busy machine is not to be taken for a broken editor.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PATH_WITHOUT = os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin"])


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small workspace."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "uploads.py").write_text(UPLOADS, encoding="utf-8")
    (folder / "cart.js").write_text(CART, encoding="utf-8")
    (folder / "picture.py").write_bytes(b"\0\1\2" * 50)
    return folder


@pytest.fixture(scope="module")
def host_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tests for the extension host; the extension itself is built too."""
    target = tmp_path_factory.mktemp("host")
    code_server.build()
    code_server.build_host_tests(target)
    return target


@pytest.fixture(scope="module")
def vscode(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """One VS Code for all: each test has a window of its own, and sets what the machine's settings are."""
    home = tmp_path_factory.mktemp("vscode")
    toys = home / "toys"
    toys.mkdir()
    for kind in ("old", "new", "trained"):
        words = [sys.executable, str(TESTS / "toy_server.py"), kind, str(toys)]
        (toys / kind).write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n", encoding="utf-8")
        (toys / kind).chmod(0o755)
    with code_server.code_server(home, {}, PATH=PATH_WITHOUT, TEST_SERVER=str(SERVER), TEST_TOYS=str(toys)) as started:
        yield started


def test_with_a_server(shop: Path, host_tests: Path, vscode: CodeServer, tmp_path: Path) -> None:
    reranker = make_tiny_model(tmp_path / "reranker", "cross-encoder")
    add_model(str(reranker), vscode.home / "vizsla", role="reranker", name="tiny-reranker")
    garden = tmp_path / "garden"
    garden.mkdir()
    (garden / "garden.py").write_text(GARDEN, encoding="utf-8")
    workspace = tmp_path / "both.code-workspace"
    folders = [{"path": str(shop)}, {"path": str(garden)}]
    workspace.write_text(json.dumps({"folders": folders}), encoding="utf-8")
    vscode.set({"vizsla.server.path": str(SERVER)})
    print(vscode.run_inside(host_tests / "serving.js", workspace=workspace))


def test_without_a_server_and_with_ones_that_do_not_fit(host_tests: Path, vscode: CodeServer, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    vscode.set({})
    print(vscode.run_inside(host_tests / "missing.js", folder=empty))


def test_in_a_folder_that_is_not_trusted(shop: Path, host_tests: Path, vscode: CodeServer) -> None:
    program = shop / ".venv" / "bin" / "vizsla"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ntouch '{shop}/was-run'\n", encoding="utf-8")
    program.chmod(0o755)
    (shop / ".vscode").mkdir()
    wanted = {
        "vizsla.server.path": str(program),
        "vizsla.server.python": str(program),
        "vizsla.models.retriever": "evil",
    }
    (shop / ".vscode" / "settings.json").write_text(json.dumps(wanted), encoding="utf-8")
    vscode.set({"vizsla.server.path": str(SERVER)})
    print(vscode.run_inside(host_tests / "untrusted.js", folder=shop, is_trusting=False))
    assert not (shop / "was-run").exists()


def test_without_a_folder(host_tests: Path, vscode: CodeServer) -> None:
    vscode.set({"vizsla.server.path": str(SERVER)})
    print(vscode.run_inside(host_tests / "nofolder.js"))
