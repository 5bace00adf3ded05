"""Whether a question tells of a change, as an issue or a commit does, rather than of what code does.

"Fix crash when the config is missing" does not say what the function that must be changed is for: its words are worth
more then, and of two functions the longer one is the likelier, as in the search for the place of a bug.

Source: Zhou, Zhang, Lo, "Where should the bugs be fixed?", ICSE 2012, for size. The words were learned by
``benchmarks/fit_changes.py``.
"""

from __future__ import annotations

from vizsla.core.text import words
from vizsla.retrieval.change_words import MARKS

_MOST_WORDS = 24

Marks = frozenset[tuple[str, str]]
"""What of a question counts, as kind and text: its words, its first word, a capital at its head, what all have."""


def tells_of_change(text: str) -> bool:
    """Whether it is more likely than not. A sentence with a full stop is none: titles of changes go without."""
    return (
        not text.rstrip().endswith(".") and sum(MARKS.get(kind, {}).get(mark, 0.0) for kind, mark in marks_of(text)) > 0
    )


def marks_of(text: str) -> Marks:
    """What of a question counts; learning and asking read it alike."""
    found = words(text)[:_MOST_WORDS]
    marks = {("always", ""), *(("word", word) for word in found if word.isalpha())}
    if found:
        marks.add(("first", found[0]))
    if text[:1].isupper():  # as titles begin, and what is typed into a search seldom does
        marks.add(("head", "capital"))
    return frozenset(marks)
