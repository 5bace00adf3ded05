"""The store and the vectors that a server would have for given functions, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizsla.core.types import ContentHash, FunctionKey, IndexEntry
from vizsla.index.records import FileChange, FileRecord, FileState
from vizsla.index.store import Store
from vizsla.index.vectors import VectorIndex

Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str], bool], Vectors]
"""Texts, and whether they are questions, to (texts, dimension)."""


@dataclass(slots=True)
class Library:
    """What a server would have for some codes."""

    store: Store
    vectors: VectorIndex
    code_of: dict[FunctionKey, str] = field(default_factory=dict)
    """The id of the code behind each function."""


def library_of(
    by_path: Mapping[str, Sequence[tuple[str, IndexEntry]]], encode: Encode, *, first_key: int = 1
) -> Library:
    """Index what the parser made of some files.

    Args:
        by_path: of each file its functions, each with the id of the code that it is of.
        encode: the model.
        first_key: of its functions, so that they can be told from those of another library.
    """
    store = Store.in_memory(first_key)
    changes = [
        FileChange(
            record=FileRecord(
                path=path,
                size=0,
                mtime_ns=0,
                inode=0,
                content_hash=b"",
                language=entries[0][1].function.language if entries else "",
                state=FileState.INDEXED,
            ),
            entries=[entry for _, entry in entries],
        )
        for path, entries in by_path.items()
    ]
    deltas = store.replace_files(changes)
    everything = [pair for entries in by_path.values() for pair in entries]
    texts: dict[ContentHash, str] = {entry.content_hash: entry.model_text for _, entry in everything}
    rows = encode(list(texts.values()), False)
    row_of = dict(zip(texts, rows, strict=True))
    library = Library(store, VectorIndex(rows.shape[1]))
    added = [pair for delta in deltas for pair in delta.added]
    for (code, _), (key, _) in zip(everything, added, strict=True):
        library.code_of[key] = code
    keys = np.array([key for key, _ in added], dtype=np.int64)
    library.vectors.add(keys, np.stack([row_of[content] for _, content in added]))
    return library
