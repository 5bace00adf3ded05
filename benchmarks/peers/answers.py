"""Hits of any peer, which are files and lines, as the codes of a set of questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.peers.peer import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a code stands in a file. Lines count from 1 and include the last."""

    code: str
    start_line: int
    end_line: int


def codes_of(hits: Iterable[Hit], places: Mapping[str, Sequence[Place]]) -> list[str]:
    """The codes that hits touch, in the order of the first hit of each.

    A hit that touches several codes gives the one first with which it shares most lines. Files that hold no code of
    the set, such as what a peer wrote itself, take no place.

    Args:
        hits: of one question, best first.
        places: of each path the codes in it.
    """
    found: dict[str, None] = {}
    for hit in hits:
        touched = [(shared_lines(hit, place), place) for place in places.get(hit.path, ())]
        for shared, place in sorted(touched, key=lambda pair: (-pair[0], pair[1].start_line)):
            if shared:
                found.setdefault(place.code)
    return list(found)


def shared_lines(hit: Hit, place: Place) -> int:
    """How many lines a hit and a code have in common."""
    return max(0, min(hit.end_line, place.end_line) - max(hit.start_line, place.start_line) + 1)
