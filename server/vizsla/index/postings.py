"""Which terms stand in which functions, how often and in which field. Knows no database.

How often is kept in one byte: exact where it is small, rounded where another occurrence tells little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import typing as npt

from vizsla.core.types import Words

MAX_DOCUMENTS = 1 << 16
"""Documents of one list of postings: places are 16 bits wide."""

FIELDS = 4
"""name, signature, doc, body, in this order; the path belongs to the file."""

# For each field: from how many occurrences on a step counts, and what it counts as.
_STEPS: tuple[tuple[tuple[int, ...], tuple[float, ...]], ...] = (
    ((1, 2), (0, 1, 2)),
    ((1, 2), (0, 1, 2)),
    ((1, 2, 3), (0, 1, 2, 3.5)),
    ((1, 2, 3, 4, 6, 10), (0, 1, 2, 3, 4.5, 7, 14)),
)
_RADIX = (84, 28, 7, 1)  # 3 * 3 * 4 * 7 = 252 codes

FREQUENCIES: npt.NDArray[np.float32] = np.array(
    [
        [values[code // radix % len(values)] for radix, (_, values) in zip(_RADIX, _STEPS, strict=True)]
        for code in range(252)
    ],
    dtype=np.float32,
)
"""(252, 4): occurrences in each field that a code stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """Terms and where they stand.

    Attributes:
        terms: UTF-8, ascending.
        starts: (terms + 1,): the postings of term i are ``starts[i]:starts[i + 1]`` of what follows.
        places: numbers of documents, ascending within a term.
        codes: rows of ``FREQUENCIES``.
    """

    terms: list[bytes]
    starts: npt.NDArray[np.int64]
    places: npt.NDArray[np.uint16]
    codes: npt.NDArray[np.uint8]


def count_terms(
    documents: Sequence[Words], stems: Callable[[Iterable[str]], Mapping[str, str]]
) -> tuple[Postings, npt.NDArray[np.uint16]]:
    """Count the terms of documents, which are numbered in their order.

    Args:
        documents: at most ``MAX_DOCUMENTS``.
        stems: the term of each word, "" for none.

    Returns:
        The postings, and how many words each field of each document has (n, FIELDS), at most 65535.
    """
    tokens: list[str] = []
    lengths: list[int] = []
    for words in documents:
        for field in (words.name, words.signature, words.doc, words.body):
            found = field.split()
            tokens += found
            lengths.append(len(found))
    stem_of = stems(tokens)
    encoded = {word: stem.encode("utf-8", "replace") for word, stem in stem_of.items()}
    terms = sorted(set(encoded.values()) - {b""})
    numbers = {term: number for number, term in enumerate(terms)}
    number_of = {word: numbers.get(stem, -1) for word, stem in encoded.items()}
    term = np.array(list(map(number_of.__getitem__, tokens)), dtype=np.int64)
    cell = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)  # document * FIELDS + field
    cells, counts = np.unique(((term << 18) | cell)[term >= 0], return_counts=True)
    part = np.zeros(len(cells), dtype=np.int64)
    for place, (radix, (steps, _)) in enumerate(zip(_RADIX, _STEPS, strict=True)):
        chosen = cells % FIELDS == place
        part[chosen] = radix * np.searchsorted(steps, counts[chosen], side="right")
    groups, firsts = np.unique(cells // FIELDS, return_index=True)
    codes = np.add.reduceat(part, firsts) if len(groups) else part
    postings = Postings(
        terms=terms,
        starts=np.searchsorted(groups >> 16, np.arange(len(terms) + 1)),
        places=(groups & 0xFFFF).astype(np.uint16),
        codes=codes.astype(np.uint8),
    )
    shape = (len(documents), FIELDS)
    return postings, np.minimum(np.array(lengths, dtype=np.int64), 65535).astype(np.uint16).reshape(shape)


def merge(parts: Sequence[tuple[Postings, npt.NDArray[np.bool_]]]) -> Postings:
    """Join postings: the documents of each part follow those of the part before.

    Args:
        parts: postings, and which of their documents stay (n,); at most ``MAX_DOCUMENTS`` stay in all.
    """
    terms = sorted(set().union(*(postings.terms for postings, _ in parts)))
    numbers = {term: number for number, term in enumerate(terms)}
    groups, codes, offset = [], [], 0
    for postings, stays in parts:
        number = np.fromiter((numbers[term] for term in postings.terms), dtype=np.int64, count=len(postings.terms))
        place = np.cumsum(stays) - 1 + offset
        keep = stays[postings.places]
        groups.append((np.repeat(number, np.diff(postings.starts))[keep] << 16) | place[postings.places[keep]])
        codes.append(postings.codes[keep])
        offset += int(np.count_nonzero(stays))
    joined = np.concatenate(groups)
    order = np.argsort(joined, kind="stable")  # runs that are sorted already: fast
    joined = joined[order]
    starts = np.searchsorted(joined >> 16, np.arange(len(terms) + 1))
    used = np.flatnonzero(np.diff(starts))  # a term may have lost its last document
    return Postings(
        terms=[terms[number] for number in used],
        starts=np.append(starts[used], len(joined)),
        places=(joined & 0xFFFF).astype(np.uint16),
        codes=np.concatenate(codes)[order],
    )
