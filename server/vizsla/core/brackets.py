"""Bracket expressions of ignore files, such as ``[a-z]`` and ``[[:digit:]_]``, as git reads them: over bytes."""

from __future__ import annotations

_BACKSLASH = 0x5C
_SLASH = 0x2F

_CLASSES: dict[bytes, frozenset[int]] = {
    b"alnum": frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    b"alpha": frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    b"blank": frozenset(b" \t"),
    b"cntrl": frozenset([*range(32), 127]),
    b"digit": frozenset(b"0123456789"),
    b"graph": frozenset(range(33, 127)),
    b"lower": frozenset(b"abcdefghijklmnopqrstuvwxyz"),
    b"print": frozenset(range(32, 127)),
    b"punct": frozenset(b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    b"space": frozenset(b" \t\n\r"),
    b"upper": frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    b"xdigit": frozenset(b"0123456789abcdefABCDEF"),
}


class NeverMatchesError(Exception):
    """A malformed pattern, which git silently lets match nothing."""


def bracket(body: bytes, index: int) -> tuple[set[int], int]:
    """The bytes that a bracket expression lets through, and the place after its end.

    Args:
        body: the pattern.
        index: the place after the ``[``.

    Raises:
        NeverMatchesError: it has no end, or names a class that there is not.
    """

    def at(place: int) -> int:
        if place >= len(body):
            raise NeverMatchesError
        return body[place]

    is_negated = at(index) in b"!^"
    index += is_negated
    members: set[int] = set()
    previous = 0  # what a range may start at; 0 after a range or class
    is_first = True
    while is_first or at(index) != 0x5D:  # ]
        is_first = False
        byte = at(index)
        if byte == _BACKSLASH:
            index += 1
            previous = at(index)
            members.add(previous)
        elif byte == 0x2D and previous and index + 1 < len(body) and body[index + 1] != 0x5D:  # -
            index += 1
            if at(index) == _BACKSLASH:
                index += 1
            members.update(range(previous, at(index) + 1))
            previous = 0
        elif byte == 0x5B and body[index + 1 : index + 2] == b":":
            end = body.find(b"]", index + 2)
            if end < 0:
                raise NeverMatchesError
            if end == index + 2 or body[end - 1 : end] != b":":
                previous = byte  # no ":]", so "[" stands for itself
                members.add(byte)
            else:
                name = body[index + 2 : end - 1]
                if name not in _CLASSES:
                    raise NeverMatchesError
                members |= _CLASSES[name]
                previous = 0
                index = end
        else:
            members.add(byte)
            previous = byte
        index += 1
    if is_negated:
        members = set(range(256)) - members
    return members - {_SLASH}, index + 1
