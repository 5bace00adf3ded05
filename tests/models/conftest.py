"""Tiny models and a harmful worker that all tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.harm import Harm
from models.tiny_models import make_tiny_model
from vizsla.models.client import ModelClient


@pytest.fixture(scope="session")
def tiny_retriever(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "retriever", "bi-encoder")


@pytest.fixture(scope="session")
def tiny_reranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "reranker", "cross-encoder")


@pytest.fixture
def harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Harm:
    monkeypatch.setenv("HARM_FOLDER", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    return Harm(tmp_path)


@pytest.fixture
def client(harm: Harm, tiny_retriever: Path, tiny_reranker: Path) -> Iterator[ModelClient]:
    """A client of a harmful worker."""
    with ModelClient(tiny_retriever, tiny_reranker, worker_module="models.harmful_worker", threads=1) as client:
        yield client
