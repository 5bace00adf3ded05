"""The VS Code extension inside a real VS Code: with a server, without, untrusted, with several folders."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from editors.vscode import code_server
from editors.vscode.code_server import SERVER
from models.tiny_models import make_tiny_model

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


@pytest.mark.slow
def test_with_a_server(shop: Path, host_tests: Path, tmp_path: Path) -> None:
    with code_server.code_server(tmp_path / "vscode", {"vizsla.server.path": str(SERVER)}) as vscode:
        print(vscode.run_inside(host_tests / "serving.js", folder=shop))


@pytest.mark.slow
def test_with_a_cross_encoder(shop: Path, host_tests: Path, tmp_path: Path) -> None:
    reranker = make_tiny_model(tmp_path / "reranker", "cross-encoder")
    settings: dict[str, object] = {"vizsla.server.path": str(SERVER), "vizsla.models.reranker": str(reranker)}
    with code_server.code_server(tmp_path / "vscode", settings) as vscode:
        print(vscode.run_inside(host_tests / "reranking.js", folder=shop))


@pytest.mark.slow
def test_without_a_server(shop: Path, host_tests: Path, tmp_path: Path) -> None:
    (shop / "server.txt").write_text(str(SERVER), encoding="utf-8")
    with code_server.code_server(tmp_path / "vscode", {}, PATH=PATH_WITHOUT) as vscode:
        print(vscode.run_inside(host_tests / "missing.js", folder=shop))


@pytest.mark.slow
def test_in_a_folder_that_is_not_trusted(shop: Path, host_tests: Path, tmp_path: Path) -> None:
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
    path = os.pathsep.join([str(SERVER.parent), PATH_WITHOUT])
    with code_server.code_server(tmp_path / "vscode", {}, is_trusting=False, PATH=path) as vscode:
        print(vscode.run_inside(host_tests / "untrusted.js", folder=shop))
    assert not (shop / "was-run").exists()


@pytest.mark.slow
def test_with_two_folders(shop: Path, host_tests: Path, tmp_path: Path) -> None:
    garden = tmp_path / "garden"
    garden.mkdir()
    (garden / "garden.py").write_text(GARDEN, encoding="utf-8")
    workspace = tmp_path / "both.code-workspace"
    folders = [{"path": str(shop)}, {"path": str(garden)}]
    workspace.write_text(json.dumps({"folders": folders}), encoding="utf-8")
    with code_server.code_server(tmp_path / "vscode", {"vizsla.server.path": str(SERVER)}) as vscode:
        print(vscode.run_inside(host_tests / "folders.js", workspace=workspace))
