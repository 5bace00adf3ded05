"""What each step of a training reads: examples, their negatives, disturbed texts; all by the number of the step."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vizsla_trainer.training.examples import Corpus, Example

Augment = Callable[[str, str, random.Random, str], tuple[str, str]]
"""A query and a code, with chance and the code's language, to disturbed ones; by that chance alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """The examples of a training in the order of its steps.

    Attributes:
        plan: places of the examples of each step.
        examples: all of them.
        corpus: that they and their negatives point into.
        seed: of everything that is left to chance.
        augment: disturbs texts anew in each step, right codes and those against them alike; None leaves them.
    """

    plan: Sequence[tuple[int, ...]]
    examples: Sequence[Example]
    corpus: Corpus
    seed: int
    augment: Augment | None = None

    def of(self, step: int) -> tuple[list[Example], random.Random]:
        """The examples of a step, and its chance."""
        return [self.examples[place] for place in self.plan[step]], random.Random(f"{self.seed}/{step}")

    def negatives(self, example: Example, step: int) -> tuple[int, ...]:
        """Places of the codes that were sampled against an example for this phase of the training; may be none."""
        rows = [row for row in example.negatives if row]
        return rows[step * len(rows) // len(self.plan)] if rows else ()

    def right(self, example: Example, chance: random.Random) -> tuple[str, str]:
        """The query and its right code."""
        return self._disturbed(example.query, example.text, chance, example.code)

    def rival(self, place: int, example: Example, chance: random.Random) -> str:
        """A code that stands against the example's right one."""
        return self._disturbed("", self.corpus.rival(place, example), chance, place)[1]

    def _disturbed(self, query: str, text: str, chance: random.Random, place: int) -> tuple[str, str]:
        if self.augment is None:
            return query, text
        return self.augment(query, text, chance, self.corpus.codes[place].language)
