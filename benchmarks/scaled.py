"""Owns indexes larger than the tree: its real functions many times over, varied, with synthetic vectors.

Every copy of a file is a hard link, so that hits can be checked against a file that is there. In every copy but the
first a part of all words stands for other words about as frequent, so that the lists of full text grow as they would
with real code. Its vectors are those of the original, turned by noise.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from benchmarks.sources import Parsed
from benchmarks.trees import linked

from vizsla.core.text import content_hash
from vizsla.core.types import ContentHash, IndexEntry, Words
from vizsla.index.records import FileChange
from vizsla.services.workspace import Workspace

_BATCH_FILES = 256
_OTHER_WORDS = 0.3  # share of the vocabulary that is replaced in a copy
_NOISE = 0.6  # length of the noise beside a vector of length 1: the cosine with the original is about 0.86
_NEIGHBOURS = 50  # a word is replaced by one that is at most so many places more or less frequent


def build(
    workspace: Workspace, files: Sequence[Parsed], real: Mapping[ContentHash, npt.NDArray[np.float32]], count: int
) -> None:
    """Fill an empty workspace, made on what ``link`` gave, with ``count`` units.

    Args:
        workspace: of the linked tree; nothing is in it.
        files: the original tree.
        real: vectors of the original's units, by content.
        count: how many units; the last copy is cut short.
    """
    frequencies = Counter(word for file in files for entry in file.change.entries for word in entry.words.body.split())
    ranked = [word for word, _ in frequencies.most_common()]
    generator = np.random.default_rng(0)
    vectors = workspace.vectors
    assert vectors is not None
    left = count
    for number in range(copies_of(files, count)):
        mapping = _mapping(ranked, number)
        for start in range(0, len(files), _BATCH_FILES):
            changes = list(_varied(files[start : start + _BATCH_FILES], number, mapping, left))
            left -= sum(len(change.entries) for change in changes)
            deltas = workspace.store.replace_files(changes)
            keys = np.array([key for delta in deltas for key, _ in delta.added], dtype=np.int64)
            originals = np.stack([real[_original(content)] for delta in deltas for _, content in delta.added])
            noise = generator.standard_normal(originals.shape, dtype=np.float32) / originals.shape[1] ** 0.5
            rows = originals + _NOISE * noise
            vectors.add(keys, rows / np.linalg.norm(rows, axis=1, keepdims=True))
            workspace.store.settle(content for delta in deltas for _, content in delta.added)
            if left <= 0:
                break
    workspace.store.set_meta("reconciled_at", "1.0")
    vectors.prepare()  # the graph, where there are enough for one
    workspace.save_vectors()


def link(root: Path, files: Sequence[Parsed], count: int) -> Path:
    """A tree on disk that has the files of ``count`` units."""
    return linked(root, f"tree-{count}", [file.path for file in files], copies_of(files, count))


def copies_of(files: Sequence[Parsed], count: int) -> int:
    """How often the tree is needed for ``count`` units."""
    return -(-count // sum(len(file.change.entries) for file in files))


_ORIGINALS: dict[ContentHash, ContentHash] = {}


def _original(content: ContentHash) -> ContentHash:
    return _ORIGINALS.get(content, content)


def _varied(files: Sequence[Parsed], number: int, mapping: Mapping[str, str], left: int) -> Iterator[FileChange]:
    """Copies of some files, each unit with words of its own; at most ``left`` units."""
    for file in files:
        entries = [_varied_entry(entry, number, mapping) for entry in file.change.entries[: max(left, 0)]]
        left -= len(entries)
        yield FileChange(record=replace(file.change.record, path=f"copy{number}/{file.path}"), entries=entries)


def _varied_entry(entry: IndexEntry, number: int, mapping: Mapping[str, str]) -> IndexEntry:
    content = content_hash(f"{number} {entry.content_hash.hex()}")
    _ORIGINALS[content] = entry.content_hash

    def other(text: str) -> str:
        return " ".join([mapping.get(word, word) for word in text.split()])

    words = entry.words
    if number:
        words = Words(
            name=other(words.name), signature=other(words.signature), doc=other(words.doc), body=other(words.body)
        )
    return replace(entry, content_hash=content, model_text="", words=words)


def _mapping(ranked: Sequence[str], number: int) -> dict[str, str]:
    """Other words for some words, about as frequent, the same for the same number."""
    chance = random.Random(number)
    found = {}
    for place, word in enumerate(ranked):
        if chance.random() < _OTHER_WORDS:
            away = place + chance.randint(-_NEIGHBOURS, _NEIGHBOURS)
            found[word] = ranked[min(max(away, 0), len(ranked) - 1)]
    return found
