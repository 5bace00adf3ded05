"""Which language a file is in."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vizsla.parsing.languages import LANGUAGES, language_of, query_of, refine


@pytest.mark.parametrize(
    ("path", "first_line", "language"),
    [
        ("a/b.py", "", "python"),
        ("a/B.PYI", "", "python"),
        ("x.tsx", "", "tsx"),
        ("x.d.ts", "", "typescript"),
        ("x.h", "", "c"),
        ("x.C", "", "cpp"),
        ("x.mli", "", "ocaml_interface"),
        ("Rakefile", "", "ruby"),
        ("PKGBUILD", "", "bash"),
        ("run", "#!/usr/bin/env python3.11", "python"),
        ("run", "#!/usr/bin/python3 -u", "python"),
        ("run", "#!/usr/bin/env -S node --flag", "javascript"),
        ("run", "#! /bin/sh", "bash"),
        ("run", "#!/usr/bin/env FOO=1 ruby", "ruby"),
    ],
)
def test_language_is_known_by_name_or_by_interpreter(path: str, first_line: str, language: str) -> None:
    found = language_of(path, first_line)
    assert found is not None
    assert found.id == language


@pytest.mark.parametrize(
    ("path", "first_line"),
    [
        ("a.md", ""),
        ("Makefile", ""),
        ("run", "#!/usr/bin/perl"),
        ("run", "#!/usr/bin/pythonista"),
        ("run", "x"),
        ("", ""),
    ],
)
def test_other_files_have_no_language(path: str, first_line: str) -> None:
    assert language_of(path, first_line) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (b"#include <stdio.h>\nstruct a { int b; };\n", "c"),
        (b"#pragma once\nnamespace a {\nclass B;\n}\n", "cpp"),
        (b"template <typename T>\nvoid f(T);\n", "cpp"),
        (b"std::string f();\n", "cpp"),
        (b"/* the class of all */\nint f(void);\n", "c"),
    ],
)
def test_header_is_cpp_when_it_looks_like_it(text: bytes, language: str) -> None:
    assert refine(LANGUAGES["c"], "a/x.h", text).id == language
    assert refine(LANGUAGES["c"], "a/x.c", text).id == "c"


@pytest.mark.parametrize("language", LANGUAGES)
def test_query_fits_its_grammar(language: str) -> None:
    assert query_of(LANGUAGES[language]).pattern_count > 0


def test_grammars_are_not_imported_before_they_are_needed() -> None:
    program = "import sys, vizsla.parsing.functions, vizsla.parsing.pool; print([m for m in sys.modules if 'tree_sitter' in m])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
