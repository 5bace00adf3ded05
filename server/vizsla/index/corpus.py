"""What BM25 must know of all functions together; of several stores laid over each other, added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Counts for the words of one question. All are whole numbers, so a sum of parts is exactly the whole.

    Attributes:
        functions: how many there are.
        length: of all functions added up, in words weighted by their fields.
        frequencies: for each word, how many functions have it outside of their paths.
        files: how many there are.
        file_frequencies: for each word, how many paths have it.
    """

    functions: int
    length: float
    frequencies: Mapping[str, int]
    files: int
    file_frequencies: Mapping[str, int]

    def __add__(self, other: Corpus) -> Corpus:
        """Both together; they are of the same words."""
        return Corpus(
            functions=self.functions + other.functions,
            length=self.length + other.length,
            frequencies={word: count + other.frequencies[word] for word, count in self.frequencies.items()},
            files=self.files + other.files,
            file_frequencies={
                word: count + other.file_frequencies[word] for word, count in self.file_frequencies.items()
            },
        )
