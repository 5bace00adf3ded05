"""Vectors of texts that were embedded once: of a run's model they are kept in a file, for stages that ask again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from vizsla.models.manifest import MANIFEST_NAME, hash_file, read_manifest
from vizsla_trainer.records import published
from vizsla_trainer.training.encoding import Encoder

_SUFFIX = ".npz"
_DIGEST = 16  # bytes of a text's hash


class RememberingEncoder:
    """Embeds each text of code once: most are alike with and without documentation, and as the positives of pairs."""

    def __init__(self, encoder: Encoder, kept: Path | None = None) -> None:
        """Remember what a file holds.

        Args:
            encoder: embeds what is not known.
            kept: the file, named after the model and all that decides what it makes of a text; see ``keep``. One
                that is not there, or is damaged, holds nothing.
        """
        self._encoder = encoder
        self._kept = kept
        self._known = _read(kept) if kept else {}
        self._count = len(self._known)

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        """Vectors of length 1 in the order of the texts. (texts, dimension)"""
        if is_query:
            return self._encoder.encode(texts, is_query=True)
        digests = [_digest(text) for text in texts]
        # In their order and not that of a set, so that a batch is the same one in every process.
        missing = {key: text for key, text in zip(digests, texts, strict=True) if key not in self._known}
        if missing:
            found = self._encoder.encode(list(missing.values()), is_query=False)
            self._known.update(zip(missing, found, strict=True))
        return np.stack([self._known[key] for key in digests])

    def keep(self) -> None:
        """Write what was added into the file; those of other models beside it go, as they have had their time."""
        if self._kept is None or len(self._known) == self._count:
            return
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        for other in self._kept.parent.glob(f"*{_SUFFIX}"):
            if other != self._kept:
                other.unlink(missing_ok=True)
        with published(self._kept) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                texts=np.frombuffer(b"".join(self._known), dtype=np.uint8).reshape(-1, _DIGEST),
                vectors=np.stack(list(self._known.values())),
            )
        self._count = len(self._known)


def kept_vectors(folder: Path, model: Path, *settings: object) -> Path:
    """The file of a model's vectors in a folder; whatever else decides what it makes of a text is in its name."""
    told = "\0".join((fingerprint_of(model), *map(repr, settings)))
    return folder / f"{blake3(told.encode()).hexdigest(_DIGEST)}{_SUFFIX}"


def fingerprint_of(model: Path) -> str:
    """Names a model folder by its content."""
    if (model / MANIFEST_NAME).is_file():
        return read_manifest(model).fingerprint
    files = sorted((*model.glob("*.json"), *model.glob("*.safetensors")))
    told = "\0".join(f"{path.name}={hash_file(path).sha256}" for path in files)
    return blake3(told.encode("utf-8", "surrogatepass")).hexdigest(_DIGEST)


def _digest(text: str) -> bytes:
    return blake3(text.encode("utf-8", "surrogatepass")).digest(_DIGEST)


def _read(path: Path) -> dict[bytes, NDArray[np.float32]]:
    # Whatever is wrong with it, embedding again mends it.
    with contextlib.suppress(Exception), np.load(path, allow_pickle=False) as arrays:
        texts, vectors = arrays["texts"], arrays["vectors"]
        if texts.shape == (len(vectors), _DIGEST) and vectors.ndim == 2 and np.isfinite(vectors).all():
            return {row.tobytes(): vector for row, vector in zip(texts, vectors.astype(np.float32), strict=True)}
    return {}
