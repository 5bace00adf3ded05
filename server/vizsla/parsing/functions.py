"""Text of a file to index entries: functions, outlines of types, and what is left as the module.

Every line of code is in the source of at least one entry. It does not know files: a name and a text come in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

from vizsla.core.text import index_entry
from vizsla.core.types import CLASS_LIKE, Function, IndexEntry, Kind, Span
from vizsla.parsing.broken import mend
from vizsla.parsing.comments import clean, comment_above, comment_at_head, comment_below
from vizsla.parsing.errors import ParseTimeoutError
from vizsla.parsing.languages import Language, grammar_of
from vizsla.parsing.lines import Lines
from vizsla.parsing.remainder import Piece, remaining_chunks, spans_in
from vizsla.parsing.units import FoundUnits, Unit, find_units

if TYPE_CHECKING:
    import tree_sitter

SIGNATURE_LIMIT = 400
"""Characters of a signature that are kept."""

OFFER_LIMIT = 1_000
"""Likewise, where the names that a module defines stand for it."""

_BLANK_LINES = re.compile(r"\n(?:[ \t\r\f]*\n)+")
_SIGNATURE_END = re.compile(r"(?:\s|\{|(?<!:):|,|=>|->|(?<![=!<>])=|;|\\|\bdo$|\bwhere$)+$")
_OPENING, _CLOSING = re.compile(r"([(\[])\s*\n\s*"), re.compile(r",?\s*\n\s*([)\]])")
_HIDDEN = re.compile(r"(?:@doc[ \t]+)?\0[\0\n]*[ \t]*")
# With what stands around documentation and is nothing without it: Elixir's ``@doc ~S""" … """``, Julia's ``@doc``.
_HIDDEN_LINES = re.compile(
    r"^[ \t]*(?:@(?:module|type)?doc[ \t]+)?(?:~[a-zA-Z])?[\"']*\0[\0\s]*[\"']*[ \t]*;?[ \t]*(?:\n|$)", re.MULTILINE
)
_READ_BYTES = 1024  # small: each text of a node that a query compares is read anew in such pieces
_NAMELESS_STEMS = frozenset({"__init__", "__main__", "index", "mod", "main", "lib", "init", "default"})


def module_name_of(path: str) -> str:
    """What the top-level statements of a file are called: its stem, or its folder for ``__init__.py`` and such.

    Args:
        path: relative to the workspace, with ``/``.
    """
    pure = PurePath(path)
    stem = pure.name.split(".")[0] or pure.name
    if stem in _NAMELESS_STEMS and pure.parent.name:
        return pure.parent.name
    return stem


def parse_file(language: Language, text: str | bytes, *, module_name: str, deadline_seconds: float) -> list[IndexEntry]:
    """Find every unit of a file.

    Args:
        language: the language of the file.
        text: its text, as UTF-8 when bytes; bytes that are not UTF-8 are read as U+FFFD.
        module_name: what its top-level statements are called, see ``module_name_of``.
        deadline_seconds: how long parsing may take, in processor time of this thread: a machine that sleeps or does
            other things makes no file slow.

    Returns:
        Entries in order of start, outer before inner; equal functions are all kept. Broken code gives the units
        that could be parsed. Line ends are ``\\n`` in every text of an entry.

    Raises:
        ParseTimeoutError: the deadline passed.
    """
    deadline = time.thread_time() + deadline_seconds
    builder = _build(language, text, module_name, deadline_seconds, deadline)
    entries: list[IndexEntry] = []
    for function in sorted(builder.functions() + builder.modules(), key=_place) if builder else ():
        entries.append(index_entry(function))
        if time.thread_time() > deadline:  # deep nests hold the same text many times over
            raise ParseTimeoutError(module_name, deadline_seconds)
    return entries


def parse_with_bare(
    language: Language, text: str | bytes, *, module_name: str, deadline_seconds: float
) -> list[tuple[Function, str]]:
    """The functions of ``parse_file``, each with its source as if nobody had documented it, for training.

    A comment above is not in a source anyway; a docstring is cut out of it, and what documents a file likewise.
    Arguments, order and errors are those of ``parse_file``.
    """
    builder = _build(language, text, module_name, deadline_seconds, time.thread_time() + deadline_seconds)
    if builder is None:
        return []
    functions = zip(
        builder.functions() + builder.modules(), builder.bare_sources() + builder.bare_modules(), strict=True
    )
    return sorted(functions, key=lambda pair: _place(pair[0]))


def _build(
    language: Language, text: str | bytes, module_name: str, deadline_seconds: float, deadline: float
) -> _Builder | None:
    """The units of a text, ready to be made functions; None where there is no text."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    data = data.replace(b"\0", b" ")  # NUL means the end of the text to many a scanner
    if not data.strip():
        return None
    tree = _parse(language, data, deadline)
    if tree is None:
        raise ParseTimeoutError(module_name, deadline_seconds)
    found = find_units(tree.root_node, data, language)
    units = mend(tree, data, language, found.units, lambda part: _parse(language, part, deadline))
    if time.thread_time() > deadline:
        raise ParseTimeoutError(module_name, deadline_seconds)
    return _Builder(data, language, replace(found, units=units), module_name, tree.root_node)


def _place(function: Function) -> tuple[int, int]:
    return function.span.start, -function.span.end


def _parse(language: Language, data: bytes, deadline: float) -> tree_sitter.Tree | None:
    """The tree; None when the deadline passed."""
    import tree_sitter

    parser = tree_sitter.Parser(grammar_of(language))
    try:
        # Only this form can be stopped; it costs nothing over handing in all bytes at once.
        return parser.parse(
            lambda offset, _: data[offset : offset + _READ_BYTES],
            progress_callback=lambda _, __: time.thread_time() > deadline,
        )
    except ValueError:
        return None


class _Builder:
    """Makes functions of the units of one text."""

    def __init__(
        self,
        data: bytes,
        language: Language,
        found: FoundUnits,
        module_name: str,
        root: tree_sitter.Node,
    ) -> None:
        units, module_docs = found.units, found.module_docs
        self._data = data
        self._language = language
        self._units = units
        self._defined = found.defined
        self._lines = Lines(data)
        self._has_returns = b"\r" in data
        self._docs: dict[Unit, str] = {}
        self._doc_starts: dict[Unit, int] = {}  # where the comment above begins; the unit's start without one
        self._doc_ends: dict[Unit, int] = {}  # where the comment below ends; the unit's end without one
        self._members: dict[Unit, list[Unit]] = {}
        self._hidden: list[tuple[int, int]] = []  # stretches that ``_text`` shows as NUL, which a text never holds
        for unit in units:
            self._find_doc(unit)
            if unit.parent is not None and unit.parent.kind in CLASS_LIKE:
                self._members.setdefault(unit.parent, []).append(unit)
        taken = [(self._doc_starts[unit], self._doc_ends[unit]) for unit in units if unit.parent is None]
        self._module_name = module_name
        self._chunks = remaining_chunks(data, self._lines, taken, root)
        if not module_docs:
            head = comment_at_head(data, self._lines, language)
            module_docs = [head] if head is not None and head not in taken and not _overlaps(head, taken) else []
        self._module_docs = module_docs

    def functions(self) -> list[Function]:
        """All units in their order."""
        return [
            Function(
                name=unit.name,
                qualified_name=unit.qualified_name,
                kind=unit.kind or Kind.FUNCTION,
                language=self._language.id,
                signature=self._signature(unit),
                doc=self._docs[unit],
                source=self._source(unit),
                span=Span(start=unit.start, end=unit.end),
                range=self._lines.range(unit.start, unit.end),
            )
            for unit in self._units
        ]

    def modules(self) -> list[Function]:
        """What no unit holds, in one function or, when long, several; the first has the file's documentation."""
        name = self._module_name
        doc = self._cleaned(self._module_docs) if self._module_docs else ""
        return [
            Function(
                name=name,
                qualified_name=name,
                kind=Kind.MODULE,
                language=self._language.id,
                signature=self._offer(chunk),
                doc=doc if index == 0 else "",
                source=self._joined(chunk),
                span=Span(start=chunk[0][0], end=chunk[-1][1]),
                range=self._lines.range(chunk[0][0], chunk[-1][1]),
            )
            for index, chunk in enumerate(self._chunks)
        ]

    def bare_sources(self) -> list[str]:
        """The source of each of ``functions`` without its documentation."""
        return [self._without(unit.docs, partial(self._source, unit)) for unit in self._units]

    def bare_modules(self) -> list[str]:
        """The source of each of ``modules`` without the file's documentation."""
        return [self._without(self._module_docs, partial(self._joined, chunk)) for chunk in self._chunks]

    def _find_doc(self, unit: Unit) -> None:
        doc = self._cleaned(unit.docs) if unit.docs else ""
        start, end = unit.start, unit.end
        if not doc:
            above = comment_above(self._data, start, self._lines, self._language)
            if above is not None:
                start, doc = above[0], self._cleaned([above])
        if not doc:
            below = comment_below(self._data, unit.end, self._lines, self._language)
            if below is not None:
                end, doc = below[1], self._cleaned([below])
        self._docs[unit], self._doc_starts[unit], self._doc_ends[unit] = doc, start, end

    def _signature(self, unit: Unit) -> str:
        end = unit.end if unit.body_start is None else unit.body_start
        head = self._text(unit.head_start, max(end, unit.head_start))
        if "\n" in head:
            for mark in self._language.line_comments:
                head = re.sub(rf"(?m)(?<!\S){re.escape(mark)}\s.*$", "", head)
            head = _OPENING.sub(r"\1", _CLOSING.sub(r"\1", head))
        folded = " ".join(head.split())
        return _SIGNATURE_END.sub("", folded[: SIGNATURE_LIMIT + 1])[:SIGNATURE_LIMIT]

    def _offer(self, chunk: list[Piece]) -> str:
        """What stands for the signature of a module: its name and, behind a colon, the names that it defines."""
        names = dict.fromkeys(self._text(start, end) for start, end in spans_in(chunk, self._defined))
        return (f"{self._module_name}: {', '.join(names)}" if names else self._module_name)[:OFFER_LIMIT]

    def _source(self, unit: Unit) -> str:
        return self._outline(unit) if unit.kind in CLASS_LIKE else self._text(unit.start, unit.end)

    def _without(self, docs: list[tuple[int, int]], make: Callable[[], str]) -> str:
        """What ``make`` gives when these stretches of the text are not there."""
        if not docs:
            return make()
        self._hidden = docs
        try:
            return _HIDDEN.sub("", _HIDDEN_LINES.sub("", make())).strip("\n")
        finally:
            self._hidden = []

    def _outline(self, unit: Unit) -> str:
        """The text of a type with only the signatures of the units inside."""
        members = self._members.get(unit)
        if not members:
            return self._text(unit.start, unit.end)
        pieces: list[str] = []
        at = unit.start
        for member in members:
            if member.start < at:
                continue
            doc_start = self._doc_starts[member]
            if doc_start < member.head_start:  # leave the comment out, keep the indentation
                pieces.append(self._text(at, max(at, doc_start)).rstrip(" \t"))
                at = max(at, self._lines.starts[self._lines.line_of(member.head_start)])
            pieces.append(self._text(at, member.end if member.body_start is None else member.body_start).rstrip())
            at = max(member.end, at)
        pieces.append(self._text(at, unit.end))
        return _BLANK_LINES.sub("\n", "".join(pieces)).rstrip()

    def _joined(self, chunk: list[Piece]) -> str:
        return "\n".join(self._text(start, end) for start, end in chunk)

    def _cleaned(self, spans: list[tuple[int, int]]) -> str:
        return clean("\n".join(self._text(start, end).strip("\n") for start, end in spans), self._language)

    def _text(self, start: int, end: int) -> str:
        data = self._data[start:end]
        for hidden_start, hidden_end in self._hidden:
            first, last = max(hidden_start - start, 0), min(hidden_end - start, len(data))
            if first < last:
                data = data[:first] + b"\0" * (last - first) + data[last:]
        text = data.decode("utf-8", "replace")
        if self._has_returns:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text


def _overlaps(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in taken)
