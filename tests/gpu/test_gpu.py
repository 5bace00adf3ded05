"""The models on a GPU: the same answers as on the CPU, and no end when its memory ends. Run by ``make gpu``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from models.tiny_models import make_tiny_model
from vizsla.models.bi_encoder import BiEncoder, load_bi_encoder
from vizsla.models.client import ModelClient, Priority
from vizsla.models.device import choose_device
from vizsla.models.manifest import read_manifest
from vizsla.models.reranker import load_reranker
from vizsla.models.tokenising import TextTokenizer
from vizsla.models.torch_backend import TorchBackend

pytestmark = pytest.mark.gpu

TEXTS = ["parse json", "read a file of lines", "", "where is the session cookie sign", "sort " * 100] * 20
SECONDS = 120.0


@pytest.fixture(scope="module")
def device() -> Literal["cuda", "mps"]:
    kind = choose_device("auto").kind
    assert kind != "cpu", "these tests need a GPU: run them by make gpu, which looks for one first"
    return kind


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("gpu") / "retriever", "bi-encoder")


@pytest.fixture(scope="module", params=["cross-encoder", "late-interaction"])
def reranker(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("gpu") / "reranker", request.param)


def test_vectors_equal_those_of_the_cpu(retriever: Path, device: str) -> None:
    on_cpu = load_bi_encoder(retriever, device="cpu", threads=0).encode(TEXTS, is_query=False)
    on_gpu = load_bi_encoder(retriever, device=device, threads=0).encode(TEXTS, is_query=False)
    np.testing.assert_allclose(np.linalg.norm(on_gpu, axis=1), 1, atol=1e-5)
    assert (on_cpu * on_gpu).sum(axis=1).min() > 0.999


def test_scores_equal_those_of_the_cpu(reranker: Path, device: str) -> None:
    on_cpu = load_reranker(reranker, device="cpu", threads=0).score("parse json", TEXTS)
    on_gpu = load_reranker(reranker, device=device, threads=0).score("parse json", TEXTS)
    assert np.abs(on_cpu - on_gpu).max() < 0.02 * np.ptp(on_cpu) + 0.02


def test_the_worker_runs_on_the_gpu_and_says_so(retriever: Path, reranker: Path, device: str) -> None:
    with ModelClient(retriever, reranker) as client:
        vectors = client.encode(TEXTS, is_query=False, priority=Priority.BULK).result(SECONDS)
        scores = client.rerank("parse json", TEXTS, budget_seconds=SECONDS).result(SECONDS)
        choice = client.status().device
    assert np.isfinite(vectors).all()
    assert np.isfinite(scores).all()
    assert choice is not None
    assert (choice.kind, choice.precision, choice.backend) == (device, "bf16", "torch")


def test_a_full_gpu_halves_the_batches_and_loses_no_text(retriever: Path, device: str) -> None:
    if device != "cuda":
        return  # only cuda can be told to have less memory
    import torch

    manifest = read_manifest(retriever)
    backend = TorchBackend(retriever, manifest, device=device)
    encoder = BiEncoder(manifest, TextTokenizer(retriever, manifest), backend)
    texts = ["parse json " * 40] * 4_000
    before = backend.tokens_per_batch
    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    try:
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 24_000_000) / whole)
        vectors = encoder.encode(texts, is_query=False)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert np.isfinite(vectors).all()
    assert backend.tokens_per_batch < before
