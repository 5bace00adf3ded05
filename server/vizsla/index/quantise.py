"""Vectors as int8: a quarter of the size, and a cosine that differs in the third decimal."""

from __future__ import annotations

import numpy as np
from numpy import typing as npt


def usable(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Which rows of (n, dim) have a direction: finite, not zero."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    good: npt.NDArray[np.bool_] = np.isfinite(squares) & (squares > 1e-24)
    return good


def quantised(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    """Each row of (n, dim) stretched until its largest component is 127; the direction is kept, the length is not."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    rows: npt.NDArray[np.int8] = np.rint(vectors * (127.0 / largest)).astype(np.int8)
    return rows


def normalised(rows: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Rows of (n, dim) as unit vectors."""
    vectors = rows.astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors
