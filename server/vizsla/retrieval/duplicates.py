"""Fold what says the same twice: copies of a function give way to the first of them."""

from __future__ import annotations

from collections.abc import Sequence

from vizsla.core.types import ContentHash
from vizsla.retrieval.fusion import Ranked


def fold_duplicates(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Move copies behind everything else, where they are still found by who looks for all.

    Two functions are copies when their model texts are equal: same qualified name, documentation and source. Among
    copies the first in the order of ``ranked`` stays.

    Args:
        ranked: best first.

    Returns:
        The first of each content in their order, then the copies in theirs, which score at most as much as the last
        of the former.
    """
    seen: set[ContentHash] = set()
    kept: list[Ranked] = []
    copies: list[Ranked] = []
    for one in ranked:
        content = one.candidate.function.content_hash
        (copies if content in seen else kept).append(one)
        seen.add(content)
    return kept
