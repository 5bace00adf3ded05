"""Which functions of a file were added, kept and removed. Knows no database."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from vizsla.core.types import FunctionKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The old functions of a file laid beside the new ones.

    Attributes:
        keys: for each new function, the key of the old one that it is, or None when it is new.
        removed: keys of old functions that no new one is, in their old order.
    """

    keys: list[FunctionKey | None]
    removed: list[FunctionKey]


def match(old: Sequence[tuple[FunctionKey, Hashable]], new: Sequence[Hashable]) -> Matched:
    """Find the old functions among the new ones by their content; equal ones in the order in which they stand.

    Args:
        old: keys with what tells their content apart, in the order of the file.
        new: what tells the content of the functions apart, in the order of the file.
    """
    waiting: defaultdict[Hashable, deque[FunctionKey]] = defaultdict(deque)
    for key, content in old:
        waiting[content].append(key)
    keys = [waiting[content].popleft() if waiting[content] else None for content in new]
    kept = set(keys)
    return Matched(keys=keys, removed=[key for key, _ in old if key not in kept])
