"""From a syntax tree to nested units: what a language's query captured, merged, nested and named.

The captures that a query may use, one unit or scope per match:

- ``@unit.KIND``: the node of a unit; KIND is function, method, constructor, class, struct, interface, trait or enum.
- ``@scope``: a node that is no unit but lends its name to what is inside; ``@scope.class`` likewise, and functions
  directly inside are methods.
- ``@name``: the name, of one or more nodes (``operator`` and ``+``). A match without one may say
  ``(#set! name "default")``; else it only adds to other matches of the same node, and a node that never gets a name
  is no unit.
- ``@outer``: one or more nodes that widen the span: decorators, ``export``, ``const x =``, attributes.
- ``@body``: what follows the signature; the node's field ``body`` when not captured. ``@head``: what the signature
  ends with, where no node begins the body.
- ``@container``: text that is the container, such as a receiver's type; it comes after the names of enclosing nodes.
- ``@doc``: one or more nodes that are the documentation. Without any it is the comment above the span.
- ``@above``: a node that opens the span but not the signature, such as Julia's docstring.
- ``@attribute``: a node above a unit that belongs to it; ``@attribute.doc``, when it is the documentation and no part
  of the signature.
- ``@module.doc``: documentation of the file.
- ``@defines``: a name that the file gives to something that is no unit: a constant, a variable, an alias, a re-export.

Matches of one node are merged: the widest span, the first name, body, container and documentation, and of two kinds
the more telling. Nothing here recurses: files nest as deep as they like.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vizsla.core.types import CLASS_LIKE, Kind
from vizsla.parsing.attributes import Attribute, attach
from vizsla.parsing.comments import comment_above
from vizsla.parsing.languages import Language, query_of
from vizsla.parsing.lines import Lines
from vizsla.parsing.names import clean_path, split_path, unquoted

if TYPE_CHECKING:
    import tree_sitter

_SCOPE = -1
_CAPTURED = {
    "scope": None,
    "scope.class": None,
    **{f"unit.{kind.value}": kind for kind in Kind if kind not in (Kind.MODULE, Kind.WINDOW)},
}
_TELLING = {Kind.FUNCTION: 0, Kind.CLASS: 0, Kind.METHOD: 1, Kind.CONSTRUCTOR: 2, Kind.STRUCT: 2, Kind.ENUM: 2}
_CAST = re.compile(r"^(operator \w[^(]*?) *\(.*$")  # of C++: ``operator bool() const``


@dataclass(slots=True, eq=False)
class Unit:
    """One unit or scope; offsets are bytes, spans half-open.

    Attributes:
        kind: None for a scope.
        node_start, node_end: the captured node.
        start, end: the span, with everything outer.
        body_start: where the signature ends.
        head_start: where the signature begins: after what ``@above`` captured.
        qualified_name: set by nesting.
        parent: the nearest unit around it, scopes left out; None at the top.
    """

    kind: Kind | None
    node_start: int
    node_end: int
    start: int
    end: int
    name: str = ""
    container: str = ""
    holds_methods: bool = False
    is_quoted: bool = False  # the name is a text, not a path
    head_start: int = -1
    above: int | None = None
    body_start: int | None = None
    body_end: int | None = None
    docs: list[tuple[int, int]] = field(default_factory=list)
    qualified_name: str = ""
    parent: Unit | None = None

    def shift(self, by: int) -> None:
        """Move every offset: the unit was found in a part of the text that begins there."""
        self.node_start += by
        self.node_end += by
        self.start += by
        self.end += by
        self.head_start += by
        self.body_start = None if self.body_start is None else self.body_start + by
        self.body_end = None if self.body_end is None else self.body_end + by
        self.docs = [(start + by, end + by) for start, end in self.docs]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUnits:
    """What a query finds in a tree; spans are half-open, in bytes, ascending.

    Attributes:
        units: outer before inner, in order of start.
        module_docs: spans of the file's documentation.
        defined: spans of the names that ``@defines`` captures, those within units too.
    """

    units: list[Unit]
    module_docs: list[tuple[int, int]]
    defined: list[tuple[int, int]]


def find_units(root: tree_sitter.Node, data: bytes, language: Language) -> FoundUnits:
    """Everything that the query of a language finds in a tree."""
    found: dict[tuple[int, int, bool], Unit] = {}
    module_docs: set[tuple[int, int]] = set()
    defined: set[tuple[int, int]] = set()
    attributes: list[Attribute] = []
    import tree_sitter

    query = query_of(language)
    # No predicate or progress function is passed: with either, tree-sitter 0.26.1 crashes or ignores it.
    for pattern, captures in tree_sitter.QueryCursor(query).matches(root):
        for name, nodes in captures.items():
            if name in _CAPTURED:
                _merge(found, name, nodes[0], captures, query, pattern, data)
            elif name == "module.doc":
                module_docs.update(node.byte_range for node in nodes)
            elif name == "defines":
                defined.update(node.byte_range for node in nodes)
            elif name in ("attribute", "attribute.doc"):
                words = captures["doc"][0].byte_range if "doc" in captures else None
                start, end = nodes[0].byte_range
                attributes.append(Attribute(start=start, end=end, is_doc=name != "attribute", words=words))
    units = [unit for unit in found.values() if unit.name]
    for unit in units:  # some grammars count the line end as part of the node
        while unit.end > unit.start and data[unit.end - 1] in b" \t\r\n\f":
            unit.end -= 1
    for unit in units:
        unit.head_start = unit.start
        if unit.above is not None:
            unit.start = min(unit.start, unit.above)
    if attributes:
        attach(units, attributes, data, language)
    if language.late_ends:
        lines = Lines(data)
        for unit in units:
            _leave_comments(unit, data, lines, language)
    _part_shared_spans(units)
    return FoundUnits(units=_nest(units, language), module_docs=sorted(module_docs), defined=sorted(defined))


def _merge(
    found: dict[tuple[int, int, bool], Unit],
    capture: str,
    node: tree_sitter.Node,
    captures: dict[str, list[tree_sitter.Node]],
    query: tree_sitter.Query,
    pattern: int,
    data: bytes,
) -> None:
    kind = _CAPTURED[capture]
    start, end = node.byte_range
    key = (start, end, kind is None)
    unit = found.get(key)
    if unit is None:
        unit = found[key] = Unit(kind, start, end, start, end)
        body = node.child_by_field_name("body")
        if body is not None:
            unit.body_start, unit.body_end = _body_start(body), body.end_byte
    elif kind is not None and _TELLING.get(kind, 0) > _TELLING.get(unit.kind or kind, 0):
        unit.kind = kind
    if capture == "scope.class" or kind in CLASS_LIKE:
        unit.holds_methods = True
    for outer in captures.get("outer", ()):
        unit.start = min(unit.start, outer.start_byte)
        unit.end = max(unit.end, outer.end_byte)
    if not unit.name:
        names = captures.get("name")
        if names:
            unit.name, unit.is_quoted = unquoted(" ".join(_text(data, name) for name in names))
        else:
            unit.name = query.pattern_settings(pattern).get("name") or ""
    if "body" in captures:
        unit.body_start, unit.body_end = _body_start(captures["body"][0]), captures["body"][0].end_byte
    elif "head" in captures:
        unit.body_start = captures["head"][0].end_byte
    if "container" in captures and not unit.container:
        unit.container = clean_path(_text(data, captures["container"][0]))
    if "doc" in captures and not unit.docs:
        unit.docs = [doc.byte_range for doc in captures["doc"]]
    for above in captures.get("above", ()):
        unit.above = min(above.start_byte, unit.start if unit.above is None else unit.above)


def _leave_comments(unit: Unit, data: bytes, lines: Lines, language: Language) -> None:
    """End a unit before the comments that the grammar counts to it, though they stand above what follows."""
    while True:
        line = lines.line_of(max(unit.end - 1, unit.start))
        comment = comment_above(data, lines.end_of(line), lines, language)
        if comment is None or comment[0] <= unit.node_start:
            return
        unit.end = unit.start + len(data[unit.start : comment[0]].rstrip())


def _body_start(body: tree_sitter.Node) -> int:
    """Where a body begins, or a comment between it and the head."""
    while (before := body.prev_sibling) is not None and before.is_extra:
        body = before
    return body.start_byte


def _part_shared_spans(units: list[Unit]) -> None:
    """Two declarators of one statement cannot both claim the statement: each keeps its own node."""
    owners: dict[tuple[int, int], list[Unit]] = {}
    for unit in units:
        if (unit.start, unit.end) != (unit.node_start, unit.node_end):
            owners.setdefault((unit.start, unit.end), []).append(unit)
    for sharing in owners.values():
        if len(sharing) > 1:
            for unit in sharing:
                unit.start, unit.end, unit.head_start = unit.node_start, unit.node_end, unit.node_start


def _nest(units: list[Unit], language: Language) -> list[Unit]:
    # At equal spans the scope is outside.
    units.sort(key=lambda unit: (unit.start, -unit.end, unit.kind is not None))
    nested: list[Unit] = []
    around: list[Unit] = []
    last_of: dict[int, Unit] = {}
    for unit in units:
        while around and around[-1].end < unit.end:
            around.pop()
        within = around[-1] if around else None
        _name(unit, within, language)
        if unit.kind is None:
            unit.parent = within if within is None or within.kind is not None else within.parent
            around.append(unit)
            continue
        unit.parent = within if within is None or within.kind is not None else within.parent
        before = last_of.get(id(within))
        last_of[id(within)] = unit
        if (
            language.merge_adjacent
            and before is not None
            and before.qualified_name == unit.qualified_name
            and before.kind == unit.kind
            and unit.kind not in CLASS_LIKE
            and not unit.docs  # a clause with documentation of its own is another function
        ):
            if before.body_start is None:
                before.body_start = before.end
            before.end = max(before.end, unit.end)
            last_of[id(within)] = before
            around.append(before)
            continue
        nested.append(unit)
        around.append(unit)
    return nested


def _name(unit: Unit, within: Unit | None, language: Language) -> None:
    if unit.kind is None:
        if not unit.is_quoted:
            unit.name = clean_path(unit.name) or unit.name
    else:
        for separator in language.name_separators:
            if separator in unit.name and not unit.is_quoted:
                container, unit.name = split_path(unit.name, separator)
                unit.container = ".".join(filter(None, (unit.container, container)))
        unit.name = _CAST.sub(r"\1", unit.name)
    is_held = within is not None and within.holds_methods and language.has_methods
    if unit.kind is Kind.FUNCTION and is_held and not unit.is_quoted:  # a text names a test
        unit.kind = Kind.METHOD
    parts = [within.qualified_name if within is not None else "", unit.container, unit.name]
    unit.qualified_name = ".".join(part for part in parts if part)
    if unit.kind is Kind.METHOD:
        owner = unit.container.rpartition(".")[2] or (
            within.name if within is not None and within.holds_methods else ""
        )
        if unit.name in language.constructors or (language.class_named_constructor and unit.name == owner):
            unit.kind = Kind.CONSTRUCTOR


def _text(data: bytes, node: tree_sitter.Node) -> str:
    return " ".join(data[node.start_byte : node.end_byte].decode("utf-8", "replace").split())
