"""From documentation to what a person would ask: its first paragraph, without markup, tags and the name itself."""

from __future__ import annotations

import html
import re

from vizsla.core.text import humps

# Where the words about the function as a whole end.
_SECTION = re.compile(
    r"""^\s*(?:
        (?:args?|arguments|param(?:eter)?s?|other\ parameters|keyword\ arg(?:ument)?s?|returns?|return\ values?|results?
          |yields?|raises?|throws|exceptions?|errors?|examples?|usage|notes?|warnings?|see\ also|references?|attributes
          |todo|panics|safety|since|deprecated|side\ effects|remarks|properties|methods|complexity|doctests?|options
          |inputs?|outputs?|warns|receives|type\ parameters)\s*:?\s*$
      | (?:args?|arguments|param(?:eter)?s?|returns?|yields?|raises?|throws|examples?|usage|input|output|see\ also)
          \s*:(?!:)
      | :(?:param|parameter|arg|argument|key|keyword|type|returns?|rtype|raises?|raise|yields?|var|ivar|cvar|meta)\b
      | [@\\](?!brief\b|short\b|summary\b|description\b|desc\b|details?\b|doc\b|internal\b|inheritdoc\b)[a-zA-Z]+\b
      | \.\.\ +[a-z]+(?:-[a-z]+)*::  | >>>  | iex> | julia> | ghci> | \$\ | ```  | ~~~  | \#{1,6}\s  | [-=~^*]{3,}\s*$
      | \|.*\|\s*$ | <(?:pre|table|ul|ol|example|code|returns?|param|remarks)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_LEADING_TAG = re.compile(
    r"^\s*[@\\](?:brief|short|summary|description|desc|details?|doc|internal)\b:?\s*", re.IGNORECASE
)
_LIST_ITEM = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+")
_INLINE_TAG = re.compile(r"\{@(\w+)\s*([^{}]*)\}")
_ROLE = re.compile(r":(?:[a-z]+:)?[a-z]+:`~?!?([^`<]*?)(?:\s*<[^`>]*>)?`")
_LABELLED = re.compile(
    r"`([^`<>]+?)\s*<[^`<>]+>`_{0,2}|!?\[([^\[\]]+)\]\([^()\s]*\)|(?<!\w)\[`([^\[\]`\s][^\[\]`]*)`\](?:\[[^\[\]]*\])?"
)
_CODE = re.compile(r"(`{1,3})([^`]+)\1_{0,2}|\\[cpae]\s+(?=\w)")
_STRONG = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*|(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_ELEMENT = re.compile(r"</?[a-zA-Z][\w:]*(?:\s[^<>]*)?/?>")
_OCAML_REFERENCE = re.compile(r"\{!(?:\w+:)?([^{}]*)\}|(?<![\w\]])\[([^\[\]\s](?:[^\[\]\n]*[^\[\]\s])?)\]")
_SENTENCE_END = re.compile(r"(?<![.\s][a-zA-Z])(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bvs)[.!?](?=\s+[A-Z`\"'(\[]|\s*$)")
_MOST_LETTERS = 2_000  # that are looked at: a first paragraph is shorter
_IS_A = re.compile(r"^(?:(?:function|method|class|struct|type|macro)\s+|is\s+(?:an?|the)?\s*)")
_SIGNATURE = re.compile(r"^\s*`*[\w.:]+\([^()]*\)`*\s*(?:->|-->|=>|=|→|:)?\s*")


def query_of_doc(doc: str, *, name: str, language: str) -> str:
    """What somebody might ask who looks for the documented function; "" when the documentation does not tell.

    Args:
        doc: as the parser gives it: without comment marks, lines kept.
        name: of the function; where the documentation begins with it, as in Go, it is cut off.
        language: our id of the language.

    Returns:
        The first paragraph on one line. ``first_sentence`` makes it shorter.
    """
    paragraph = _first_paragraph(doc, language)
    return without_name(plain(paragraph), name=name, language=language)


def first_sentence(text: str) -> str:
    """The text up to the end of its first sentence."""
    end = _SENTENCE_END.search(text)
    return text[: end.end()] if end else text


def plain(text: str) -> str:
    """The first 2,000 letters without markup: reStructuredText, Markdown, Javadoc, Doxygen, HTML; on one line."""
    text = text[:_MOST_LETTERS]
    text = _INLINE_TAG.sub(lambda tag: _label(tag.group(1), tag.group(2).strip()), text)
    text = _ROLE.sub(r"\1", text)
    text = _LABELLED.sub(lambda link: link.group(1) or link.group(2) or link.group(3), text)
    text = _CODE.sub(lambda code: code.group(2) or "", text)
    text = _STRONG.sub(lambda strong: strong.group(1) or strong.group(2), text)
    text = _OCAML_REFERENCE.sub(lambda code: code.group(1) or code.group(2), text)
    text = html.unescape(_ELEMENT.sub(" ", text))
    return " ".join(text.split())


def without_name(text: str, *, name: str, language: str) -> str:
    """Cut a name off the start: ``ParseURL parses a URL`` gives ``parses a URL``, ``f(x) -> int`` goes as well.

    A name that is a plain word stays, but in Go, where documentation begins with the name whatever it is.
    """
    if not name:
        return text
    signature = _SIGNATURE.match(text)
    if signature and signature.group().lstrip(" `").split("(")[0].split(".")[-1].split(":")[-1] == name:
        text = text[signature.end() :]
    is_telling = len(humps(name)) > 1 or language == "go"
    start = re.match(
        rf"(?:[Tt]he\s+)?[`'\"]?(?:\w+[.#:]+)?{re.escape(name)}(?:\(\))?[`'\"]?(\s+[-–—]+\s+|:\s+|,?\s+)", text
    )
    if start and (is_telling or start.group(1).strip()):
        rest = _IS_A.sub("", text[start.end() :]) if is_telling else text[start.end() :]
        text = rest if len(rest.split()) > 1 else text
    return text.strip()


def _first_paragraph(doc: str, language: str) -> str:
    kept: list[str] = []
    for line in doc[:_MOST_LETTERS].expandtabs().splitlines():
        line = _LEADING_TAG.sub("", line)
        if not line.strip():
            if kept:
                break
            continue
        if _SECTION.match(line):
            if kept or not _is_heading(line):
                break
            continue
        if kept and (_LIST_ITEM.match(line) or _is_parameter(line, language)):
            break
        kept.append(line.strip())
    text = " ".join(kept)
    return _LIST_ITEM.sub("", text).removesuffix("::").removesuffix(":") if kept else ""


def _is_heading(line: str) -> bool:
    """A title above the words, with marks around or below it, rather than the end of them."""
    stripped = line.strip()
    return stripped.startswith("#") or not any(letter.isalnum() for letter in stripped)


def _is_parameter(line: str, language: str) -> bool:
    # The elements of C# come as ``name: what it is`` without a blank line above.
    return language == "csharp" and re.match(r"[A-Za-z_][\w.]*: ", line) is not None


def _label(tag: str, inner: str) -> str:
    """``{@link Foo#bar the bar}`` gives ``the bar``; without a label ``Foo.bar``."""
    target, _, label = inner.partition(" ")
    if tag.startswith("link") and label and "(" not in target:
        return label.strip()
    return "" if tag == "inheritDoc" else inner.replace("#", ".").strip(".")
