"""The few lines of a function that show why it was found, and the words in them that were asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from vizsla.core.text import humps
from vizsla.index.stems import Stemmer

_TAB = 4
_LINES_READ = 2_000  # of a function: what stands further down is not looked at for a snippet
_CHARACTERS_READ = 400  # of a line
_HEADER_WITHIN = 8  # lines: decorators and comments may stand above the line that names the function
# One word of an identifier in any writing, as ``core.text`` splits it.
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^\W_a-zA-Z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """Lines of one function.

    Attributes:
        lines: all lines up to the last one shown, without their common indentation.
        shown: numbers of the lines to show, from 0, ascending.
        marks: for each line that is shown, where words of the question stand in it, half-open, in characters.
    """

    lines: tuple[str, ...]
    shown: tuple[int, ...]
    marks: dict[int, list[tuple[int, int]]]

    @property
    def gaps(self) -> frozenset[int]:
        """Shown lines before which others are left out."""
        return frozenset(after for before, after in pairwise(self.shown) if after > before + 1)


class Snippets:
    """Snippets for one question."""

    def __init__(self, asked: tuple[str, ...]) -> None:
        """Look for ``asked``, the words of the question, in whatever grammatical form they stand."""
        self._stemmer = Stemmer()
        self._asked = set(self._stemmer.stems(word for text in asked for word in humps(text)).values()) - {""}

    def of(self, source: str, *, name: str, column: int, count: int) -> Snippet:
        """The line that names the function, and below it the stretch that says most of the question.

        Args:
            source: text of the function.
            name: its name; "" when no line says it.
            column: character of its first line at which it starts: the rest is indented at least as far.
            count: lines wanted, at least 1.
        """
        lines = _dedented(source, column)
        marks = [self._marks(line) for line in lines]
        if len(lines) <= count:
            return _snippet(lines, range(len(lines)), marks)
        header = _header(lines, name)
        weights = [
            len({line[start:end].casefold() for start, end in found}) for line, found in zip(lines, marks, strict=True)
        ]
        window = _best_window(lines, weights, count)
        if header is not None and header < window.start:
            window = _best_window(lines, weights, max(1, count - 1))
            return _snippet(lines, sorted({header, *window}), marks)
        return _snippet(lines, window, marks)

    def _marks(self, line: str) -> list[tuple[int, int]]:
        found = [(match.span(), match.group().casefold()) for match in _WORD.finditer(line)]
        stems = self._stemmer.stems(word for _, word in found)
        return [span for span, word in found if stems[word] in self._asked]


def _snippet(lines: list[str], numbers: range | list[int], marks: list[list[tuple[int, int]]]) -> Snippet:
    shown = list(numbers)
    while len(shown) > 1 and not lines[shown[-1]].strip():
        shown.pop()
    while len(shown) > 1 and not lines[shown[0]].strip():
        del shown[0]
    return Snippet(
        lines=tuple(lines[: shown[-1] + 1]), shown=tuple(shown), marks={number: marks[number] for number in shown}
    )


def _dedented(source: str, column: int) -> list[str]:
    lines = [line[:_CHARACTERS_READ] for line in source.split("\n", _LINES_READ)[:_LINES_READ]]
    # The first line is cut where the function starts; tabs count as one character there.
    tabbed = any(line.startswith("\t") for line in lines[1:])
    lines[0] = ("\t" if tabbed else " ") * min(column, _CHARACTERS_READ) + lines[0]
    lines = [line.expandtabs(_TAB).rstrip() for line in lines]
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    depth = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return [line[depth:] for line in lines]


def _header(lines: list[str], name: str) -> int | None:
    if not name:
        return None
    said = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return next((number for number, line in enumerate(lines[:_HEADER_WITHIN]) if said.search(line)), 0)


def _best_window(lines: list[str], weights: list[int], count: int) -> range:
    """Of equally good stretches the first; one that starts with an empty line is worse than the next."""
    starts = range(max(1, len(lines) - count + 1))
    first = max(starts, key=lambda start: (sum(weights[start : start + count]), bool(lines[start]), -start))
    return range(first, min(first + count, len(lines)))
