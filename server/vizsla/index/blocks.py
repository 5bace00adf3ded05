"""Postings as compressed blocks of a few kilobytes, so that a question reads only what it needs.

A block is a byte that says whether the rest is compressed, then: the number of terms (4 bytes), the length of the
terms (4), the terms with newlines between, how many postings each has (4 each), places, codes. Little endian.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy import typing as npt

from vizsla.index.postings import Postings

_TARGET = 6_000  # bytes of a block before compression; a term with more than that has a block of its own
_POSTING = 3  # bytes: place and code
_COMPRESSED, _RAW, _DENSE = 1, 0, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A decoded block: terms, and where the postings of each begin in ``places`` and ``codes``."""

    terms: list[bytes]
    starts: list[int]
    places: npt.NDArray[np.uint16]
    codes: npt.NDArray[np.uint8]

    def find(self, term: bytes) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]] | None:
        """Places and codes of a term, or None when it is not here."""
        try:
            number = self.terms.index(term)
        except ValueError:
            return None
        part = slice(self.starts[number], self.starts[number + 1])
        return self.places[part], self.codes[part]


def encode(postings: Postings) -> Iterator[tuple[bytes, bytes]]:
    """The first term of each block and the block, ascending."""
    starts = postings.starts.tolist()
    first, size = 0, 0
    for number, term in enumerate(postings.terms):
        more = len(term) + 5 + _POSTING * (starts[number + 1] - starts[number])
        if number > first and size + more > _TARGET:
            yield postings.terms[first], _encode(postings, first, number)
            first, size = number, 0
        size += more
    if first < len(postings.terms):
        yield postings.terms[first], _encode(postings, first, len(postings.terms))


def decode(data: bytes) -> Block:
    """What ``encode`` made a block of.

    Raises:
        ValueError: the block is damaged.
    """
    try:
        body = zlib.decompress(data[1:]) if data[0] == _COMPRESSED else data[1:]
    except (zlib.error, IndexError) as error:
        raise ValueError("damaged block of postings") from error
    count, length = (int(number) for number in np.frombuffer(body, dtype="<u4", count=2))
    counts = np.frombuffer(body, dtype="<u4", count=count, offset=8 + length)
    total = int(counts.sum())
    offset = 8 + length + 4 * count
    if data[0] == _DENSE:
        steps = np.frombuffer(body, dtype=np.uint8, count=total, offset=offset)
        places = np.cumsum(steps, dtype=np.int64).astype(np.uint16)
        offset += total
    else:
        places = np.frombuffer(body, dtype="<u2", count=total, offset=offset)
        offset += 2 * total
    return Block(
        terms=body[8 : 8 + length].split(b"\n"),
        starts=[0, *np.cumsum(counts).tolist()],
        places=places,
        codes=np.frombuffer(body, dtype=np.uint8, count=total, offset=offset),
    )


def join(blocks: Iterable[Block]) -> Postings:
    """All blocks of a list of postings, ascending, as one."""
    found = list(blocks)
    counts = [np.diff(block.starts) for block in found]
    return Postings(
        terms=[term for block in found for term in block.terms],
        starts=np.concatenate(([0], *counts)).cumsum().astype(np.int64),
        places=np.concatenate([block.places for block in found] or [np.empty(0, dtype=np.uint16)]),
        codes=np.concatenate([block.codes for block in found] or [np.empty(0, dtype=np.uint8)]),
    )


def _encode(postings: Postings, first: int, last: int) -> bytes:
    starts = postings.starts[first : last + 1]
    places, codes = postings.places[starts[0] : starts[-1]], postings.codes[starts[0] : starts[-1]]
    terms = b"\n".join(postings.terms[first:last])
    head = np.array([last - first, len(terms)], dtype="<u4").tobytes() + terms + np.diff(starts).astype("<u4").tobytes()
    if last - first == 1 and _POSTING * len(places) > _TARGET:
        # A common term: decoding must be quick, and steps from place to place often fit a byte.
        steps = np.diff(places, prepend=np.uint16(0))
        if int(steps.max()) < 256:
            return bytes([_DENSE]) + head + steps.astype(np.uint8).tobytes() + codes.tobytes()
        return bytes([_RAW]) + head + places.astype("<u2").tobytes() + codes.tobytes()
    return bytes([_COMPRESSED]) + zlib.compress(head + places.astype("<u2").tobytes() + codes.tobytes(), 6)
