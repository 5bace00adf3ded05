"""Rules that mend or drop a query, each by its name.

Source: Sun et al., "On the importance of building high-quality training datasets for neural code search", ICSE 2022
(NLQF), for the first nine; the others are for what comments and commits add.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from vizsla_trainer.recipe import CleanRecipe
from vizsla_trainer.records import Source

_BRACKETS = re.compile(r"\s*\(([^()]*)\)")
# A sentence cannot do without what is in brackets after one of these: "an iterator of (node, degree)".
_NEEDS_MORE = re.compile(r"\b(?:an?|and|are|as|at|by|for|from|in|into|is|of|on|or|than|the|to|with)$", re.IGNORECASE)
_SEE = re.compile(r"[\s(;,]*\b(?:see|cf\.?|refs?)\s(?:also\s)?(?:issues?\s|pr\s|bug\s|gh-?)?#?\d+.*$", re.IGNORECASE)
_ELEMENT = re.compile(r"</?[a-zA-Z][^<>]*>")
_URL = re.compile(r"://|\bwww\.\w|\bmailto:")
_TAG = re.compile(r"(?<![\w.])@[a-zA-Z][a-zA-Z0-9]*|\\(?:param|return|brief|ref|see|sa)\b|\{@")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"\w+(?:['’.-]\w+)*")
_TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " "})
_FOREIGN_SHARE = 0.1  # of all letters: a formula may have a Greek one
_CODE_END = re.compile(r"[;{}\\]$|^[}\])]|^\W*$")
_CODE = re.compile(
    r"(?<![<>=!])[=!]=(?!=)|=>|&&|\|\||[+-]=|::\w+\(|;\s*$|^\s*(?:if|for|while|switch)\s?\("
    r"|\w\([^)]*\)\s*[;{]|\w+\s=\s\w+[.(\[]|\w+\[\w+\]\s*="
    r"|^(?:return|import|from|let|var|const|def|class|public|private|static|else|print)\s+[\w.]+\s*[(=;:,]"
)
_SYMBOL = re.compile(r"[^\w\s.,;:'\"!?()/=+%&-]")
_MOST_SYMBOLS = 0.12  # of all letters of a query
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|TBD|WTF|NOCOMMIT)\b|\b(?:todo|fixme|hack):", re.ASCII)
_SAYS_NOTHING = re.compile(
    r"""^(?:
        (?:see|refer\sto|same\sas|like|alias\s(?:for|of|to)|as|cf\.?|overrides?|overridden|inherit(?:ed|s|doc)?
          |implements?|delegates?\sto|wrapper\s(?:for|around)|shortcut\s(?:for|to))\s+[`'":.\w/()#*-]+
          (?:\s(?:for\s(?:details|more)\b.*|instead))?\.?$
      | (?:see|refer\sto)\s(?:also\s)?(?:the\s)?
          (?:docs?|documentation|base|super|parent|above|below|comments?|rfc|issue|bug|\#)
      | non-javadoc | \(?inherited | auto-?generated | generated\s(?:by|from|using) | deprecated\b
      | this\s(?:file|code)\s(?:is|was)\sgenerated | do\snot\s(?:use|call|edit|modify)\b | for\sinternal\suse
      | internal\suse | copyright | license[ds]?\s | (?:end|begin|start)\s(?:of\s)?\w+$ | no-?op\b | not\simplemented
      | test(?:s|ing|ed)?\s(?:that|for|if|the|case|of)\b | (?:default|empty|private|public|protected)\sconstructor
      | constructor\.?$ | getters?\b | setters?\b | (?:the\s)?following\s | example\b | usage\b | note\b | warning\b
      | (?:initiali[sz]e|init|creates?|construct)\s
          (?:self|the\s(?:class|object|instance)|an?\s(?:new\s)?(?:object|instance))\.?$
      | type:\s | \w+:\s\w+$
    )""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A test that drops a query.

    Attributes:
        name: what reports call it.
        only: the source that it is for; None for all.
        is_early: it is asked before the query is mended, which would hide what it looks for.
    """

    name: str
    drops: Callable[[str], bool]
    only: Source | None = None
    is_early: bool = False


def mended(query: str) -> str:
    """The query without what is in brackets, without tags, typographic signs and pictures; what it asks stays."""
    text = _SEE.sub("", query.translate(_TYPOGRAPHY)).replace("`", "")
    text = _BRACKETS.sub(lambda found: " " + found[1] if _NEEDS_MORE.search(text[: found.start()]) else "", text)
    text = _ELEMENT.sub(" ", text)
    text = "".join(" " if unicodedata.category(letter) in ("So", "Cs", "Cc", "Co", "Cn") else letter for letter in text)
    return " ".join(text.split()).strip(" -*•#=~_|>:,")


def rules(recipe: CleanRecipe) -> list[Rule]:
    """The rules of a recipe in the order in which they are asked."""
    chosen = [
        Rule(name="code", drops=looks_like_code, only="comment", is_early=True),
        Rule(name="no letter", drops=lambda query: _LETTER.search(query) is None),
        Rule(name="tag", drops=lambda query: _TAG.search(query) is not None),
        Rule(name="too few words", drops=lambda query: len(_WORD.findall(query)) < recipe.least_words),
        Rule(name="too many words", drops=lambda query: len(query.split()) > recipe.most_words),
        Rule(name="unfinished", drops=lambda query: _UNFINISHED.search(query) is not None),
        Rule(name="says nothing", drops=lambda query: _SAYS_NOTHING.match(query) is not None),
        Rule(name="symbols", drops=is_mostly_symbols),
    ]
    if recipe.drop_urls:
        chosen.insert(0, Rule(name="web address", drops=lambda query: _URL.search(query) is not None))
    if recipe.drop_foreign:
        chosen.insert(1, Rule(name="not Latin script", drops=is_foreign))
    if recipe.drop_questions:
        chosen.append(Rule(name="question", drops=lambda query: query.endswith("?")))
    return chosen


def is_foreign(query: str) -> bool:
    """Whether more than a tenth of the letters are of another script than Latin."""
    letters = _LETTER.findall(query)
    if query.isascii() or not letters:
        return False
    others = sum(1 for letter in letters if letter > "\u024f" and not "\u1e00" <= letter <= "\u1eff")
    return others > _FOREIGN_SHARE * len(letters)


def is_mostly_symbols(query: str) -> bool:
    """Whether there is more than one sign to eight letters."""
    letters = sum(1 for letter in query if letter.isalpha())
    return len(_SYMBOL.findall(query)) > _MOST_SYMBOLS * max(letters, 1)


def looks_like_code(query: str) -> bool:
    """Whether it is a statement that was commented out rather than words."""
    return _CODE_END.search(query) is not None or _CODE.search(query) is not None
