"""The VS Code extension: its types, its logic, its manifest against our documents, its package."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from editors.vscode import code_server
from editors.vscode.code_server import EXTENSION, ROOT, TESTS, node

ROW = re.compile(r"^\| `([a-z_]+)\.([a-z_]+)` (\*workspace\* )?\| (.+?) \| (.+?) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return code_server.manifest()


@pytest.fixture(scope="module")
def settings(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for group in manifest["contributes"]["configuration"]:
        merged |= group["properties"]
    return merged


def documented() -> dict[str, tuple[bool, str, str]]:
    """Settings of the manual: whether a workspace may set it, its default, its meaning; by the editor's name."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    return {
        f"vizsla.{section}.{re.sub('_([a-z])', lambda found: found[1].upper(), name)}": (bool(ours), default, meaning)
        for section, name, ours, default, meaning in ROW.findall(text)
    }


def test_the_sources_have_no_type_errors() -> None:
    tsc = EXTENSION / "node_modules" / "typescript" / "bin" / "tsc"
    node(tsc, "--noEmit")
    node(tsc, "-p", TESTS)


def test_the_logic_does_what_its_tests_say() -> None:
    files = sorted(TESTS.glob("unit/*.test.ts"))
    said = node(
        "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
        "--test",
        "--test-isolation=none",
        "--test-reporter=tap",
        *files,
    )
    assert re.search(r"^# pass [1-9]", said, re.MULTILINE), said
    assert re.search(r"^# skipped 0$", said, re.MULTILINE), said


def test_the_editor_has_exactly_the_settings_of_the_manual(settings: dict[str, dict[str, Any]]) -> None:
    sections = ("index", "models", "search", "cache", "feedback")
    assert {name for name in settings if name.split(".")[1] in sections} == set(documented())


def test_defaults_and_meanings_are_those_of_the_manual(settings: dict[str, dict[str, Any]]) -> None:
    for name, (_, default, meaning) in documented().items():
        setting = settings[name]
        said = setting.get("description") or setting["markdownDescription"].replace("`", "")
        if name == "vizsla.cache.directory":  # the one default that the editor cannot write down
            assert setting["default"] == ""
            assert default.strip("`") in said
        else:
            assert setting["default"] == (None if default == "–" else json.loads(default)), name
        assert meaning.replace("`", "").lower() in said.lower(), name


def test_a_workspace_may_set_what_it_may_set_elsewhere_and_how_is_searched(settings: dict[str, dict[str, Any]]) -> None:
    for name, (may_set, _, _) in documented().items():
        is_open = may_set or name.startswith("vizsla.search.")
        assert settings[name]["scope"] == ("window" if is_open else "machine"), name


def test_a_folder_that_is_not_trusted_chooses_no_program_model_or_place(
    manifest: dict[str, Any], settings: dict[str, dict[str, Any]]
) -> None:
    restricted = set(manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
    assert restricted == {name for name in settings if name.split(".")[1] in ("server", "models", "cache", "feedback")}


def test_every_command_is_there_once_and_none_is_the_servers(manifest: dict[str, Any]) -> None:
    commands = [command["command"] for command in manifest["contributes"]["commands"]]
    assert len(commands) == len(set(commands))
    # The client library registers the server's own commands under their names, and a name can be taken once.
    from vizsla.lsp.messages import COMMANDS

    assert not set(commands) & set(COMMANDS)


def test_the_editors_settings_are_in_the_manual(settings: dict[str, dict[str, Any]]) -> None:
    manual = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    own = {name for name in settings if name not in documented()}
    assert own == set(re.findall(r"^\| `(vizsla\.[A-Za-z.]+)` \|", manual, re.MULTILINE))


def test_the_schema_is_the_servers() -> None:
    from vizsla.lsp.messages import SCHEMA

    assert f"SCHEMA = {SCHEMA};" in (EXTENSION / "src" / "protocol.ts").read_text(encoding="utf-8")


def test_the_package_holds_what_it_needs_and_nothing_else(tmp_path: Path) -> None:
    package = tmp_path / "vizsla.vsix"
    code_server.package(package)
    with zipfile.ZipFile(package) as opened:
        names = {name.removeprefix("extension/") for name in opened.namelist() if name.startswith("extension/")}
        bundles = {name: opened.read(f"extension/{name}").decode("utf-8") for name in names if name.endswith(".js")}
    kinds = {name.split("/")[0].lower() for name in names}
    assert {"package.json", "readme.md", "license.txt", "dist", "media"} <= kinds
    assert kinds <= {"package.json", "readme.md", "license.txt", "dist", "media", "server"}
    assert set(bundles) == {"dist/extension.js", "dist/client.js"}
    for word in ("node:http", 'require("http")', 'require("https")', "fetch(", "telemetry/event-store"):
        assert not any(word in code for code in bundles.values()), word
    # What is needed by a server alone is loaded with the first server: activation is to be cheap.
    assert ["Content-Length" in bundles[f"dist/{name}.js"] for name in ("extension", "client")] == [False, True]
    assert len(bundles["dist/extension.js"]) < 100_000 < len(bundles["dist/client.js"])
