"""Pairs disturbed while a model learns from them, so that it does not lean on any one word.

Source: Shi et al., "CoCoSoDa", ICSE 2023, for masking; what else there is hides names and comments.
"""

from __future__ import annotations

import random
import re

from vizsla.parsing.languages import LANGUAGES
from vizsla_trainer.data.docstrings import first_sentence
from vizsla_trainer.data.names import PLACEHOLDERS
from vizsla_trainer.recipe import AugmentRecipe

MASK = "[MASK]"
"""What stands for a hidden word in the tokenizers of BERT."""

_MASKED = 0.8  # of the words that are hidden; the others are left out
_LEAST_WORDS = 3  # of a query that was shortened
_WORD = re.compile(r"\w+")
_NAME = re.compile(r"(?<![\w.'\"])[A-Za-z_][A-Za-z0-9_]{2,}\b")
_KEYWORDS = """
    abstract and array assert async await auto begin bool boolean break byte case cast catch char class clone const
    constexpr continue crate declare def default defer defined defmodule defp del delete delegate done double echo elif
    else elsif elseif elseif end endif ensure enum error except explicit export extends extern extension false False fi
    final finally float fmt fn for foreach forall from fun func function global goto guard has if impl implements import
    in include init inline inner instanceof int interface internal is lambda let local long loop macro map match member
    mod module move mut mutable namespace native new nil None not null nullptr object of open operator or out override
    package panic pass print private protected protocol public pub raise range readonly rec record ref register require
    require_once rescue restrict return returns sealed select self Self short signed sizeof static str string String
    struct super switch sync synchronized template test then this throw throws trait transient true True try tuple type
    typedef typename typeof undefined union unless unsafe unsigned until use using val value var virtual void volatile
    when where while with yield
"""
_KEPT = frozenset(_KEYWORDS.split())


def augment(
    query: str, code: str, rng: random.Random, recipe: AugmentRecipe, *, language: str = "", mask: str = MASK
) -> tuple[str, str]:
    """A query and a code, each a little disturbed; documentation in the code is kept.

    Args:
        query: of a pair.
        code: the text of its code, ``records.positive_text``.
        rng: where chance comes from; used up the same for the same recipe, texts and language.
        recipe: how likely each change is.
        language: of the code, for its comments; "" leaves them.
        mask: the word of the model's tokenizer that hides another.

    Returns:
        Both texts; neither is ever empty.
    """
    if rng.random() < recipe.query_shortening:
        query = shortened(query, rng)
    if rng.random() < recipe.comment_dropout:
        code = without_comments(code, language)
    code = with_other_names(code, rng, recipe.identifier_dropout)
    return masked(query, rng, recipe.query_mask, mask), masked(code, rng, recipe.code_mask, mask)


def shortened(query: str, rng: random.Random) -> str:
    """The first sentence of a query; of a query with one sentence, some of its words, from the first on more often."""
    first = first_sentence(query)
    if len(first) < len(query) and len(first.split()) >= _LEAST_WORDS:
        return first
    words = query.split()
    if len(words) <= _LEAST_WORDS:
        return query
    count = rng.randint(max(_LEAST_WORDS, len(words) // 2), len(words))
    start = 0 if rng.random() < 0.5 else rng.randint(0, len(words) - count)
    return " ".join(words[start : start + count])


def masked(text: str, rng: random.Random, share: float, mask: str) -> str:
    """The text with that share of its words hidden behind ``mask``, or left out; at least one word stays."""
    if not share:
        return text
    words = list(_WORD.finditer(text))
    hidden = [word for word in words if rng.random() < share]
    if not hidden or len(hidden) == len(words):
        return text
    pieces: list[str] = []
    at = 0
    for word in hidden:
        pieces.extend((text[at : word.start()], mask if rng.random() < _MASKED else ""))
        at = word.end()
    return "".join((*pieces, text[at:]))


def with_other_names(code: str, rng: random.Random, share: float) -> str:
    """The code with that share of its names replaced by names that say nothing, each everywhere it stands.

    What follows a dot is another's name and stays, and so do keywords.
    """
    names = [name for name in dict.fromkeys(_NAME.findall(code)) if name not in _KEPT] if share else []
    # As in a program, two names do not become one.
    others = rng.sample(PLACEHOLDERS, len(PLACEHOLDERS)) if names else []
    chosen = [name for name in names if rng.random() < share]
    new = dict(zip(chosen, others, strict=False))
    return re.sub(r"\w+", lambda word: new.get(word.group(), word.group()), code) if new else code


def without_comments(code: str, language: str) -> str:
    """The code without the lines that are comments; a code that is nothing else stays."""
    known = LANGUAGES.get(language)
    if known is None:
        return code
    marks = [rf"{re.escape(mark)}[^\n]*" for mark in known.line_comments]
    blocks = [
        rf"{re.escape(opening)}(?:(?!{re.escape(closing)}).)*{re.escape(closing)}"
        for opening, closing in known.block_comments
    ]
    comment = re.compile(rf"^[ \t]*(?:{'|'.join(blocks + marks)})[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)
    left = comment.sub("", code).rstrip("\n")
    return left if left.strip() else code
