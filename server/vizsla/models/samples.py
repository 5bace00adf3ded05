"""Texts to learn scales from and to compare conversions on: questions and functions of Python's own library."""

from __future__ import annotations

import ast
import inspect
from functools import cache

_MODULES = ("argparse", "base64", "csv", "difflib", "fnmatch", "gettext", "heapq", "json.decoder", "shlex", "textwrap")
_SHORTEST = 80  # characters of a function worth reading


@cache
def sample_functions(count: int = 96) -> tuple[str, ...]:
    """Functions, as they stand in the source, evenly from all over; the same ones for the same Python."""
    found = [source for source, _ in _functions()]
    step = max(1, len(found) // count)
    return tuple(found[::step][:count])


@cache
def sample_queries(count: int = 32) -> tuple[str, ...]:
    """First lines of docstrings, which read like questions."""
    found = [doc for _, doc in _functions() if doc]
    step = max(1, len(found) // count)
    return tuple(found[::step][:count])


@cache
def _functions() -> tuple[tuple[str, str], ...]:
    """(source, first line of the docstring or "") of each function of the modules."""
    found = []
    for name in _MODULES:
        source = inspect.getsource(__import__(name, fromlist=["_"]))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                text = ast.get_source_segment(source, node) or ""
                if len(text) >= _SHORTEST:
                    found.append((text, (ast.get_docstring(node) or "").partition("\n")[0]))
    return tuple(found)
