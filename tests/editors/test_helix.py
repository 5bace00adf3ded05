"""Helix with the configuration of docs/editors.md: its picker of workspace symbols takes questions in plain words."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from editors.conftest import EDITORS
from editors.manual import configuration
from editors.terminal import SECONDS, Terminal, in_terminal


def open_picker(terminal: Terminal) -> None:
    """Press its keys until it opens: while the server starts there is none, which Helix says in its last line."""
    deadline = time.monotonic() + SECONDS
    while True:
        terminal.press("Escape")
        time.sleep(0.5)  # what follows Escape at once is a key with Alt
        terminal.press("Space", "S")
        again = min(deadline, time.monotonic() + 20)
        while time.monotonic() < again:
            screen = terminal.screen()
            if "┌─" in screen and "kind" in screen:
                return
            if "supports workspace symbols" in screen:
                break
            time.sleep(0.1)
        assert time.monotonic() < deadline, screen
        time.sleep(0.5)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_symbol_picker_answers_questions_previews_jumps_and_knows_unsaved_text(
    environment: dict[str, str], shop: Path
) -> None:
    program = EDITORS / "helix" / "hx"
    assert program.exists(), f"there is no {program}; run .ci/install-emacs-helix"
    settings = Path(environment["XDG_CONFIG_HOME"]) / "helix"
    settings.mkdir()
    # As on the page, but for the time that a slow machine may take to start a server.
    languages = configuration("## Helix", "toml").replace('args = ["serve"]', 'args = ["serve"]\ntimeout = 240')
    (settings / "languages.toml").write_text(languages, encoding="utf-8")
    with in_terminal([str(program), "shop/cart.py"], shop, environment) as terminal:
        terminal.screen_with("class Cart")
        open_picker(terminal)
        terminal.write("where is a file sent again")
        screen = terminal.screen_with("> function", "retry_upload", 'raise RuntimeError("gave up")')
        rows = [line.split("│")[1].split() for line in screen.splitlines() if "function " in line]
        assert rows[0] == [">", "function", "retry_upload", "shop/uploads.py"], "the server's order is kept"
        terminal.press("Enter")
        terminal.screen_with("shop/uploads.py", "6:1", without=["class Cart"])
        terminal.write("ggO")
        terminal.write("def water_the_plants(garden): return garden.rain()")
        terminal.press("Escape")
        terminal.screen_with("[+]")
        open_picker(terminal)
        terminal.write("give flowers something to drink")
        terminal.screen_with("function  water_the_plants")
    assert "water_the_plants" not in (shop / "shop" / "uploads.py").read_text(encoding="utf-8")
