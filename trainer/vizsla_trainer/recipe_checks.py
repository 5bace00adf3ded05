"""The ranges of a recipe's numbers: what lies outside is refused by name."""

from __future__ import annotations


def check_positive(part: object, *names: str) -> None:
    """Each of these is above zero.

    Raises:
        ValueError: one sentence names the number.
    """
    for name in names:
        if not getattr(part, name) > 0:
            raise ValueError(f"{name} must be positive, got {getattr(part, name)}")


def check_at_least(part: object, least: float, *names: str) -> None:
    """Each of these is so much or more.

    Raises:
        ValueError: one sentence names the number.
    """
    for name in names:
        if not getattr(part, name) >= least:
            raise ValueError(f"{name} must be {least} or more, got {getattr(part, name)}")


def check_shares(part: object, *names: str, below_one: bool = True) -> None:
    """Each of these is a share from 0 to 1, 1 itself only where that makes sense.

    Raises:
        ValueError: one sentence names the number.
    """
    for name in names:
        value = getattr(part, name)
        if not (0 <= value < 1 or (value == 1 and not below_one)):
            raise ValueError(f"{name} must be a share from 0 to 1, got {value}")


def check_known(name: str, values: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Each value is one of those that are known.

    Raises:
        ValueError: one sentence names the number.
    """
    for value in values:
        if value not in known:
            raise ValueError(f"{name} must be of {', '.join(known)}, got {value!r}")
