"""Pairs as training reads them: texts, and who may not stand against whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from blake3 import blake3

from vizsla.core.text import humps
from vizsla_trainer.data.names import text_without_name
from vizsla_trainer.records import Code, Pair, View, positive_text, text_in, view_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Group = Literal["bare", "full", "nameless"]
"""What is hidden in a right code, and so in every code that stands against it: documentation, nothing, names."""


_KIN = {"typescript": "javascript", "tsx": "javascript", "cpp": "c", "ocaml_interface": "ocaml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One query with its right code, ready for the tokenizer.

    Attributes:
        pair: id of the ``Pair``.
        query: the question.
        text: the right code as the model reads it.
        code: its place in the corpus.
        view: which text of the other codes it is ranked among.
        group: only examples of one group are each other's negatives, see ``group_of``.
        keys: of the query and of every code that answers it; a code that has one of them is no negative.
        negatives: places in the corpus, one row for each phase of training, easier phases first.
    """

    pair: str
    query: str
    text: str
    code: int
    view: View
    group: Group
    keys: frozenset[int]
    negatives: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Corpus:
    """All codes that may stand against a query, in a fixed order; a code is named by its place."""

    codes: tuple[Code, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def texts(self, view: View) -> list[str]:
        """What the model reads of every code."""
        return [text_in(code, view) for code in self.codes]

    def text(self, place: int, view: View) -> str:
        """What the model reads of one code."""
        return text_in(self.codes[place], view)

    def rival(self, place: int, example: Example) -> str:
        """What the model reads of one code that stands against the right one of an example, see ``rival_text``."""
        return rival_text(self.codes[place], example.group, example.query)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Place of each code by its id."""
        return {code.id: place for place, code in enumerate(self.codes)}

    @cached_property
    def keys(self) -> tuple[frozenset[int], ...]:
        """Of each code: everything that a query's keys may meet in it."""
        return tuple(code_keys(code) | {_key(" ".join(humps(code.name)))} for code in self.codes)

    @cached_property
    def by_key(self) -> Mapping[int, tuple[int, ...]]:
        """Places of the codes that have a key."""
        found: dict[int, list[int]] = defaultdict(list)
        for place, keys in enumerate(self.keys):
            for key in keys:
                found[key].append(place)
        return {key: tuple(places) for key, places in found.items()}


def group_of(pair: Pair) -> Group:
    """What a pair's right code hides, so that all codes that a model reads beside it hide the same.

    A docstring's lacks documentation, a name's bears a name that says nothing: beside codes that show theirs, a model
    would learn that what is hidden is right, and nothing of what it means. A comment's was cut out with its lines,
    which leaves no mark: most functions have no comment there either.
    """
    return "nameless" if pair.source == "name" else view_of(pair)


def kin_of(code: Code) -> str:
    """The language of a code, or the one it is a kind of: codes of one may be mistaken for each other."""
    return _KIN.get(code.language, code.language)


def rival_text(code: Code, group: Group, query: str) -> str:
    """The text of a code that stands against the right one, in training and when candidates are read again.

    A name's query is *ranked* among codes that show their names: for a retriever that never learned from a hidden
    name beside shown ones this gives nothing away, and a third vector of every code would cost half as much again.
    """
    return text_without_name(code, query) if group == "nameless" else text_in(code, group)


def code_keys(code: Code) -> frozenset[int]:
    """Names of all by which another code is the same: text, text without documentation, documentation.

    The function's name is none of them, else no method could stand against another of its name. To a query that is
    nothing but a name they are the same: that is why ``Corpus.keys`` has it too.
    """
    paragraph = code.doc.strip().split("\n\n", 1)[0]
    line = code.doc.strip().split("\n", 1)[0]
    return frozenset(_key(text) for text in (code.text, code.bare, code.doc, paragraph, line) if text.strip())


def examples_of(pairs: Iterable[Pair], corpus: Corpus, *, known: Iterable[Pair] = ()) -> list[Example]:
    """Pairs as examples, in order.

    Args:
        pairs: their codes are in the corpus.
        corpus: every code that may be a negative.
        known: more pairs that say which codes answer a query, such as those held out.

    Raises:
        ValueError: the corpus lacks the code of a pair.
    """
    pairs = list(pairs)
    answers: dict[int, set[int]] = defaultdict(set)
    for pair in (*known, *pairs):
        place = corpus.places.get(pair.code)
        if place is not None:
            answers[_key(pair.query)] |= code_keys(corpus.codes[place])
    found = []
    for pair in pairs:
        if pair.code not in corpus.places:
            raise ValueError(f"the corpus lacks code {pair.code} of pair {pair.id}")
        place, view, query = corpus.places[pair.code], view_of(pair), _key(pair.query)
        found.append(
            Example(
                pair=pair.id,
                query=pair.query,
                text=positive_text(pair, corpus.codes[place]),
                code=place,
                view=view,
                group=group_of(pair),
                keys=frozenset({query, *answers[query]}),
            )
        )
    return found


def forbidden_codes(examples: Sequence[Example], corpus: Corpus) -> list[frozenset[int]]:
    """For each example the places of all codes that may be right: its own, its twins, codes with the same docs."""
    nowhere: tuple[int, ...] = ()
    return [
        frozenset({example.code}.union(*(corpus.by_key.get(key, nowhere) for key in example.keys)))
        for example in examples
    ]


def with_negatives(examples: Sequence[Example], sampled: NDArray[np.int32]) -> list[Example]:
    """The examples with what was sampled for each.

    Args:
        examples: in the order of the sample.
        sampled: places in the corpus, (phases, examples, count), -1 where there were no more.
    """
    if sampled.shape[1] != len(examples):
        raise ValueError(f"negatives of {sampled.shape[1]} examples do not fit {len(examples)}")
    return [
        replace(example, negatives=tuple(tuple(int(place) for place in row if place >= 0) for row in sampled[:, i]))
        for i, example in enumerate(examples)
    ]


def _key(text: str) -> int:
    folded = " ".join(text.split()).casefold()
    return int.from_bytes(blake3(folded.encode("utf-8", "surrogatepass")).digest(8), "big")
