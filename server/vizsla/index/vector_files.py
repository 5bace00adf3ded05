"""Vectors on disk: a file of rows, one for a graph if there is one, and a manifest with what they hash to."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import typing as npt

from vizsla.core.types import Fingerprint
from vizsla.index.files import write_atomic
from vizsla.index.graph import Graph

FORMAT = 1
_ROWS = "vectors.bin"
_GRAPH = "vectors.usearch"
_MANIFEST = "vectors.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Ascending keys (n,), their int8 rows (n, dim), the graph, and the store's generation when they were saved."""

    keys: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int8]
    graph: Graph | None
    generation: int


def save(
    directory: Path,
    keys: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int8],
    graph: Graph | None,
    *,
    generation: int,
    fingerprint: Fingerprint,
    identity: str,
) -> None:
    """Write keys and rows, then the graph, then the manifest that makes them count.

    Raises:
        CacheError: they could not be written.
    """

    def write(path: Path) -> int:
        with path.open("wb") as file:
            file.write(np.ascontiguousarray(keys, dtype="<i8").data)
            file.write(np.ascontiguousarray(rows).data)
        return keys.nbytes + rows.nbytes

    written = write_atomic(directory / _ROWS, write)
    linked = None if graph is None else write_atomic(directory / _GRAPH, graph.write)
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
        "graph": None if linked is None else {"size": linked.size, "sha256": linked.sha256},
    }
    write_atomic(directory / _MANIFEST, lambda path: path.write_text(json.dumps(manifest), encoding="utf-8"))
    if linked is None:
        (directory / _GRAPH).unlink(missing_ok=True)


def saved_fingerprint(directory: Path) -> Fingerprint | None:
    """Whose vectors ``save`` wrote there; None when there are none."""
    try:
        found = json.loads((directory / _MANIFEST).read_text(encoding="utf-8"))
        return Fingerprint(found["fingerprint"]) if isinstance(found["fingerprint"], str) else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


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
        size, sha256, linked = manifest["size"], manifest["sha256"], manifest["graph"]
    except FileNotFoundError:
        return "no vectors are saved"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "the list of saved vectors is damaged"
    if not isinstance(count, int) or not isinstance(generation, int) or count < 0 or size != count * (8 + dimension):
        return "the list of saved vectors is damaged"
    data = _checked(directory / _ROWS, size, sha256)
    if data is None:
        return "the saved vectors are damaged"
    graph = None
    if isinstance(linked, dict):
        found = _checked(directory / _GRAPH, linked.get("size"), linked.get("sha256"))
        graph = None if found is None else Graph.read(found, dimension)  # without it all vectors are compared
    keys = np.frombuffer(data, dtype="<i8", count=count).astype(np.int64)
    rows = np.frombuffer(data, dtype=np.int8, offset=8 * count).reshape(count, dimension).copy()
    return Found(keys=keys, rows=rows, graph=graph, generation=generation)


def _checked(path: Path, size: object, sha256: object) -> bytes | None:
    """The bytes of a file, if they are what the manifest says: hashed here, so that nobody can change them between."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            if os.fstat(file.fileno()).st_size != size:
                return None
            data = file.read()
    except OSError:
        return None
    return data if len(data) == size and hashlib.sha256(data).hexdigest() == sha256 else None
