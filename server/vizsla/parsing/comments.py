"""Documentation: the comment above a unit, and the words of a comment or docstring without its marks."""

from __future__ import annotations

import functools
import inspect
import re

from vizsla.parsing.languages import Language
from vizsla.parsing.lines import Lines

_LICENCE = re.compile(r"copyright|\(c\)|licen[cs]e|SPDX-|all rights reserved", re.IGNORECASE)
# Words to programs, not to people.
_DIRECTIVE = re.compile(
    r"\s*(?:!|noqa\b|type:\s*ignore|pylint:|fmt:|ruff:|mypy:|isort:|pragma\b|nolint|NOLINT|eslint-|prettier-|@ts-"
    r"|tslint:|jshint |jslint |istanbul |c8 |clang-format|go:\w|\+build|export \w+$|rubocop:|shellcheck "
    r"|frozen_string_literal:|-\*-|vim?:|coding[:=]|region\b|endregion\b|swiftlint:|stylua:|luacheck:|credo:"
    r"|sourcery:|phpcs:"
    r"|@formatter:|\{\d(?::[\w-]+)? [^{}]*\}\s*$)"
)
_RULE = re.compile(r"\s*([-=*#/~_+!.<>])\1{2,}.*?\1*\s*$")
_PREFIXED_STRING = re.compile(r"^[A-Za-z]{0,3}(\"\"\"|'''|\"|')")
_ELEMENT_WITH_NAME = re.compile(
    r"<(?:see|seealso|paramref|typeparamref|inheritdoc)\b[^<>]*?=\"(?:\w:)?([^\"]*)\"[^<>]*/>"
)
_NAMED_ELEMENT = re.compile(r"<(?:param|typeparam|exception)\b[^<>]*?=\"(?:\w:)?([^\"]*)\"[^<>]*>")
_ELEMENT = re.compile(r"</?[a-z]\w*\b[^<>]*>")
_LEADING_STAR = re.compile(r"^[ \t]*\*+(?!/)[ \t]?", re.MULTILINE)


def comment_above(data: bytes, start: int, lines: Lines, language: Language) -> tuple[int, int] | None:
    """The span of the comments that stand directly above an offset, or None.

    Directly: no blank line between, and only white space before the offset on its own line. A licence at the head of
    the file is not taken.
    """
    line = lines.line_of(start)
    if line == 0 or data[lines.starts[line] : start].strip():
        return None
    marks = _marks(language)
    first = line
    while first > 0:
        above = data[lines.starts[first - 1] : lines.starts[first]].strip()
        if not above:
            break
        if marks.line and above.startswith(marks.line) and not (first == 1 and above.startswith(b"#!")):
            first -= 1
            continue
        opened = _block_above(data, lines, first - 1, above, marks)
        if opened is None:
            break
        first = opened
    if first == line:
        return None
    begin, end = lines.starts[first], lines.starts[line]
    if first <= 1 and _LICENCE.search(data[begin:end].decode("utf-8", "replace")):
        return None
    return begin, end


def comment_below(data: bytes, end: int, lines: Lines, language: Language) -> tuple[int, int] | None:
    """The span of the documentation directly below an offset, in a language that has it there, or None.

    A blank line or the end of the text must follow: else it is the documentation of what comes next.
    """
    line = lines.line_of(max(end - 1, 0)) + 1
    if not language.doc_below or line >= len(lines.starts):
        return None
    opening, closing = _marks(language).blocks[0]
    start = lines.starts[line]
    begin = start + len(data[start : lines.end_of(line)]) - len(data[start : lines.end_of(line)].lstrip())
    if not data.startswith(language.doc_below.encode(), begin):
        return None
    close = data.find(closing, begin + len(opening))
    if close < 0:
        return None
    after = lines.line_of(close)
    if data[close + len(closing) : lines.end_of(after)].strip():
        return None
    if after + 1 < len(lines.starts) and data[lines.starts[after + 1] : lines.end_of(after + 1)].strip():
        return None
    return begin, close + len(closing)


def comment_at_head(data: bytes, lines: Lines, language: Language) -> tuple[int, int] | None:
    """The span of the first comment of a file that is not a licence, when no code stands before it."""
    marks = _marks(language)
    line, count = 0, len(lines.starts)
    while line < count:
        text = data[lines.starts[line] : lines.end_of(line)].strip().removeprefix(b"\xef\xbb\xbf")
        if not text or (line == 0 and text.startswith(b"#!")):
            line += 1
            continue
        first = line
        while line < count:
            text = data[lines.starts[line] : lines.end_of(line)].strip().removeprefix(b"\xef\xbb\xbf")
            block = _block_opened_by(text, marks)
            if block is not None:
                close = data.find(block[1], lines.starts[line] + len(block[0]))
                if close < 0:
                    return None
                line = lines.line_of(close) + 1
            elif text and marks.line and text.startswith(marks.line):
                line += 1
            else:
                break
        if line == first:
            return None
        begin, end = lines.starts[first], lines.end_of(line - 1)
        text = data[begin:end]
        words = clean(text.decode("utf-8", "replace"), language)
        if words and not _LICENCE.search(words):
            return begin, end
    return None


def clean(text: str, language: Language) -> str:
    """The words of comments or of one docstring: marks, indentation, rules and directives removed."""
    stripped = text.strip()
    string = _PREFIXED_STRING.match(stripped)
    if string is not None and stripped.endswith(string.group(1)):
        quote = string.group(1)
        return inspect.cleandoc(stripped[string.end() : -len(quote) or None]).strip()
    kept: list[str] = []
    closing: str | None = None
    for line in stripped.splitlines():
        if closing is None:
            line, closing = _open(line.strip(), language)
        if closing is not None:
            inside, found, _ = line.partition(closing)
            if found:
                closing = None
            line = _LEADING_STAR.sub("", inside) if "*" in inside else inside
        if _RULE.fullmatch(line):
            line = ""
        elif _DIRECTIVE.match(line):
            continue
        kept.append(line.rstrip().rstrip("*").rstrip() if line.endswith("*") else line.rstrip())
    words = inspect.cleandoc("\n".join(kept)).strip()
    return _without_elements(words) if language.xml_docs and stripped.startswith(("///", "/**")) else words


def _without_elements(words: str) -> str:
    """``<summary>Sees <see cref="T:A.B"/>.</summary>`` gives ``Sees A.B.``."""
    words = _NAMED_ELEMENT.sub(r"\1: ", _ELEMENT_WITH_NAME.sub(r"\1", words))
    return "\n".join(line.strip() for line in _ELEMENT.sub("", words).splitlines() if line.strip())


def _open(line: str, language: Language) -> tuple[str, str | None]:
    """A line without the mark that starts it, and the mark that will end the block it opens."""
    for opening, closing in language.block_comments:
        if line.startswith(opening):
            rest = line[len(opening) :]
            if opening == "{-" and rest.startswith("#") and closing in rest:
                return "", None  # a pragma of Haskell
            return re.sub(r"^(?: ?[|^](?= )|[*!|^]|doc\b)+ ?", "", rest), closing
    for mark in language.line_comments:
        if line.startswith(mark):
            rest = line[len(mark) :].lstrip(mark[0])
            return re.sub(r"^(?:[!|^<]| [|^](?= ))? ?", "", rest, count=1) if mark != "#" else rest.removeprefix(
                " "
            ), None
    return line, None


class _Marks:
    def __init__(self, language: Language) -> None:
        self.line = tuple(mark.encode() for mark in language.line_comments)
        self.blocks = tuple((opening.encode(), closing.encode()) for opening, closing in language.block_comments)


@functools.cache
def _marks(language: Language) -> _Marks:
    return _Marks(language)


def _block_above(data: bytes, lines: Lines, line: int, text: bytes, marks: _Marks) -> int | None:
    """The first line of the block comment that ends on ``line``, when nothing but the comment is on its lines."""
    for opening, closing in marks.blocks:
        if not text.endswith(closing):
            continue
        end = data.rfind(closing, lines.starts[line], lines.end_of(line))
        begin = data.rfind(opening, 0, end)
        if begin < 0 or data.find(closing, begin + len(opening)) != end:  # the mark may end a line of code
            continue
        first = lines.line_of(begin)
        if not data[lines.starts[first] : begin].strip():
            return first
    return None


def _block_opened_by(text: bytes, marks: _Marks) -> tuple[bytes, bytes] | None:
    for opening, closing in marks.blocks:
        if text.startswith(opening):
            return opening, closing
    return None
