"""The rules of the house that no linter knows: size of files, docstrings of modules, what start-up may import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for folder in ("server", "trainer", "tests", "benchmarks", "tools")
    for path in (ROOT / folder).rglob("*.py")
    if not {"golden", "trees"} & set(path.parts)
)
MOST_LINES = 300


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_holds_one_idea_and_says_which(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert ast.get_docstring(ast.parse(text)), "the first line of a module says what it owns"
    assert path.stem not in {"utils", "helpers", "misc", "common"}


def test_nothing_heavy_is_imported_for_the_version() -> None:
    heavy = {"torch", "transformers", "onnxruntime", "tokenizers", "numpy", "usearch", "tree_sitter", "pygls", "typer"}
    code = (
        "import sys; sys.argv = ['vizsla', '--version']; from vizsla.cli.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(' '.join(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not heavy & set(printed.split())


def test_every_decision_page_is_numbered_once() -> None:
    numbers = [path.name.split("-")[0] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers))
