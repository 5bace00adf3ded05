"""Whole workspaces in OpenVINO: the same vectors, opened beside the work, given back, and left where it does not work."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vizsla.core.errors import ModelError
from vizsla.models import bulk
from vizsla.models.bi_encoder import BiEncoder, load_bi_encoder
from vizsla.models.bulk import BulkEncoder
from vizsla.models.dequantise import dequantise
from vizsla.models.device import cpu
from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla.models.manifest import read_manifest
from vizsla.models.messages import Encode, Priority
from vizsla.models.worker import LoadedModels

TEXTS = [
    "",
    "x",
    "def add(a, b):\n    return a + b",
    "where are session cookies signed",
    "日本語 ü 🎉",
    "word " * 5_000,
]
MUCH = 300


@pytest.fixture(scope="module")
def retriever() -> BiEncoder:
    return load_bi_encoder(DEFAULT_RETRIEVER, device="cpu", threads=1)


@pytest.fixture
def opened(retriever: BiEncoder) -> Iterator[BulkEncoder]:
    pytest.importorskip("openvino")
    encoder = BulkEncoder(retriever, DEFAULT_RETRIEVER, threads=1)
    encoder.encoder_for(MUCH)
    encoder.join()
    yield encoder
    encoder.close()


def test_vectors_are_those_of_the_retriever(retriever: BiEncoder, opened: BulkEncoder) -> None:
    other = opened.encoder_for(len(TEXTS))
    assert other is not retriever
    vectors, expected = other.encode(TEXTS, is_query=False), retriever.encode(TEXTS, is_query=False)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-2)
    assert (vectors * expected).sum(axis=1).min() > 0.99


def test_tokens_are_counted(opened: BulkEncoder) -> None:
    before = opened.tokens
    opened.encoder_for(1).encode(["one two three"], is_query=False)
    assert opened.tokens == before + 5
    opened.close()
    assert opened.tokens == before + 5


def test_a_few_texts_open_nothing(retriever: BiEncoder) -> None:
    few = BulkEncoder(retriever, DEFAULT_RETRIEVER, threads=1)
    for _ in range(10):
        assert few.encoder_for(10) is retriever
    few.join()
    assert few.encoder_for(1) is retriever


def test_it_goes_when_nothing_is_asked_and_comes_again(retriever: BiEncoder) -> None:
    pytest.importorskip("openvino")
    brief = BulkEncoder(retriever, DEFAULT_RETRIEVER, threads=1, idle_seconds=0.1)
    brief.encoder_for(MUCH)
    brief.join()
    assert brief.encoder_for(1) is not retriever
    deadline = time.monotonic() + 60
    while brief.encoder_for(0) is not retriever:
        assert time.monotonic() < deadline
        time.sleep(0.5)  # longer than it stays
    brief.encoder_for(MUCH)
    brief.join()
    assert brief.encoder_for(1) is not retriever
    brief.close()


def test_a_model_that_openvino_cannot_read_is_embedded_by_the_retriever(
    tmp_path: Path, retriever: BiEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("openvino")
    folder = tmp_path / "broken"
    shutil.copytree(DEFAULT_RETRIEVER, folder)
    (folder / "model_int8.onnx").write_bytes(b"no model")
    encoder = BulkEncoder(retriever, folder, threads=1)
    encoder.encoder_for(MUCH)
    encoder.join()
    assert encoder.encoder_for(MUCH) is retriever
    assert "embedded without OpenVINO" in caplog.text


def test_other_vectors_are_not_taken(
    retriever: BiEncoder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr(bulk, "_LEAST_COSINE", 1.1)
    encoder = BulkEncoder(retriever, DEFAULT_RETRIEVER, threads=1)
    encoder.encoder_for(MUCH)
    encoder.join()
    assert encoder.encoder_for(1) is retriever
    assert "other vectors" in caplog.text


def test_a_folder_without_a_file_for_the_cpu_is_refused() -> None:
    pytest.importorskip("openvino")
    from vizsla.models.openvino_backend import OpenVinoBackend

    manifest = replace(read_manifest(DEFAULT_RETRIEVER), files={})
    with pytest.raises(ModelError, match="no ONNX file"):
        OpenVinoBackend(DEFAULT_RETRIEVER, manifest, threads=1)


def test_whole_workspaces_go_there_and_edits_and_questions_do_not() -> None:
    pytest.importorskip("openvino")
    models = LoadedModels(DEFAULT_RETRIEVER, None, threads=1)
    models.load(replace(cpu("a test"), bulk="openvino"))
    assert models._bulk is not None

    def embed(priority: Priority, count: int) -> None:
        rows = tuple(range(count))
        texts = ("parse a file",) * count
        request = Encode(id=1, priority=priority, is_query=False, rows=rows, texts=texts, singly=frozenset())
        for _ in models.batches(request, list(texts)):
            pass

    embed(Priority.BULK, MUCH)
    models._bulk.join()
    before = models.tokens
    embed(Priority.EDIT, 1)
    embed(Priority.QUERY, 1)
    assert models._bulk.tokens == 0
    embed(Priority.BULK, 1)
    assert models._bulk.tokens == (models.tokens - before) / 3 > 0
    models._bulk.close()


def test_eight_bits_turned_back_are_plain_products_with_the_same_result(retriever: BiEncoder) -> None:
    import onnx
    import onnxruntime

    path = DEFAULT_RETRIEVER / "model_int8.onnx"
    model = onnx.load(str(path))
    dequantise(model)
    onnx.checker.check_model(model)
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"MatMulIntegerToFloat", "QuantizeLinear", "ReduceMax"}
    count = len(model.graph.node)
    dequantise(model)
    assert len(model.graph.node) == count, "done twice, it changes nothing"
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    ids = np.array([[101, 2073, 2024, 16324, 102]])
    feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    (plain,) = session.run(None, {one.name: feeds[one.name] for one in session.get_inputs()})
    expected = retriever._backend.run(ids, np.ones_like(ids), np.zeros_like(ids))
    assert (plain * expected).sum() > 0.995


@pytest.mark.parametrize(
    ("flags", "is_fast"),
    [("fpu amx_bf16 amx_tile", True), ("fpu avx512_bf16", False), ("amx_bf16x", False), (None, False)],
)
def test_processors_with_matrix_units_are_told(tmp_path: Path, flags: str | None, is_fast: bool) -> None:
    processors = tmp_path / "cpuinfo"
    if flags is not None:
        processors.write_text(f"processor\t: 0\nmodel name\t: amx_bf16\nflags\t\t: {flags}\nbugs\t\t: none\n")
    choice = cpu("no GPU was found", processors=processors)
    assert (choice.bulk == "openvino" or "vizsla[amx]" in choice.reason) is is_fast
    assert choice.backend == "onnx"


def test_openvino_reaches_for_no_network_and_leaves_nothing_at_home(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    code = (
        "import socket, threading\n"
        "def refuse(*_, **__): print('network')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from vizsla.models.library import DEFAULT_RETRIEVER as folder\n"
        "from vizsla.models.manifest import read_manifest\n"
        "from vizsla.models.openvino_backend import OpenVinoBackend\n"
        "OpenVinoBackend(folder, read_manifest(folder), threads=1)\n"
        "print(threading.active_count())"
    )
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["1"]
    assert not list(tmp_path.iterdir())
