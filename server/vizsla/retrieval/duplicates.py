"""Fold what says the same twice: copies of a function give way to the best of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from vizsla.retrieval.candidates import Candidate
from vizsla.retrieval.fusion import Ranked

_SAME_COSINE = 0.003  # texts so near to one another differ in a detail, such as a license or a space
_SAME_SIZE = 0.05


def fold_duplicates(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Leave out copies, and note them with the one that stays.

    Two functions are copies when their model texts are equal, or when name, declaration and documentation are, and
    size and cosine nearly so.

    Args:
        ranked: best first.

    Returns:
        The first of each content, in their order and with their scores.
    """
    kept: list[Ranked] = []
    by_content: dict[object, int] = {}
    by_name: dict[object, list[int]] = {}
    for one in ranked:
        function = one.candidate.function
        alike = by_name.setdefault((function.name, function.signature, function.doc, function.language), [])
        first = by_content.get(function.content_hash)
        if first is None:
            first = next((place for place in alike if _is_near(kept[place].candidate, one.candidate)), None)
        if first is None:
            by_content[function.content_hash] = len(kept)
            alike.append(len(kept))
            kept.append(one)
        else:
            kept[first] = replace(kept[first], copies=(*kept[first].copies, one))
    return kept


def _is_near(one: Candidate, other: Candidate) -> bool:
    if math.isnan(one.cosine) or math.isnan(other.cosine) or abs(one.cosine - other.cosine) > _SAME_COSINE:
        return False
    sizes = [candidate.function.span.end - candidate.function.span.start for candidate in (one, other)]
    return max(sizes) - min(sizes) <= _SAME_SIZE * max(sizes)
