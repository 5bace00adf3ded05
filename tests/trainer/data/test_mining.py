"""Files become codes and pairs: docstrings, comments and names, in every language, and what a user opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from vizsla.core.text import function_text
from vizsla.parsing.functions import module_name_of, parse_file
from vizsla.parsing.languages import LANGUAGES
from vizsla_trainer.data.files import SourceFile, as_source
from vizsla_trainer.data.mining import mine_file
from vizsla_trainer.data.names import PLACEHOLDERS, query_of_name
from vizsla_trainer.recipe import MineRecipe
from vizsla_trainer.records import Pair, positive_text

GOLDEN = Path(__file__).parents[2] / "golden"
SHOP = '''"""A shop."""

LIMIT = 3


def read_all_prices(path):
    """Reads every price of a file.

    Args:
        path: of the file.
    """
    prices = []
    # skip the line of titles at the top
    lines = open(path).read().split("\\n")
    lines = lines[1:]

    for line in lines:
        # i += 1;
        prices.append(float(line))
        read_all_prices.count += 1
    return prices


def short():
    """Says nothing at all."""
'''


def mined(text: str, path: str = "shop.py", recipe: MineRecipe | None = None) -> tuple[dict[str, str], list[Pair]]:
    source = as_source(path, text.encode())
    assert source is not None
    found = mine_file(source, "w", recipe or MineRecipe())
    by_id = {code.id: code for code in found.codes}
    return {pair.source: positive_text(pair, by_id[pair.code]) for pair in found.pairs}, found.pairs


def of(pairs: list[Pair], source: str) -> list[str]:
    return [pair.query for pair in pairs if pair.source == source]


def test_a_docstring_asks_for_the_function_without_it() -> None:
    texts, pairs = mined(SHOP)
    assert of(pairs, "docstring") == ["Reads every price of a file."]
    assert "Reads every price" not in texts["docstring"]
    assert "skip the line of titles" in texts["docstring"]
    assert texts["docstring"].startswith("read all prices\n")


def test_a_comment_asks_for_the_function_without_it_but_with_its_documentation() -> None:
    texts, pairs = mined(SHOP)
    assert "skip the line of titles at the top" in of(pairs, "comment")
    assert "Reads every price" in texts["comment"]
    first = next(pair for pair in pairs if pair.source == "comment")
    assert "skip the line" not in first.custom
    assert "lines = lines[1:]" in first.custom


def test_a_comment_in_a_text_or_above_one_line_or_beside_code_is_none() -> None:
    text = 'def f(x):\n    text = """\n    # not a comment at all\n    more\n    """\n    # above one line\n    y = x\n\n    z = y  # beside code there\n    return z\n'
    assert of(mined(text)[1], "comment") == []


def test_comments_of_many_lines_are_one() -> None:
    text = "def f(x):\n    # first half of it\n    # and the other half\n    y = x\n    return y\n"
    assert of(mined(text)[1], "comment") == ["first half of it and the other half"]


def test_directives_are_no_comments() -> None:
    text = "def f(x):\n    # noqa: E501\n    y = x\n    return y\n"
    assert of(mined(text)[1], "comment") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.js", "function f(x) {\n  // keep it above zero\n  if (x < 0) {\n    x = 0\n  }\n  return x\n}\n"),
        (
            "a.go",
            "package a\n\nfunc f(x int) int {\n\t// keep it above zero\n\tif x < 0 {\n\t\tx = 0\n\t}\n\treturn x\n}\n",
        ),
        ("a.c", "int f(int x) {\n  /* keep it above zero */\n  if (x < 0)\n    x = 0;\n  return x;\n}\n"),
        (
            "a.php",
            "<?php\nfunction f($x) {\n  # keep it above zero\n  if ($x < 0) {\n    $x = 0;\n  }\n  return $x;\n}\n",
        ),
        ("a.rb", "def f(x)\n  # keep it above zero\n  x = 0 if x < 0\n  x\nend\n"),
        (
            "a.rs",
            "fn f(mut x: i32) -> i32 {\n    // keep it above zero\n    if x < 0 {\n        x = 0;\n    }\n    x\n}\n",
        ),
        ("a.lua", "function f(x)\n  -- keep it above zero\n  if x < 0 then\n    x = 0\n  end\n  return x\nend\n"),
        (
            "A.java",
            "class A {\n  int f(int x) {\n    // keep it above zero\n    if (x < 0)\n      x = 0;\n    return x;\n  }\n}\n",
        ),
        ("a.ex", "defmodule A do\n  def f(x) do\n    # keep it above zero\n    y = max(x, 0)\n    y\n  end\nend\n"),
        (
            "a.kt",
            "fun f(x: Int): Int {\n    // keep it above zero\n    if (x < 0)\n        return 0\n    return x\n}\n",
        ),
        ("a.cpp", "int f(int x) {\r\n  // keep it above zero\r\n  if (x < 0)\r\n    x = 0;\r\n  return x;\r\n}\r\n"),
    ],
)
def test_comments_are_found_in_many_languages(path: str, text: str) -> None:
    texts, pairs = mined(text, path)
    assert of(pairs, "comment") == ["keep it above zero"]
    assert "above zero" not in texts["comment"]
    assert "\r" not in texts["comment"]


def test_a_name_asks_for_the_function_under_another_name() -> None:
    pairs: list[Pair] = []
    for number in range(12):  # a third of all functions is drawn
        text = SHOP.replace("LIMIT = 3", f"LIMIT = {number}").replace("prices = []", f"prices = [{number}]")
        pairs.extend(pair for pair in mined(text)[1] if pair.source == "name")
    assert pairs
    for pair in pairs:
        assert pair.query == "read all prices"
        assert "read_all_prices" not in pair.custom
        assert "read all prices" not in pair.custom
        assert any(f"def {name}(path)" in pair.custom and f"{name}.count" in pair.custom for name in PLACEHOLDERS)
        assert "Reads every price" in pair.custom


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("parseHTTPResponse", "parse http response"),
        ("read_all_lines", "read all lines"),
        ("get_name", ""),
        ("do_it_now", ""),
        ("test_case_number_12", ""),
    ],
)
def test_short_names_and_those_with_numbers_are_no_queries(name: str, query: str) -> None:
    assert query_of_name(name) == query


@pytest.mark.parametrize("language", LANGUAGES)
def test_documentation_is_mined_in_every_language(language: str) -> None:
    sources = [
        SourceFile(path=path.name, text=path.read_bytes(), language=LANGUAGES[language])
        for path in sorted(GOLDEN.glob("*/*"))
        if path.suffix in LANGUAGES[language].suffixes
    ]
    found = [mine_file(source, "w", MineRecipe(least_lines=1)) for source in sources]
    queries = [pair.query for file in found for pair in file.pairs if pair.source == "docstring"]
    assert any(len(query.split()) > 1 for query in queries)
    for file in found:
        codes = {code.id: code for code in file.codes}
        for pair in file.pairs:
            if pair.source == "docstring" and len(pair.query.split()) > 3:
                assert pair.query not in " ".join(codes[pair.code].bare.split())


def test_codes_have_the_text_that_is_served() -> None:
    source = as_source("shop.py", SHOP.encode())
    assert source is not None
    served = parse_file(source.language, SHOP, module_name=module_name_of("shop.py"), deadline_seconds=10)
    assert [code.text for code in mine_file(source, "w", MineRecipe()).codes] == [
        function_text(entry.function) for entry in served
    ]


def test_functions_of_tests_are_codes_but_no_answers() -> None:
    source = as_source("tests/test_shop.py", SHOP.encode())
    assert source is not None
    found = mine_file(source, "w", MineRecipe())
    assert found.codes and not found.pairs


def test_a_function_shorter_than_the_recipe_wants_is_no_answer() -> None:
    assert "Says nothing at all." not in of(mined(SHOP)[1], "docstring")


def test_functions_that_test_among_others_are_no_answers() -> None:
    text = (
        "/// Adds the two numbers up.\nfn add(a: i32, b: i32) -> i32 {\n    a + b\n}\n\n#[cfg(test)]\nmod tests {\n"
        "    /// Adds one and one up.\n    #[test]\n    fn adds() {\n        assert_eq!(2, add(1, 1));\n    }\n}\n"
    )
    assert of(mined(text, "src/lib.rs")[1], "docstring") == ["Adds the two numbers up."]
    java = "/** Runs before each of the tests. */\nclass TestRule {\n  int a;\n  int b;\n}\n"
    assert of(mined(java, "src/TestRule.java")[1], "docstring") == ["Runs before each of the tests."]
