"""Helix with the configuration of docs/editors.md: its picker of workspace symbols takes questions in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.conftest import EDITORS
from editors.manual import configuration
from editors.terminal import in_terminal


@pytest.mark.slow
def test_the_symbol_picker_answers_questions_previews_jumps_and_knows_unsaved_text(
    environment: dict[str, str], shop: Path
) -> None:
    program = EDITORS / "helix" / "hx"
    assert program.exists(), f"there is no {program}; run .ci/install-emacs-helix"
    settings = Path(environment["XDG_CONFIG_HOME"]) / "helix"
    settings.mkdir()
    (settings / "languages.toml").write_text(configuration("## Helix", "toml"), encoding="utf-8")
    with in_terminal([str(program), "shop/cart.py"], shop, environment) as terminal:
        terminal.screen_with("class Cart")
        terminal.press("Space", "S")
        terminal.screen_with("kind", "name", "path")
        terminal.write("where is a file sent again")
        screen = terminal.screen_with("> function", "retry_upload", 'raise RuntimeError("gave up")')
        rows = [line.split("│")[1].split() for line in screen.splitlines() if "function  " in line]
        assert rows[0] == [">", "function", "retry_upload", "shop/uploads.py"], "the server's order is kept"
        terminal.press("Enter")
        terminal.screen_with("shop/uploads.py", "6:1", without=["class Cart"])
        terminal.write("ggO")
        terminal.write("def water_the_plants(garden): return garden.rain()")
        terminal.press("Escape")
        terminal.screen_with("[+]")
        terminal.press("Space", "S")
        terminal.screen_with("kind", "name", "path")
        terminal.write("give flowers something to drink")
        terminal.screen_with("function  water_the_plants")
    assert "water_the_plants" not in (shop / "shop" / "uploads.py").read_text(encoding="utf-8")
