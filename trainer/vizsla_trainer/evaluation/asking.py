"""Held-out questions asked as a server would be asked, and what it finds for them among the code of the run.

A question that was documentation is sought among functions without any, a comment in its function without it, as the
trainer's records say (``vizsla_trainer.records``). Of a long function the store has the text that the encoders read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vizsla.core.text import content_hash, function_words, humps, query_text
from vizsla.core.types import Function, FunctionKey, IndexEntry, Kind, Position, Range, Span, container_of
from vizsla.models.calibration import Line
from vizsla.retrieval.candidates import Candidate, gather
from vizsla.retrieval.duplicates import fold_duplicates
from vizsla.retrieval.fusion import Ranked, fuse
from vizsla.retrieval.layers import Layer
from vizsla.retrieval.query import Question
from vizsla_trainer.evaluation.library import Encode, Library, Vectors, library_of
from vizsla_trainer.records import Code, Pair, View, positive_text, text_in, view_of
from vizsla_trainer.training.examples import Corpus, examples_of, forbidden_codes

_NAMED_BY_FILE = (Kind.MODULE, Kind.WINDOW)
_FIRST_OWN_KEY = 1 << 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A held-out question with what both retrievers found.

    Attributes:
        found: candidates; the answer may not be among them.
        code_of: id of the code behind each candidate.
        texts: the model text of each candidate.
        as_right: ids of codes that may answer as well, so that they do not count against it.
    """

    pair: Pair
    question: Question
    found: list[Candidate]
    code_of: Mapping[FunctionKey, str]
    texts: Mapping[FunctionKey, str]
    as_right: frozenset[str]

    def fused(self, cosine: Line) -> list[Ranked]:
        """What was found as the server orders it before a reranker reads, copies folded, best first.

        Args:
            cosine: from the cosines of the retriever to those that fusion was fitted to.
        """
        return fold_duplicates(fuse(self.question, self.found, cosine=cosine))

    def is_right(self, one: Ranked) -> bool | None:
        """Whether it is the answer, or a copy of it; None where it may be as right, so that it does not count."""
        codes = {self.code_of[same.candidate.function.key] for same in (one, *one.copies)}
        if self.pair.code in codes:
            return True
        return False if codes.isdisjoint(self.as_right) else None

    def place(self, ranked: Iterable[Ranked]) -> int | None:
        """Place of the answer, from 1; None when it was not found."""
        place = 1
        for one in ranked:
            verdict = self.is_right(one)
            if verdict:
                return place
            place += verdict is False
        return None


def is_asked(pair: Pair) -> bool:
    """Whether a user might ask so: names are learned from, but nobody asks for them in such a manner."""
    return pair.source != "name"


def ask(
    pairs: Sequence[Pair], codes: Sequence[Code], encode: Encode, *, count: int, known: Iterable[Pair] = ()
) -> Iterator[Asked]:
    """What is found for each question, in no particular order.

    Args:
        pairs: whose questions are asked.
        codes: of all workspaces; each question is asked of those of its own.
        encode: the model.
        count: candidates of each retriever.
        known: more pairs that say which codes answer a question.
    """
    known = list(known)
    for workspace in sorted({pair.workspace for pair in pairs}):
        corpus = Corpus(tuple(code for code in codes if code.workspace == workspace))
        for view in sorted({view_of(pair) for pair in pairs if pair.workspace == workspace}):
            here = [pair for pair in pairs if (pair.workspace, view_of(pair)) == (workspace, view)]
            yield from _ask_in(view, here, corpus, encode, count, known)


def _ask_in(
    view: View, pairs: Sequence[Pair], corpus: Corpus, encode: Encode, count: int, known: Sequence[Pair]
) -> Iterator[Asked]:
    """The questions of one view of one workspace."""
    by_path: dict[str, list[tuple[str, IndexEntry]]] = {}
    for code in corpus.codes:
        by_path.setdefault(code.path, []).append((code.id, _entry(code, text_in(code, view), is_bare=view == "bare")))
    vectors = encode([query_text(pair.query) for pair in pairs], True)
    own_texts = [positive_text(pair, corpus.codes[corpus.places[pair.code]]) for pair in pairs if pair.text == "custom"]
    # All at once, for a batch costs little more than one.
    own_vectors = dict(zip(own_texts, encode(own_texts, False), strict=True)) if own_texts else {}

    def known_vectors(texts: Sequence[str], _is_query: bool) -> Vectors:
        return np.stack([own_vectors[text] for text in texts])

    twins = forbidden_codes(examples_of(pairs, corpus, known=known), corpus)
    library = library_of(by_path, encode)
    with contextlib.closing(library.store):
        texts = {key: text_in(corpus.codes[corpus.places[code]], view) for key, code in library.code_of.items()}
        layer = Layer(store=library.store, vectors=library.vectors)
        whole = _Place(layers=[layer], code_of=library.code_of, texts=texts)
        key_of = {code: key for key, code in library.code_of.items()}
        for pair, vector, as_right in zip(pairs, vectors, twins, strict=True):
            code = corpus.codes[corpus.places[pair.code]]
            with contextlib.ExitStack() as stack:
                place = whole
                if pair.text == "custom":
                    text = positive_text(pair, code)
                    entry = (code.id, _entry(code, text, is_bare=False))
                    own = library_of({code.path: [entry]}, known_vectors, first_key=_FIRST_OWN_KEY)
                    stack.enter_context(contextlib.closing(own.store))
                    place = _laid_over(whole, own, text, key_of[code.id])
                question = Question.from_text(pair.query)
                found = gather(question, vector if _has_direction(vector) else None, place.layers, count)
            yield Asked(
                pair=pair,
                question=question,
                found=found,
                code_of=place.code_of,
                texts=place.texts,
                as_right=frozenset(corpus.codes[one].id for one in as_right),
            )


def _has_direction(vector: Vectors) -> bool:
    """Whether anything can be near to it: a model that is broken leaves words alone to answer."""
    return bool(np.isfinite(vector).all() and vector.any())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a question is asked."""

    layers: list[Layer]
    code_of: Mapping[FunctionKey, str]
    texts: Mapping[FunctionKey, str]


def _laid_over(below: _Place, above: Library, text: str, hidden: FunctionKey) -> _Place:
    """A function, of which models read ``text``, in the place of another, as an open buffer lies over its file."""
    ((key, code),) = above.code_of.items()
    (layer,) = below.layers
    return _Place(
        layers=[
            replace(layer, hidden=np.array([hidden], dtype=np.int64)),
            Layer(store=above.store, vectors=above.vectors, paths=frozenset(), places={key: hidden}),
        ],
        code_of={**below.code_of, key: code},
        texts={**below.texts, key: text},
    )


def _entry(code: Code, text: str, *, is_bare: bool) -> IndexEntry:
    """A code as the index takes it, from its model text: what stands before the source is taken off."""
    doc, kind = "" if is_bare else code.doc, Kind(code.kind)
    named = container_of(code.qualified_name, code.name) if doc or kind in _NAMED_BY_FILE else code.qualified_name
    source = text.removeprefix(" ".join(humps(named)) + "\n") if named else text
    source = source.removeprefix(doc + "\n") if doc else source
    lines = source.count("\n")
    function = Function(
        name=code.name,
        qualified_name=code.qualified_name,
        kind=kind,
        language=code.language,
        signature=code.signature,
        doc=doc,
        source=source,
        span=Span(start=0, end=len(source.encode("utf-8", "replace"))),
        range=Range(start=Position(line=0, character=0), end=Position(line=lines, character=0)),
    )
    return IndexEntry(
        function=function, content_hash=content_hash(text), model_text=text, words=function_words(function)
    )
