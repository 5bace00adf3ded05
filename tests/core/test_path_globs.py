"""Globs choose files as git's patterns do, whatever is written into them."""

from __future__ import annotations

import time

import pytest

from vizsla.core.errors import QueryError
from vizsla.core.path_globs import PathGlobs


@pytest.mark.parametrize(
    ("globs", "chosen"),
    [
        (["*.py"], ["a.py", "src/b.py", "src/gen/c.py"]),
        (["src/**"], ["src/b.py", "src/gen/c.py", "src/d.go"]),
        (["src"], ["src/b.py", "src/gen/c.py", "src/d.go"]),
        (["/src/*.py"], ["src/b.py"]),
        (["gen/"], ["src/gen/c.py"]),
        (["src", "!gen/"], ["src/b.py", "src/d.go"]),
        (["src", "!gen/", "c.py"], ["src/b.py", "src/gen/c.py", "src/d.go"]),
        (["src/[bx].py"], ["src/b.py"]),
        (["[z-a].py", "a.*"], ["a.py"]),
        (["./src/*.py"], ["src/b.py"]),
        (["src//gen"], ["src/gen/c.py"]),
        (["!*.py"], ["src/d.go"]),
        (["!./src/gen"], ["a.py", "src/b.py", "src/d.go"]),
    ],
)
def test_a_glob_chooses_what_it_chooses_in_an_ignore_file(globs: list[str], chosen: list[str]) -> None:
    paths = ["a.py", "src/b.py", "src/gen/c.py", "src/d.go"]
    matcher = PathGlobs(globs)
    assert [path for path in paths if matcher.choose(path.encode())] == chosen


@pytest.mark.parametrize(
    "glob",
    ["", "!", "\\", "src\\", "#", "[a", "a\nb", "/", "\ud800", "src\\app", "*.{py,go}", "*.{py", "go}", "../src"],
)
def test_what_can_match_nothing_is_refused_by_name(glob: str) -> None:
    with pytest.raises(QueryError, match="is no pattern for paths"):
        PathGlobs(["*.py", glob])


def test_braces_of_a_template_are_part_of_the_name() -> None:
    assert PathGlobs(["{{name}}/"]).choose(b"{{name}}/a.py")


def test_a_file_however_deep_is_chosen() -> None:
    assert PathGlobs(["x"]).choose(b"x/" + b"y/" * 3_000 + b"a.py")


def test_a_hostile_glob_is_quick() -> None:
    matcher = PathGlobs(["*a" * 40 + "b.py", "**/" * 40 + "z", "*a*" * 30 + "!"])
    began = time.monotonic()
    assert not matcher.choose(b"x/" * 50 + b"a" * 200 + b".py")
    assert time.monotonic() - began < 5  # backtracking takes years
