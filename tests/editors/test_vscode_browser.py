"""The packed VS Code extension on a real repository, in a browser, as somebody who searches sees it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from editors.vscode import code_server
from editors.vscode.code_server import HOME, ROOT, SERVER, TESTS, TOOLS, node

PICTURES = HOME / "pictures"
UPLOADS = (
    'def retry_upload(path, attempts=3):\n    """Send a file again until the server takes it."""\n    return attempts\n'
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_asking_previewing_jumping_editing_and_asking_again(tmp_path: Path) -> None:
    package = tmp_path / "vizsla.vsix"
    code_server.package(package)
    repository = tmp_path / "vizsla"
    ignored = shutil.ignore_patterns("__pycache__", "*.onnx", "default_retriever", "default_reranker")
    for part in ("core", "models", "parsing"):
        shutil.copytree(ROOT / "server" / "vizsla" / part, repository / "server" / part, ignore=ignored)
    shutil.copytree(ROOT / "editors" / "vscode" / "src", repository / "editor")
    PICTURES.mkdir(exist_ok=True)
    settings: dict[str, object] = {"vizsla.server.path": str(SERVER)}
    with code_server.code_server(tmp_path / "vscode", settings, package=package) as vscode:
        script = TESTS / "browser" / "scenario.mjs"
        print(node(script, str(vscode.port), repository, PICTURES, seconds=900, TOOLS=str(TOOLS)))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_somebody_without_a_server_lets_the_extension_install_it(tmp_path: Path) -> None:
    subprocess.run([ROOT / ".ci" / "package-vscode"], check=True, capture_output=True, timeout=240)
    version = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text(encoding="utf-8"))["version"]
    package = ROOT / "dist" / f"vizsla-{version}.vsix"
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "uploads.py").write_text(UPLOADS, encoding="utf-8")
    PICTURES.mkdir(exist_ok=True)
    path = os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin"])
    # What .ci/install has fetched is not fetched once more.
    fetched = os.environ.get("PIP_CACHE_DIR") or str(
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pip"
    )
    try:
        with code_server.code_server(
            tmp_path / "vscode", {}, package=package, PATH=path, PIP_CACHE_DIR=fetched
        ) as vscode:
            script = TESTS / "browser" / "private.mjs"
            print(node(script, str(vscode.port), shop, PICTURES, seconds=1100, TOOLS=str(TOOLS)))
    finally:
        print(subprocess.run(["du", "-sm", tmp_path / "vscode"], capture_output=True, text=True, check=False).stdout)
        shutil.rmtree(tmp_path / "vscode", ignore_errors=True)  # hundreds of megabytes
