"""Texts to vectors: by a network that is being trained, or by any model folder, the quick way where there is one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from vizsla.models.batching import Tokenised
from vizsla.models.bi_encoder import load_bi_encoder
from vizsla.models.manifest import MANIFEST_NAME, read_manifest
from vizsla.models.pooling import pooled
from vizsla_trainer.training.base import Base, load_base
from vizsla_trainer.training.batching import Chunk, chunks_of
from vizsla_trainer.training.machine import Machine

if TYPE_CHECKING:
    import torch
    from tokenizers import Encoding

_AT_ONCE = 2_048  # texts that are tokenised and sorted by length together


class Encoder(Protocol):
    """Whatever gives vectors of texts."""

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        """Vectors of length 1 in the order of the texts. (texts, dimension)"""


class NetworkEncoder:
    """An encoder's network with its tokenizer, for training and between its steps."""

    def __init__(self, base: Base, machine: Machine, *, query_tokens: int, code_tokens: int) -> None:
        self.network = base.network.to(machine.device)
        self._base = base
        self._machine = machine
        self._query_reader = base.reads(query_tokens)
        self._code_reader = base.reads(code_tokens)
        self._max_tokens = min(max(query_tokens, code_tokens), base.max_tokens)
        self._takes = set(inspect.signature(self.network.forward).parameters)

    def tokens(self, texts: Sequence[str], *, is_query: bool) -> list[Encoding]:
        """Texts as tokens, behind the model's prompt, cut at their length."""
        prompt = self._base.query_prompt if is_query else self._base.document_prompt
        reader = self._query_reader if is_query else self._code_reader
        return reader.encode([prompt + text for text in texts])

    def chunks(self, texts: Sequence[Tokenised]) -> list[Chunk]:
        """Chunks as large as the machine takes."""
        return chunks_of(
            texts,
            tokens=self._machine.chunk_tokens,
            max_tokens=self._max_tokens,
            pad_id=self._code_reader.pad_id,
        )

    def forward(self, chunk: Chunk) -> torch.Tensor:
        """Vectors of length 1, in the order of the chunk.

        Returns:
            (texts, dimension); of late interaction one for each token, (texts, length, dimension).
        """
        import torch

        mask = self._machine.moved(chunk.attention_mask)
        with self._machine.autocast():
            states = self.network(**network_inputs(chunk, self._machine, self._takes)).last_hidden_state
        return torch.nn.functional.normalize(pooled(states.float(), mask, self._base.pooling), dim=-1)

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        """See ``Encoder``."""
        import torch

        found: list[NDArray[np.float32]] = []
        with torch.inference_mode():
            for start in range(0, len(texts), _AT_ONCE):
                read = self.tokens(texts[start : start + _AT_ONCE], is_query=is_query)
                part: NDArray[np.float32] | None = None
                for chunk in self.chunks(read):
                    vectors = self.forward(chunk).float().cpu().numpy()
                    if part is None:
                        part = np.empty((len(read), vectors.shape[1]), dtype=np.float32)
                    part[list(chunk.places)] = vectors
                if part is not None:
                    found.append(part)
        return np.concatenate(found) if found else np.empty((0, 1), dtype=np.float32)


class _FolderEncoder:
    """A model folder of ours in its own runtime."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        self._encoder = load_bi_encoder(folder, device="cpu", threads=threads)

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        vectors = self._encoder.encode(texts, is_query=is_query)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors


def open_encoder(
    folder: Path, machine: Machine, *, threads: int, query_tokens: int = 64, code_tokens: int = 256
) -> Encoder:
    """A trained or served bi-encoder: in eight bits on a CPU where the folder has that, else in torch.

    Raises:
        ModelError: the folder holds no bi-encoder that can be loaded.
    """
    is_ours = machine.device.type == "cpu" and (folder / MANIFEST_NAME).is_file()
    if is_ours and read_manifest(folder, role="retriever").onnx_name is not None:
        return _FolderEncoder(folder, threads=threads)
    base = load_base(folder, kind="bi-encoder", seed=0)
    return NetworkEncoder(base, machine, query_tokens=query_tokens, code_tokens=code_tokens)


def network_inputs(chunk: Chunk, machine: Machine, takes: set[str]) -> dict[str, torch.Tensor]:
    """What a network is called with, on its device: not every architecture takes token types."""
    arrays = {
        "input_ids": chunk.input_ids,
        "attention_mask": chunk.attention_mask,
        "token_type_ids": chunk.token_type_ids,
    }
    return {name: machine.moved(array) for name, array in arrays.items() if name in takes}


def freeze_embeddings(network: torch.nn.Module) -> None:
    """Leave the word vectors as they are: half of a small model's weights, and a workspace has few of its words."""
    embeddings: Callable[[], torch.nn.Module] = network.get_input_embeddings  # type: ignore[assignment]
    embeddings().weight.requires_grad_(False)
