"""Makes functions, entries and file changes for tests of the index."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy import typing as npt

from vizsla.core import text
from vizsla.core.types import ContentHash, Fingerprint, Function, IndexEntry, Kind, Position, Range, Span
from vizsla.index.records import FileChange, FileRecord, FileState

MODEL = Fingerprint("model-a")


def entry(
    name: str, body: str = "pass", *, line: int = 0, doc: str = "", language: str = "python", kind: Kind = Kind.FUNCTION
) -> IndexEntry:
    """A function of two lines."""
    source = f"def {name}():\n    {body}"
    return text.index_entry(
        Function(
            name=name.split(".")[-1],
            qualified_name=name,
            kind=kind,
            language=language,
            signature=f"def {name}():",
            doc=doc,
            source=source,
            span=Span(start=100 * line, end=100 * line + len(source.encode("utf-8", "surrogatepass"))),
            range=Range(start=Position(line=line, character=0), end=Position(line=line + 1, character=4 + len(body))),
        )
    )


def record(path: str, content: str = "", *, state: FileState = FileState.INDEXED, reason: str = "") -> FileRecord:
    """A file."""
    return FileRecord(
        path=path,
        size=len(content),
        mtime_ns=1,
        inode=2**64 - 1,
        content_hash=hashlib.sha256(content.encode()).digest()[:16],
        language="python",
        state=state,
        reason=reason,
    )


def change(path: str, *functions: tuple[str, str]) -> FileChange:
    """A file with functions by name and body, one below the other."""
    entries = [entry(name, body, line=3 * number) for number, (name, body) in enumerate(functions)]
    return FileChange(record=record(path, repr(functions)), entries=entries)


def content_hashes(count: int) -> list[ContentHash]:
    """Different hashes."""
    return [ContentHash(hashlib.sha256(str(number).encode()).digest()[:16]) for number in range(count)]


def unit_vectors(count: int, dimension: int = 32, *, seed: int = 0) -> npt.NDArray[np.float32]:
    """Random directions (count, dimension)."""
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def names(found: Sequence[object]) -> list[str]:
    """The names of stored functions."""
    return [getattr(function, "name", "?") for function in found]
