"""The packed VS Code extension on a real repository, in a browser, as somebody who searches sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from editors.vscode import code_server
from editors.vscode.code_server import HOME, ROOT, SERVER, TESTS, TOOLS, node

PICTURES = HOME / "pictures"


@pytest.mark.slow
def test_asking_previewing_jumping_editing_and_asking_again(tmp_path: Path) -> None:
    package = tmp_path / "vizsla.vsix"
    code_server.package(package)
    repository = tmp_path / "vizsla"
    ignored = shutil.ignore_patterns("__pycache__", "*.onnx", "default_retriever")
    for part in ("core", "models", "parsing"):
        shutil.copytree(ROOT / "server" / "vizsla" / part, repository / "server" / part, ignore=ignored)
    shutil.copytree(ROOT / "editors" / "vscode" / "src", repository / "editor")
    PICTURES.mkdir(exist_ok=True)
    settings: dict[str, object] = {"vizsla.server.path": str(SERVER)}
    with code_server.code_server(tmp_path / "vscode", settings, package=package) as vscode:
        print(node(TESTS / "browser" / "scenario.mjs", str(vscode.port), repository, PICTURES, TOOLS=str(TOOLS)))
