"""What the stages of training hand to each other: codes, pairs and opened hits, as gzipped JSON lines.

A file of them is whole or not there, and the same records make the same bytes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from blake3 import blake3

from vizsla.core.errors import VizslaError

T = TypeVar("T")

Source = Literal["docstring", "comment", "commit", "name", "feedback", "question"]
"""Where the words of a query come from."""

SOURCES: tuple[Source, ...] = get_args(Source)
"""Every source, in the order in which tables list them."""

View = Literal["bare", "full"]
"""Which text of every candidate a query is compared with, see ``view_of``."""

_COMPRESSION = 4  # of gzip: half the time of the default for a few per cent of size


class RecordsError(VizslaError):
    """A file of records cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One function of a workspace, or whatever else the index calls a function.

    Attributes:
        id: hash of workspace, path and ``text``; unique in a run.
        workspace: short name of the workspace, unique in a run.
        path: relative to the workspace, with ``/``.
        kind: as in ``vizsla.core.types.Kind``.
        doc: docstring or comment above, without its marks; may be empty.
        text: what a served encoder reads, ``vizsla.core.text.function_text``: documentation kept.
        bare: the same had nobody documented it: the docstring is cut out of the source too.
    """

    id: str
    workspace: str
    path: str
    name: str
    qualified_name: str
    kind: str
    language: str
    signature: str
    doc: str
    text: str
    bare: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A query and the code that answers it.

    Attributes:
        id: hash of source, query and code; unique in a run.
        query: in plain words.
        code: id of the ``Code``.
        source: where the query comes from.
        text: which text of the code is the positive. ``custom`` where the code's own texts would give the query
            away: a comment pair's without that comment, a name pair's without that name.
        custom: that text; "" unless ``text`` is ``custom``.
        time: of the commit, seconds since 1970; None for what has no date.
    """

    id: str
    query: str
    code: str
    source: Source
    language: str
    workspace: str
    path: str
    text: Literal["full", "bare", "custom"]
    custom: str = ""
    time: float | None = None

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"no such source: {self.source!r}")
        if (self.text == "custom") != bool(self.custom):
            raise ValueError(f"custom text is given if and only if it is the positive: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHit:
    """A hit that a user opened after a search: one line of the feedback log, plain JSON, one object a line.

    The server writes that log only when ``feedback`` is on; it holds questions, so its file is private.

    Attributes:
        time: seconds since 1970.
        workspace: absolute path of the workspace's folder.
        query: as it was typed.
        path: relative to the workspace, with ``/``.
        content_hash: ``vizsla.core.text.content_hash`` of the function's model text, in hex.
    """

    time: float
    workspace: str
    query: str
    path: str
    qualified_name: str
    content_hash: str


def code_id(*, workspace: str, path: str, text: str) -> str:
    """The id of a code: equal functions of one file share it."""
    return _hash(workspace, path, text)


def make_pair(
    code: Code,
    query: str,
    source: Source,
    *,
    text: Literal["full", "bare", "custom"] = "full",
    custom: str = "",
    time: float | None = None,
) -> Pair:
    """A pair of ``code``, its id and place filled in."""
    return Pair(
        id=_hash(source, query, code.id, custom),
        query=query,
        code=code.id,
        source=source,
        language=code.language,
        workspace=code.workspace,
        path=code.path,
        text=text,
        custom=custom,
        time=time,
    )


def view_of(pair: Pair) -> View:
    """Which text of all candidates the query is ranked among, in training and in evaluation.

    A docstring is sought among functions without any: were others documented, having none would mark the answer.
    """
    return "bare" if pair.text == "bare" else "full"


def text_in(code: Code, view: View) -> str:
    """The text of a candidate in a view."""
    return code.bare if view == "bare" else code.text


def positive_text(pair: Pair, code: Code) -> str:
    """The text of the pair's own code, which takes the place of ``text_in`` for it.

    Raises:
        ValueError: ``code`` is another one.
    """
    if pair.code != code.id:
        raise ValueError(f"code {code.id} is not that of the pair, {pair.code}")
    return pair.custom if pair.text == "custom" else text_in(code, view_of(pair))


def write_codes(path: Path, codes: Iterable[Code]) -> int:
    """Publish a file of codes; its folder is there. Returns how many."""
    return write_lines(path, map(fields_of, codes))


def read_codes(path: Path) -> Iterator[Code]:
    """The codes of a file, one by one.

    Raises:
        RecordsError: there is no such file, or it is damaged.
    """
    for fields in read_lines(path):
        yield record_of(Code, fields, path)


def write_pairs(path: Path, pairs: Iterable[Pair]) -> int:
    """Publish a file of pairs; its folder is there. Returns how many."""
    return write_lines(path, map(fields_of, pairs))


def read_pairs(path: Path) -> Iterator[Pair]:
    """The pairs of a file, one by one.

    Raises:
        RecordsError: there is no such file, or it is damaged.
    """
    for fields in read_lines(path):
        yield record_of(Pair, fields, path)


@contextlib.contextmanager
def published(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place, synced, when the block ends without an error."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> int:
    """Publish a file of JSON objects, one a line; its folder is there. Returns how many."""
    count = 0
    with (
        published(path) as temporary,
        temporary.open("wb") as raw,
        # No name and no time in the header: a stage that finds the same bytes has nothing to do.
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=_COMPRESSION, mtime=0) as file,
    ):
        for line in lines:
            # ASCII: a lone surrogate, as file names may hold, survives only in its escaped form.
            file.write(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")
            count += 1
    return count


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file, one by one.

    Raises:
        RecordsError: there is no such file, or it is damaged, which may show only at its end.
    """
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                yield json.loads(line)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise RecordsError(f"{path} cannot be read ({error}); delete it and run the stage that makes it") from error


def fields_of(record: Code | Pair) -> dict[str, Any]:
    """A record as its line."""
    fields = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    if isinstance(record, Code) and record.bare == record.text:
        del fields["bare"]
    return fields


def record_of(kind: type[T], fields: dict[str, Any], path: Path) -> T:
    """A record out of its line in a file.

    Raises:
        RecordsError: the line is of something else.
    """
    if kind is Code:
        fields.setdefault("bare", fields.get("text"))
    try:
        return kind(**fields)
    except (TypeError, ValueError) as error:
        raise RecordsError(f"{path} holds no {kind.__name__} ({error}); delete it and run its stage again") from error


def _hash(*parts: str) -> str:
    return blake3("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest(12)
