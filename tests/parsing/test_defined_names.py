"""The names that a file gives to what is no unit stand for the signature of its module."""

from __future__ import annotations

import pytest

from vizsla.core.types import Kind
from vizsla.parsing.functions import OFFER_LIMIT, parse_file
from vizsla.parsing.languages import LANGUAGES


def signatures(language: str, text: str) -> list[str]:
    """Of the modules of a text."""
    entries = parse_file(LANGUAGES[language], text, module_name="m", deadline_seconds=9)
    return [entry.function.signature for entry in entries if entry.function.kind is Kind.MODULE]


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("python", "X = 1\nY: int = 2\nA, B = 1, 2\nX += 1\ntype T = int\nimport os\nx.y = 3\n", "X, Y, A, B, T"),
        (
            "javascript",
            'const A = 1, {b, c: d} = x;\nconst r = require("r");\nexport const E = 2;\nvar f = 3;\n'
            'export { g, h as i } from "./z";\nexports.K = 4;\n',
            "A, E, f, g, i, K",
        ),
        (
            "typescript",
            'const A: number = 1;\nexport type { T } from "./t";\nexport type U = string;\ndeclare const V: any;\n',
            "A, T, U, V",
        ),
        (
            "rust",
            "const A: u8 = 1;\npub static B: u8 = 2;\npub use x::y::{C, D as E, f::G, h::{I, J as K}};\n"
            "pub(crate) use z::L;\nuse p::M;\npub type N = u8;\n",
            "A, B, C, E, G, I, K, L, N",
        ),
        (
            "go",
            "package p\nconst A = 1\nvar B, C = 1, 2\nvar (\n D = 1\n E int\n)\nconst (\n F = iota\n G\n)\ntype T = int\n",
            "A, B, C, D, E, F, G, T",
        ),
        (
            "c",
            '#ifndef H\n#define A 1\nint b = 2;\nstatic const char *c = "x", d[3];\nextern int e;\ntypedef int T;\n#endif\n',
            "A, b, c, T",
        ),
        ("cpp", "#define A 1\nconstexpr int c{3};\nnamespace n { int e = 1; }\nusing T = int;\n", "A, c, e, T"),
        ("ruby", "A = 1\n$b = 2\nc = 3\n", "A, $b"),
        ("php", "<?php\nconst A = 1, B = 2;\n", "A, B"),
        ("kotlin", "const val A = 1\nval b: Int = 2\ntypealias T = Int\n", "A, b, T"),
        ("scala", "val a = 1\nvar b = 2\ntype T = Int\n", "a, b, T"),
        ("swift", "let a = 1\nvar b: Int = 2\ntypealias T = Int\n", "a, b, T"),
        ("lua", 'local a = 1\nb = 2\nlocal r = require "r"\nM.c = 3\nlocal d, e = 1, 2\n', "a, b, c, d, e"),
        ("bash", "A=1\nexport B=2\nreadonly C=3\n", "A, B, C"),
        ("zig", 'const std = @import("std");\nconst a = 1;\npub var b: u8 = 2;\n', "a, b"),
        ("julia", "const a = 1\nb = 2\n", "a, b"),
        ("haskell", "module M where\ntype T = Int\n", "T"),
        ("ocaml", "let a = 1\ntype t = int\n", "a, t"),
        ("csharp", "var a = 1;\nconst int b = 2;\n", "a, b"),
    ],
)
def test_names_of_a_file_are_known(language: str, text: str, names: str) -> None:
    assert signatures(language, text) == [f"m: {names}"]


def test_names_within_functions_and_types_are_theirs() -> None:
    assert signatures("python", "A = 1\ndef f():\n    B = 2\nclass C:\n    D = 3\n") == ["m: A"]
    assert signatures("rust", "struct S;\nimpl S { const C: u8 = 1; }\nfn f() { const D: u8 = 1; }\n") == ["m: C"]


def test_a_module_without_names_is_called_by_its_own() -> None:
    assert signatures("python", "print('hello')\n") == ["m"]


def test_each_part_of_a_long_module_has_its_own_names() -> None:
    found = signatures("python", "".join(f"NAME_{number} = {number}\n" for number in range(150)))
    assert len(found) > 1
    assert "NAME_0," in found[0] and "NAME_149" in found[-1] and "NAME_0," not in found[-1]
    assert all(len(signature) <= OFFER_LIMIT for signature in found)
