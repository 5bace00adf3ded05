"""The torch back end gives what the ONNX one gives, and survives a device without memory."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vizsla.core.errors import ModelError
from vizsla.models.bi_encoder import BiEncoder, load_bi_encoder
from vizsla.models.cross_encoder import CrossEncoder
from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla.models.manifest import hash_file, read_manifest, write_manifest
from vizsla.models.quantise import quantise
from vizsla.models.reranker import load_reranker
from vizsla.models.tokenising import TextTokenizer
from vizsla.models.torch_backend import TorchBackend

TEXTS = ["parse json", "read a file of lines", "", "where is the session cookie sign", "sort " * 100]


def test_vectors_equal_those_of_the_onnx_file(tiny_retriever: Path) -> None:
    manifest = read_manifest(tiny_retriever)
    by_torch = BiEncoder(
        manifest, TextTokenizer(tiny_retriever, manifest), TorchBackend(tiny_retriever, manifest, device="cpu")
    ).encode(TEXTS, is_query=False)
    by_onnx = load_bi_encoder(tiny_retriever, device="cpu", threads=1).encode(TEXTS, is_query=False)
    np.testing.assert_allclose(by_torch, by_onnx, atol=1e-5)


def test_scores_equal_those_of_the_onnx_file(tiny_reranker: Path) -> None:
    manifest = read_manifest(tiny_reranker)
    by_torch = CrossEncoder(
        manifest, TextTokenizer(tiny_reranker, manifest), TorchBackend(tiny_reranker, manifest, device="cpu")
    ).score("how to parse json", TEXTS)
    by_onnx = load_reranker(tiny_reranker, device="cpu", threads=1).score("how to parse json", TEXTS)
    np.testing.assert_allclose(by_torch, by_onnx, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", "lasttoken"])
def test_padding_changes_no_vector(tiny_retriever: Path, pooling: str) -> None:
    manifest = read_manifest(tiny_retriever)
    object.__setattr__(manifest, "pooling", pooling)
    backend = TorchBackend(tiny_retriever, manifest, device="cpu")
    ids = np.arange(5, 11, dtype=np.int64)[None]
    padded = np.pad(ids, ((0, 0), (0, 10)))
    alone = backend.run(ids, np.ones_like(ids), np.zeros_like(ids))
    with_padding = backend.run(padded, (padded > 0).astype(np.int64), np.zeros_like(padded))
    np.testing.assert_allclose(alone, with_padding, atol=1e-5)


def test_too_little_memory_halves_the_batch_and_keeps_it_so(tiny_retriever: Path) -> None:
    manifest = read_manifest(tiny_retriever)
    backend = SmallBackend(tiny_retriever, manifest, device="cpu")
    encoder = BiEncoder(manifest, TextTokenizer(tiny_retriever, manifest), backend)
    before = backend.tokens_per_batch
    vectors = encoder.encode(["parse json"] * 40, is_query=False)
    assert vectors.shape == (40, manifest.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert backend.tokens_per_batch < before


def test_a_text_that_fits_no_memory_is_a_memory_error(tiny_retriever: Path) -> None:
    backend = SmallBackend(tiny_retriever, read_manifest(tiny_retriever), device="cpu")
    backend.room = 0
    ones = np.ones((2, 8), dtype=np.int64)
    with pytest.raises(MemoryError, match="8 tokens does not fit"):
        backend.run(ones, ones, ones)


@pytest.mark.parametrize("is_quantised", [False, True])
def test_a_folder_with_only_an_onnx_file_gives_the_same_vectors(
    tiny_retriever: Path, tmp_path: Path, is_quantised: bool
) -> None:
    folder = onnx_only(tiny_retriever, tmp_path / "model", is_quantised=is_quantised)
    manifest = read_manifest(folder)
    by_torch = BiEncoder(
        manifest, TextTokenizer(folder, manifest), TorchBackend(folder, manifest, device="cpu")
    ).encode(TEXTS, is_query=False)
    by_onnx = load_bi_encoder(folder, device="cpu", threads=1).encode(TEXTS, is_query=False)
    assert (by_torch * by_onnx).sum(axis=1).min() > (0.995 if is_quantised else 0.99999)


def test_the_model_of_the_package_gives_the_same_vectors_in_torch() -> None:
    manifest = read_manifest(DEFAULT_RETRIEVER)
    backend = TorchBackend(DEFAULT_RETRIEVER, manifest, device="cpu")
    by_torch = BiEncoder(manifest, TextTokenizer(DEFAULT_RETRIEVER, manifest), backend).encode(TEXTS, is_query=False)
    by_onnx = load_bi_encoder(DEFAULT_RETRIEVER, device="cpu", threads=1).encode(TEXTS, is_query=False)
    assert (by_torch * by_onnx).sum(axis=1).min() > 0.99


def test_scores_of_a_folder_with_only_an_onnx_file_are_the_same(tiny_reranker: Path, tmp_path: Path) -> None:
    folder = onnx_only(tiny_reranker, tmp_path / "model", is_quantised=False)
    manifest = read_manifest(folder)
    by_torch = CrossEncoder(
        manifest, TextTokenizer(folder, manifest), TorchBackend(folder, manifest, device="cpu")
    ).score("how to parse json", TEXTS)
    by_onnx = load_reranker(folder, device="cpu", threads=1).score("how to parse json", TEXTS)
    np.testing.assert_allclose(by_torch, by_onnx, atol=1e-5)


def test_a_folder_without_a_configuration_is_refused(tiny_retriever: Path, tmp_path: Path) -> None:
    folder = onnx_only(tiny_retriever, tmp_path / "model", is_quantised=False)
    manifest = read_manifest(folder)
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="cannot be loaded into torch"):
        TorchBackend(folder, manifest, device="cpu")


def onnx_only(model: Path, folder: Path, *, is_quantised: bool) -> Path:
    """A copy of a model folder without its safetensors."""
    shutil.copytree(model, folder)
    (folder / "model.safetensors").unlink()
    manifest = read_manifest(model)
    if is_quantised:
        ones = np.ones((1, 8), dtype=np.int64)
        feeds = {"input_ids": ones * 7, "attention_mask": ones, "token_type_ids": ones * 0}
        quantise(folder / "model.onnx", folder / "model_int8.onnx", [feeds])
        (folder / "model.onnx").unlink()
    files = {p.name: hash_file(p) for p in folder.iterdir() if p.name != "manifest.json"}
    write_manifest(folder, replace(manifest, files=files))
    return folder


class SmallBackend(TorchBackend):
    """A device with room for so many texts at once, as torch tells it."""

    room = 4

    def _run_whole(self, input_ids, attention_mask, token_type_ids):  # type: ignore[no-untyped-def]
        import torch

        if len(input_ids) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return super()._run_whole(input_ids, attention_mask, token_type_ids)
