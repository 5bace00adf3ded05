"""The documentation tells the truth about the command line: JSON as it is printed, commands as they are written."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]
EXAMPLES = [
    json.loads(block)
    for block in re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "configuration.md").read_text(), re.DOTALL)
]


def keys(value: object) -> object:
    """The shape of JSON: names in their order, and the shape of what they name."""
    if isinstance(value, dict):
        return {name: keys(inner) for name, inner in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def in_order(shape: object) -> object:
    """A shape whose comparison minds the order of names."""
    if isinstance(shape, dict):
        return [(name, in_order(inner)) for name, inner in shape.items()]
    return [in_order(shape[0])] if isinstance(shape, list) else shape


def test_json_is_as_documented(run_vizsla: Run, shop: Path) -> None:
    search, index, status, models, doctor = EXAMPLES
    by_language, skipped = "by_language", "skipped"
    printed = json.loads(run_vizsla("index", "--json", shop).stdout)
    assert in_order(keys(printed)) == in_order(keys(index))
    printed = json.loads(run_vizsla("search", "--json", "retry uploads", shop).stdout)
    assert in_order(keys(printed)) == in_order(keys(search))
    printed = json.loads(run_vizsla("similar", "--json", "shop/cart.py:8", shop).stdout)
    assert in_order(keys(printed["hits"])) == in_order(keys(search["hits"]))
    printed = json.loads(run_vizsla("status", "--json", shop).stdout)
    for shape in (printed, status):  # their names are languages and files
        shape[by_language] = shape[skipped] = None
    assert in_order(keys(printed)) == in_order(keys(status))
    printed = json.loads(run_vizsla("models", "list", "--json").stdout)
    assert in_order(keys(printed)) == in_order(keys(models))
    printed = json.loads(run_vizsla("doctor", "--json", shop).stdout)
    assert in_order(keys(printed)) == in_order(keys(doctor))


@pytest.mark.parametrize("command", ["search", "similar", "index", "status", "clear", "doctor", "models"])
def test_every_command_says_what_it_does(run_vizsla: Run, command: str) -> None:
    done = run_vizsla(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: vizsla {command}")
    assert "╭" not in done.stdout


def test_commands_of_the_readme_have_the_options_that_they_are_written_with(run_vizsla: Run) -> None:
    lines = re.findall(r"^    vizsla (.+?)(?:  +#.*)?$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        commands, *rest = line.replace(" | ", "|").split()
        for command in commands.split("|"):
            if command == "models":
                continue
            shown = run_vizsla(command, "--help").stdout
            for option in (word for word in shlex.split(" ".join(rest)) if word.startswith("--")):
                assert option in shown, line


def test_filters_of_the_readme_are_understood(run_vizsla: Run, shop: Path) -> None:
    (found,) = re.findall(r'part of the question: `"(.*?)"`', (ROOT / "README.md").read_text())
    subprocess.run(["git", "init", "-q", shop], check=True)
    done = run_vizsla("search", "--json", "--no-update", found, shop)
    assert "vizsla: there is no" not in done.stderr, done.stderr
    assert done.returncode == 1
