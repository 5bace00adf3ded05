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

_TARGET = 3_000  # bytes of a block before compression; a term with more than that has a block of its own
_POSTING = 3  # bytes: place and code
_COMPRESSED, _RAW, _DENSE = 1, 0, 2

Found = tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]
"""Places and codes of a term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A decoded block: terms, and where the postings of each begin in ``places`` and ``codes``."""

    terms: list[bytes]
    starts: list[int]
    places: npt.NDArray[np.uint16]
    codes: npt.NDArray[np.uint8]


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
    body, length, counts = _opened(data)
    total = int(counts.sum())
    places, codes = _part(data[0], body, 8 + length + 4 * len(counts), total, 0, total)
    return Block(
        terms=body[8 : 8 + length].split(b"\n"), starts=[0, *np.cumsum(counts).tolist()], places=places, codes=codes
    )


def find(data: bytes, term: bytes) -> Found | None:
    """Places and codes of one term of what ``encode`` made a block of; None when it is not there.

    The other terms are passed over unread, and nothing of the block is kept alive.

    Raises:
        ValueError: the block is damaged.
    """
    body, length, counts = _opened(data)
    # As a line among lines, so that it is no part of another term.
    at = (b"\n" + body[8 : 8 + length] + b"\n").find(b"\n" + term + b"\n")
    if at < 0:
        return None
    number = body.count(b"\n", 8, 8 + at)
    first, total = int(counts[:number].sum()), int(counts.sum())
    offset = 8 + length + 4 * len(counts)
    places, codes = _part(data[0], body, offset, total, first, first + int(counts[number]))
    return places.copy(), codes.copy()


def _opened(data: bytes) -> tuple[bytes, int, npt.NDArray[np.uint32]]:
    """A block without compression, the length of its terms, and how many postings each has."""
    try:
        body = zlib.decompress(data[1:]) if data[0] == _COMPRESSED else data[1:]
    except (zlib.error, IndexError) as error:
        raise ValueError("damaged block of postings") from error
    count, length = (int(number) for number in np.frombuffer(body, dtype="<u4", count=2))
    return body, length, np.frombuffer(body, dtype="<u4", count=count, offset=8 + length)


def _part(kind: int, body: bytes, offset: int, total: int, first: int, last: int) -> Found:
    """Places and codes from the posting ``first`` to before ``last``, of ``total`` ones that begin at ``offset``."""
    if kind == _DENSE:
        steps = np.frombuffer(body, dtype=np.uint8, count=total, offset=offset)
        places = np.cumsum(steps, dtype=np.int64).astype(np.uint16)[first:last]
        offset += total
    else:
        places = np.frombuffer(body, dtype="<u2", count=last - first, offset=offset + 2 * first)
        offset += 2 * total
    return places, np.frombuffer(body, dtype=np.uint8, count=last - first, offset=offset + first)


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
