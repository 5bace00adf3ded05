"""What a question asks: its words without filler, the symbols it names, the kind of code it wants.

It does not know filters: whoever writes ``lang:go`` into a question has it taken out before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vizsla.core.text import joined_name, words
from vizsla.retrieval.change import tells_of_change

_ENGLISH = """a an the of to in on at by for from with without into and or not is are was were be been being do does
did done can could should would will how what which when where why who that this these those it its as if then than
there here i you we my your our me us"""
_LANGUAGES = (
    """python java javascript typescript golang php ruby kotlin scala haskell ocaml elixir julia csharp cpp lua"""
)

FILLER = frozenset(_ENGLISH.split()) | frozenset(_LANGUAGES.split())
"""English words that say nothing about code, and names of languages: in code they are rare, so BM25 would take them
for telling."""

_TEST_WORDS = frozenset({"test", "tests", "tested", "testing", "unittest", "spec", "specs", "fixture", "mock", "mocks"})
_EXAMPLE_WORDS = frozenset({"example", "examples", "sample", "samples", "demo", "benchmark", "benchmarks", "tutorial"})
# A word that nobody writes in prose: camelCase, snake_case, a dot or colons inside, a call, back ticks around.
_SYMBOL = re.compile(
    r"`([^`\s]+)`|\b([A-Za-z_$]\w*(?:(?:\.|::|->|#)[A-Za-z_$]\w*)+)|\b(\w*[a-z0-9][A-Z]\w*|[A-Z]{2,}[a-z]{2,}\w*|\w+_\w+)\b|\b([A-Za-z]\w*)(?=\(\))"
)
_ONE_NAME = re.compile(r"[`'\"]?[@#$]?[A-Za-z_]\w*(?:(?:\.|::|->|#)[A-Za-z_]\w*)*(?:\(\))?[`'\"]?")
_SEPARATOR = re.compile(r"\.|::|->|#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, understood once.

    Attributes:
        text: as it was asked.
        words: what full text looks for: folded, none twice, without filler unless there is nothing else.
        symbols: names of code that the question contains, each as ``joined_name`` writes it, last part only; with how
            it is spelled there, "" where it has neither capitals nor underscores and any spelling will do.
        is_symbol_like: the whole question is one name, such as ``getUserName`` or ``view``.
        asks_for_tests: tests are wanted, so they are not held back.
        asks_for_examples: likewise for examples and benchmarks.
        tells_of_change: it says what shall be or was changed, rather than what code does.
    """

    text: str
    words: tuple[str, ...]
    symbols: Mapping[str, str]
    is_symbol_like: bool
    asks_for_tests: bool
    asks_for_examples: bool
    tells_of_change: bool

    @classmethod
    def from_text(cls, text: str) -> Question:
        """Understand a question; any text will do."""
        found = list(dict.fromkeys(words(text)))
        stripped = text.strip()
        is_symbol_like = _ONE_NAME.fullmatch(stripped) is not None
        named = [stripped] if is_symbol_like else ["".join(groups) for groups in _SYMBOL.findall(text)]
        return cls(
            text=text,
            words=tuple([word for word in found if word not in FILLER] or found),
            symbols=_symbols(_SEPARATOR.split(name)[-1] for name in named),
            is_symbol_like=is_symbol_like,
            asks_for_tests=not _TEST_WORDS.isdisjoint(found),
            asks_for_examples=not _EXAMPLE_WORDS.isdisjoint(found),
            tells_of_change=tells_of_change(text),
        )


def _symbols(names: Iterable[str]) -> dict[str, str]:
    spelled = (name.strip("`'\"@#$()") for name in names)
    found = {joined_name(name): "" if name == name.lower() and "_" not in name else name for name in spelled}
    return {name: spelling for name, spelling in found.items() if name}
