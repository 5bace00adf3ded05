"""What speaks for or against a candidate besides the two retrievers: its name, its place, what sort of code it is."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from vizsla.core.text import humps, joined_name
from vizsla.core.types import CLASS_LIKE, Kind
from vizsla.index.records import StoredFunction
from vizsla.retrieval.query import FILLER, Question


def _below(*folders: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|/)_?(?:{'|'.join(folders)})/", re.IGNORECASE)


_TEST_FOLDER = _below(
    "tests?", "testing", "specs?", "__tests__", "__mocks__", "e2e", "testdata", r"test_\w+", "fixtures"
)
_TEST_FILE = re.compile(
    r"(?:^|/)(?:test_[^/]*|[^/]*[_.-](?:tests?|specs?|mock)\.\w+|[^/]*(?:Tests?|Spec)\.\w+|conftest\.py|tests?\.\w+)$"
)
_TEST_MODULE = re.compile(r"(?:^|[._])tests?(?:\.|$)")
_EXAMPLE = _below("examples?", "samples?", "demos?", "benchmarks?", "bench", "tutorials?", "playground", "docs?")
_VENDORED = _below("vendor", "vendored", "third[_-]?party", "node_modules", "external", "extern", "deps")
_GENERATED = re.compile(r"\.pb\.|_pb2|\.(?:g|gen|generated|min)\.|[_./]generated[_./]", re.IGNORECASE)
_DECLARATIONS = re.compile(r"\.(?:d\.ts|pyi)$")
_LOBBY = re.compile(r"(?:^|/)(?:__init__\.pyi?|index\.[cm]?[jt]sx?|mod\.rs|lib\.rs|package-info\.java)$")
_SUFFIX = re.compile(r"(?:ations?|ings?|ions?|ers?|ors?|ed|es|e|s)$")
_LEAST_STEM = 4
_ALONE = 2.0  # how much more a definition counts where nothing else is asked for
_OTHERWISE = (
    0.5  # of a definition whose name is spelled otherwise: ``from_request`` where ``FromRequest`` was asked for
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Signals of one candidate; shares are in [0, 1].

    Attributes:
        name: agreement of the question's words with those of the name and its containers.
        path: share of the question's words that stand in the path.
        file_name: share of the file name's words that stand in the question.
        defines: 1 for the definition of a symbol that the question names, or the module that holds or offers it; 2
            where the whole question is its name; a little less when it is spelled otherwise there.
        is_test, is_example, is_generated, is_vendored: by its path, unless the question asks for such code; in Rust,
            where tests stand below what they test, by the module too.
        is_lobby: undocumented top-level statements of a file that mostly exports what others define.
        is_outline: a type of which a member was found as well, unless it is named: what it does, its members do.
    """

    name: float
    path: float
    file_name: float
    defines: float
    is_test: bool
    is_example: bool
    is_generated: bool
    is_vendored: bool
    is_lobby: bool
    is_outline: bool

    @property
    def spoken(self) -> tuple[str, ...]:
        """Names of those that apply, the strong agreements among them."""
        named = {
            "name": self.name >= 0.5,
            "path": self.path >= 0.5,
            "defines": self.defines > 0,
            "test": self.is_test,
            "example": self.is_example,
            "generated": self.is_generated,
            "vendored": self.is_vendored,
            "re-export": self.is_lobby,
            "outline": self.is_outline,
        }
        return tuple(name for name, applies in named.items() if applies)


def containers(functions: Iterable[StoredFunction]) -> frozenset[tuple[str, str]]:
    """Path and qualified name of everything that one of these stands in."""
    return frozenset((function.path, function.container) for function in functions if function.container)


def signals_of(question: Question, function: StoredFunction, around: Collection[tuple[str, str]] = ()) -> Signals:
    """Read the signals off a function; its text is not needed.

    Args:
        question: what was asked.
        function: a candidate.
        around: the ``containers`` of all candidates.
    """
    asked = _stems(question.text)
    place = _place(function.path)
    own, outer = _stems(function.name), _stems(function.container)
    is_remainder = function.kind in (Kind.MODULE, Kind.WINDOW)
    defines = _defines(question, function) if question.symbols else 0.0
    return Signals(
        name=_agreement(asked, own, outer),
        path=_covered(asked, place.file_stems | place.folder_stems),
        file_name=_asked_for(asked, place.file_stems),
        defines=defines,
        is_test=(place.is_test or _is_among_rust_tests(function)) and not question.asks_for_tests,
        is_example=place.is_example and not question.asks_for_examples,
        is_generated=place.is_generated,
        is_vendored=place.is_vendored,
        is_lobby=place.is_lobby and is_remainder and not function.doc,
        is_outline=function.kind in CLASS_LIKE and (function.path, function.qualified_name) in around and not defines,
    )


def _defines(question: Question, function: StoredFunction) -> float:
    defined: tuple[str, ...] = () if function.kind is Kind.WINDOW else (function.name,)
    best = 0.0
    for name in offered(function.signature) if function.kind is Kind.MODULE else defined:
        spelling = question.symbols.get(_joined(name))
        if spelling is not None:
            best = max(best, 1.0 if spelling in ("", name) else _OTHERWISE)
    return best * (_ALONE if question.is_symbol_like else 1.0)


_joined = functools.lru_cache(maxsize=20_000)(joined_name)


@functools.lru_cache(maxsize=20_000)
def offered(signature: str) -> tuple[str, ...]:
    """The names that a module defines, which stand in its signature behind a colon."""
    return tuple(filter(None, signature.partition(": ")[2].split(", ")))


def _is_among_rust_tests(function: StoredFunction) -> bool:
    return function.language == "rust" and _TEST_MODULE.search(function.container) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a path says, whatever is asked."""

    file_stems: frozenset[str]
    folder_stems: frozenset[str]
    is_test: bool
    is_example: bool
    is_generated: bool
    is_vendored: bool
    is_lobby: bool


@functools.lru_cache(maxsize=20_000)
def _place(path: str) -> _Place:
    folder, _, file_name = path.rpartition("/")
    return _Place(
        file_stems=_stems(file_name.rpartition(".")[0] or file_name),
        folder_stems=_stems(folder),
        is_test=_TEST_FOLDER.search(path) is not None or _TEST_FILE.search(path) is not None,
        is_example=_EXAMPLE.search(path) is not None,
        is_generated=_GENERATED.search(path) is not None,
        is_vendored=_VENDORED.search(path) is not None,
        is_lobby=_LOBBY.search(path) is not None or _DECLARATIONS.search(path) is not None,
    )


def _agreement(asked: frozenset[str], own: frozenset[str], around: frozenset[str]) -> float:
    """How well a name answers: the share of it that was asked for, and the share of the question that it covers."""
    if not own or not asked:
        return 0.0
    return float((_covered(asked, own | around) * _asked_for(asked, own)) ** 0.5)


def _covered(asked: frozenset[str], words: Collection[str]) -> float:
    """The share of the question's words that agree with one of ``words``."""
    found: set[str] = set()
    for word in words:
        found |= _agreeing(asked, word)
    return len(found) / len(asked) if asked else 0.0


def _asked_for(asked: frozenset[str], words: Collection[str]) -> float:
    """The share of ``words`` that agree with one of the question's."""
    return sum(1 for word in words if _agreeing(asked, word)) / len(words) if words else 0.0


@functools.lru_cache(maxsize=50_000)  # of some hundred candidates most share their words with others
def _agreeing(asked: frozenset[str], word: str) -> frozenset[str]:
    """The question's words that agree with a word."""
    return frozenset(other for other in asked if _agree(word, other))


def _agree(one: str, other: str) -> bool:
    """Equal stems, or one the beginning of the other, as ``config`` of ``configuration``."""
    if one == other:
        return True
    short, long = (one, other) if len(one) < len(other) else (other, one)
    return len(short) >= _LEAST_STEM and long.startswith(short)


@functools.lru_cache(maxsize=20_000)
def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in humps(text) if word not in FILLER)


def _stem(word: str) -> str:
    """A word without its ending, when enough is left: coarse, for both sides are cut alike."""
    stem = _SUFFIX.sub("", word)
    return stem if len(stem) >= _LEAST_STEM else word
