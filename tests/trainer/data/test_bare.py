"""The bare source of a function holds all of its code and nothing of its documentation, in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vizsla.core.types import Function, Kind
from vizsla.parsing.functions import module_name_of, parse_file, parse_with_bare
from vizsla.parsing.languages import LANGUAGES, Language, language_of, refine

GOLDEN = Path(__file__).parents[2] / "golden"
SOURCES = sorted(
    path for path in GOLDEN.glob("*/*") if path.is_file() and path.suffix != ".units" and path.name[0] != "."
)


def language_of_file(path: Path) -> Language:
    text = path.read_bytes()
    language = language_of(path.name, text.split(b"\n", 1)[0].decode("utf-8", "replace"))
    assert language is not None
    return refine(language, path.name, text)


def parsed(path: Path) -> list[tuple[Function, str]]:
    return parse_with_bare(
        language_of_file(path), path.read_bytes(), module_name=module_name_of(path.name), deadline_seconds=20
    )


def in_python(text: str) -> list[tuple[Function, str]]:
    return parse_with_bare(LANGUAGES["python"], text, module_name="m", deadline_seconds=20)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_of_the_documentation_is_left_in_a_bare_source(source: Path) -> None:
    for function, bare in parsed(source):
        for line in function.doc.splitlines():
            if len(line.split()) > 2:
                assert line.strip() not in bare, function.qualified_name
        assert "\0" not in bare
        if function.doc and function.doc.split("\n", 1)[0] in function.source:
            assert len(bare) < len(function.source), function.qualified_name


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_bare_source_lacks_nothing_but_documentation(source: Path) -> None:
    for function, bare in parsed(source):
        if function.kind is not Kind.MODULE:  # a pragma may stand among the words at the head of a file
            words = set(re.findall(r"\w+", function.doc)) | {"doc", "moduledoc", "S", "r"}
            assert set(re.findall(r"\w+", function.source)) <= words | set(re.findall(r"\w+", bare))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_training_sees_the_functions_that_serving_sees(source: Path) -> None:
    served = parse_file(
        language_of_file(source), source.read_bytes(), module_name=module_name_of(source.name), deadline_seconds=20
    )
    assert [function for function, _ in parsed(source)] == [entry.function for entry in served]


def test_every_language_that_documents_inside_is_among_the_sources() -> None:
    cut = {function.language for source in SOURCES for function, bare in parsed(source) if bare != function.source}
    assert {"python", "elixir", "julia"} <= cut


def test_a_docstring_is_cut_with_its_line() -> None:
    [(function, bare)] = in_python(
        'def f(x):\n    """Doubles a number.\n\n    And more.\n    """\n\n    return 2 * x\n'
    )
    assert function.doc.startswith("Doubles")
    assert bare == "def f(x):\n    return 2 * x"


def test_the_docstring_of_a_nested_function_stays() -> None:
    outer = in_python('def f():\n    """Outer words."""\n    def g():\n        """Inner words."""\n        return 1\n')[
        0
    ][1]
    assert "Outer" not in outer and "Inner words" in outer


def test_a_docstring_on_the_line_of_code_leaves_the_code() -> None:
    [(_, bare)] = in_python('def f(): "Says two."; return 2\n')
    assert "Says" not in bare and "return 2" in bare
    assert bare.startswith("def f():")


def test_an_outline_is_bare_too() -> None:
    (_, bare), *_ = in_python('class A:\n    """Holds a thing."""\n    size = 1\n    def f(self):\n        return 1\n')
    assert bare == "class A:\n    size = 1\n    def f(self):"


def test_what_documents_a_file_is_cut_from_its_module() -> None:
    (module, bare), *_ = in_python('"""All about shops."""\n\nLIMIT = 3\n')
    assert module.doc == "All about shops."
    assert bare == "LIMIT = 3"
