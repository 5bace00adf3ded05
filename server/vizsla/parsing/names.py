"""Names as they are written in code, made plain: without quotes, type arguments and paths."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"@?([\"'`])(.*)\1", re.DOTALL)
_SYMBOL = re.compile(r"^:(?=\w)")
_ARGUMENTS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)")
_OPERATOR = re.compile(r"\boperator\b")  # of C++: what follows may be ``<`` or ``()``
_NOT_PATH = re.compile(r"[^\w$.?!]+")


def unquoted(name: str) -> tuple[str, bool]:
    """A name without the quotes or the colon of a symbol around it, and whether it is a text rather than a name."""
    quoted = _QUOTED.fullmatch(name)
    if quoted and quoted.group(2):
        return quoted.group(2), quoted.group(1) != "`"
    return _SYMBOL.sub("", name), False


def clean_path(text: str) -> str:
    """``*Stack[T]`` gives ``Stack``; ``std::vector<int>::`` gives ``std.vector``."""
    text = _without_arguments(text.replace("::", ".").replace("\\", "."))
    return _NOT_PATH.sub(" ", text).strip(" .").split(" ")[-1]


def split_path(name: str, separator: str) -> tuple[str, str]:
    """The container and the last part of a name: ``a::b<c>::d`` gives ``a.b`` and ``d``; no container gives ""."""
    operator = _OPERATOR.search(name) if separator == "::" else None
    path, last = (name[: operator.start()], name[operator.start() :]) if operator else (name, "")
    head, _, tail = _without_arguments(path).rpartition(separator)
    if head and (tail or last):
        return clean_path(head.replace(separator, ".")), tail + last
    return "", name


def _without_arguments(text: str) -> str:
    while True:
        shorter = _ARGUMENTS.sub("", text)
        if shorter == text:
            return text
        text = shorter
