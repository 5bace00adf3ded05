"""Vectors on disk: one file of rows, and a manifest that says what they are and what they hash to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import typing as npt

from vizsla.core.types import Fingerprint
from vizsla.index.files import read_back, write_atomic

FORMAT = 1
_ROWS = "vectors.bin"
_MANIFEST = "vectors.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Ascending keys (n,), their int8 rows (n, dim), and the store's generation when they were saved."""

    keys: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int8]
    generation: int


def save(
    directory: Path,
    keys: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int8],
    *,
    generation: int,
    fingerprint: Fingerprint,
    identity: str,
) -> None:
    """Write keys, then rows, then the manifest that makes them count.

    Raises:
        CacheError: they could not be written.
    """

    def write(path: Path) -> int:
        with path.open("wb") as file:
            file.write(np.ascontiguousarray(keys, dtype="<i8").data)
            file.write(np.ascontiguousarray(rows).data)
        return keys.nbytes + rows.nbytes

    written = write_atomic(directory / _ROWS, write)
    manifest = {
        "format": FORMAT,
        "count": len(keys),
        "dimension": int(rows.shape[1]),
        "dtype": "i8",
        "fingerprint": fingerprint,
        "identity": identity,
        "generation": generation,
        "size": written.size,
        "sha256": written.sha256,
    }
    write_atomic(directory / _MANIFEST, lambda path: path.write_text(json.dumps(manifest), encoding="utf-8"))


def load(directory: Path, *, dimension: int, fingerprint: Fingerprint, identity: str) -> Found | str:
    """Read what ``save`` wrote; a sentence says why it is of no use.

    No byte of the rows is looked at before all of them hash to what the manifest says.
    """
    try:
        manifest = json.loads((directory / _MANIFEST).read_bytes())
        wanted = {
            "format": FORMAT,
            "dimension": dimension,
            "dtype": "i8",
            "fingerprint": fingerprint,
            "identity": identity,
        }
        for name, value in wanted.items():
            if manifest[name] != value:
                return f"the saved vectors have another {name}"
        count, generation = manifest["count"], manifest["generation"]
        size, sha256 = manifest["size"], manifest["sha256"]
    except FileNotFoundError:
        return "no vectors are saved"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "the list of saved vectors is damaged"
    if not isinstance(count, int) or not isinstance(generation, int) or count < 0 or size != count * (8 + dimension):
        return "the list of saved vectors is damaged"
    path = directory / _ROWS
    there = read_back(path)
    if there is None or there.size != size or there.sha256 != sha256:
        return "the saved vectors are damaged"
    try:
        data = path.read_bytes()
    except OSError:
        return "the saved vectors cannot be read"
    if len(data) != size:
        return "the saved vectors are damaged"
    keys = np.frombuffer(data, dtype="<i8", count=count).astype(np.int64)
    rows = np.frombuffer(data, dtype=np.int8, offset=8 * count).reshape(count, dimension).copy()
    return Found(keys=keys, rows=rows, generation=generation)
