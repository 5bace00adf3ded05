"""Documentation asked for in a few words, as people type into a search box, among functions that keep theirs.

A model that learns from hidden documentation alone unlearns to read it, and in use most of what it reads has some.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Iterable

from vizsla.core.text import content_hash
from vizsla_trainer.data.docstrings import first_sentence
from vizsla_trainer.records import Pair

_WORD = re.compile(r"[^\W_](?:[\w.+#'-]*[\w+#])?")
_LEAST_WORDS, _MOST_WORDS = 2, 8
_LEAST_SHARE = 0.6  # of the words that say something
_FILLERS = """
    a an and any are as at be been being but by can could do does done each either for from has have if in into is it
    its may might must no nor not of on onto or other s shall should so some such than that the their them then there
    these they this those to up upon was we were what when where whether which while who whose will with would you your
"""
_EMPTY = frozenset(_FILLERS.split())


def documented(pairs: Iterable[Pair], share: float) -> list[Pair]:
    """The pairs; a share of those from docstrings with a short query and a code that keeps its documentation.

    Args:
        pairs: in any order.
        share: of the pairs from docstrings; which ones is decided by their ids.
    """
    return [
        dataclasses.replace(pair, query=query, text="full")
        if pair.source == "docstring" and _is_chosen(pair, share) and (query := few_words(pair.query, pair.id))
        else pair
        for pair in pairs
    ]


def few_words(query: str, seed: str) -> str:
    """The words of a query's first sentence that say something, some left out; "" where fewer than two are left.

    Args:
        query: a sentence.
        seed: the same one chooses the same words.
    """
    chance = random.Random(seed)
    found = dict.fromkeys(_WORD.findall(first_sentence(query)))
    words = [word for word in found if word.casefold() not in _EMPTY]
    if len(words) < _LEAST_WORDS:
        return ""
    most = min(len(words), _MOST_WORDS)
    least = max(_LEAST_WORDS, min(most, round(_LEAST_SHARE * len(words))))
    places = sorted(chance.sample(range(len(words)), chance.randint(least, most)))
    chosen = " ".join(words[place] for place in places)
    return chosen.casefold() if chance.random() < 0.5 else chosen


def _is_chosen(pair: Pair, share: float) -> bool:
    return int.from_bytes(content_hash(f"documented/{pair.id}")[:4], "big") < share * 2**32
