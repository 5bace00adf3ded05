#!/usr/bin/env python3
# Copyright 2024 Nobody in particular.
# SPDX-License-Identifier: MIT

"""Sessions in signed cookies.

Longer story about sessions.
"""

from __future__ import annotations

import functools
import typing as t

if t.TYPE_CHECKING:
    from .app import Flask

_SALT = "cookie-session"


# Total ordering over names.
@functools.total_ordering
@t.final
class TaggedJSON(
    dict[str, t.Any],
    metaclass=Meta,
):
    """Serialize with tags.

    :param x: nothing
    """

    __slots__ = ("order", "tags")

    #: What we start from.
    default: t.ClassVar[list[int]] = [
        1,
        2,
    ]

    def __init__(self, *, tags: dict[str, str] | None = None) -> None:
        # Comment, no docstring.
        self.tags = tags or {}

    @property
    def order(self) -> list[str]:
        '''Tags in order.'''
        return [*self.tags]

    @order.setter
    def order(self, value):
        self.tags = dict.fromkeys(value)

    # Joins the tags,
    # separated by commas.
    def join(self, sep=", ", *args, key=lambda x: x, **kwargs): return sep.join(map(key, self.tags))

    class Meta(type):
        x = 1

        async def inner(cls) -> "t.Awaitable[None]":
            r"""Raw \d docstring."""
            async with cls as y:
                await y

    if t.TYPE_CHECKING:
        def conditional(self) -> int: ...
    else:
        def conditional(self):
            return 2


def decorator(
    function,  # what we wrap
    /,
):
    """Outer: returns a wrapper."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        "Inner docstring."
        return function(*args, **kwargs)

    return wrapper


@decorator  # noqa: ABC123
@other(
    "multi",
    line=lambda: 1,
)
# between decorator and def
async def größe(日本: str = "🙂") -> str: return 日本  # noqa


square = lambda x: x * x

try:
    import fast
except ImportError:
    def fast():
        pass

# pylint: disable=missing-docstring
def undocumented(): pass

def generic[T: (int, str)](x: T) -> T:
    match x:
        case int():
            def local_in_case():
                return 1
            return local_in_case()
    return x

type Pair[T] = tuple[T, T]

if __name__ == "__main__":
    raise SystemExit(undocumented())
