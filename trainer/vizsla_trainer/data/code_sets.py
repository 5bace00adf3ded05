"""Sets of questions and codes as benchmarks keep them: folders with codes, queries and qrels as gzipped JSON lines."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vizsla_trainer.errors import TrainingError

_CODES, _QUERIES, _QRELS = "codes.jsonl.gz", "queries.jsonl.gz", "qrels.jsonl.gz"


def set_folders(folders: Sequence[Path]) -> list[Path]:
    """The folders that hold a set each: those that are named, or those right within them.

    Raises:
        TrainingError: one neither is a set nor holds any.
    """
    found: list[Path] = []
    for folder in folders:
        inner = [folder] if (folder / _CODES).is_file() else sorted(path.parent for path in folder.glob(f"*/{_CODES}"))
        if not inner:
            raise TrainingError(
                f"{folder} holds no set of codes; give a folder with {_CODES}, or one with such folders in it"
            )
        found += [one for one in inner if one not in found]
    return found


def codes_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Objects with ``cid``, ``code`` and ``language``, perhaps ``path``, ``name`` and ``code_nodoc``."""
    return _lines(folder / _CODES, ("cid", "code", "language"))


def queries_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Objects with ``qid`` and ``query``."""
    return _lines(folder / _QUERIES, ("qid", "query"))


def qrels_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Objects with ``qid``, ``cid`` and ``grade``."""
    return _lines(folder / _QRELS, ("qid", "cid", "grade"))


def _lines(path: Path, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                found = json.loads(line)
                if not isinstance(found, dict) or any(name not in found for name in wanted):
                    raise TrainingError(f"{path} has a line without {', '.join(wanted)}: {line[:80]!r}; mend the set")
                yield found
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise TrainingError(f"{path} cannot be read ({error}); mend the set, or leave it out") from None
