"""Which of many codes are kept: those that answer something first, of each language in turn, drawn by their hash.

Those that a commit changed have a turn of their own: there are few of them beside documented ones.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from vizsla.core.text import content_hash
from vizsla_trainer.data.mining import Mined


class Draw:
    """Codes that take part: ten bytes of each, so that there may be millions."""

    def __init__(self) -> None:
        """Begin without any."""
        self._digests = array("Q")
        self._groups = array("H")
        self._numbers: dict[tuple[bool, bool, str], int] = {}

    def add(self, mined: Mined) -> None:
        """Let the codes take part."""
        answers = {pair.code for pair in mined.pairs}
        changed = {pair.code for pair in mined.pairs if pair.source == "commit"}
        for code in mined.codes:
            self._digests.append(int.from_bytes(content_hash(code.id)[:8], "big"))
            group = (code.id not in answers, code.id in changed, code.language)
            self._groups.append(self._numbers.setdefault(group, len(self._numbers)))

    def first(self, most: int) -> npt.NDArray[np.bool_]:
        """Whether each code is among the first ``most``, in the order in which they were added. (codes,)"""
        digests = np.array(self._digests, dtype=np.uint64)
        groups = np.array(self._groups, dtype=np.uint16)
        order = np.lexsort((digests, groups))
        sizes = np.bincount(groups, minlength=len(self._numbers))
        turns = np.empty(len(groups), dtype=np.int64)
        turns[order] = np.arange(len(groups)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        is_idle = np.array([idle for idle, _, _ in self._numbers], dtype=np.bool_)[groups] if len(groups) else groups
        found = np.zeros(len(groups), dtype=np.bool_)
        found[np.lexsort((digests, turns, is_idle))[:most]] = True
        return found


def at_most(mined: Mined, most: int) -> Mined:
    """So many codes, with their pairs."""
    if len(mined.codes) <= most:
        return mined
    draw = Draw()
    draw.add(mined)
    return only(mined, draw.first(most).tolist())


def only(mined: Mined, is_kept: Iterable[bool]) -> Mined:
    """The codes that are kept, with their pairs."""
    codes = [code for code, stays in zip(mined.codes, is_kept, strict=True) if stays]
    kept = {code.id for code in codes}
    return dataclasses.replace(mined, codes=codes, pairs=[pair for pair in mined.pairs if pair.code in kept])
