"""The default model on the CPU: right vectors for any text, and nothing heavy on the way to them."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from models.published import edit_json
from vizsla.core.errors import ModelError
from vizsla.models.bi_encoder import BiEncoder, load_bi_encoder
from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla.models.manifest import hash_file
from vizsla.models.reranker import load_reranker

TEXTS = [
    "",
    " ",
    "x",
    "def add(a, b):\n    return a + b",
    "where are session cookies signed",
    "日本語の関数 ü ß 🎉 \u202e",
    "\x00\x1b[31m",
    "half \udc80 a character",
    inspect.getsource(textwrap.wrap),
    inspect.getsource(textwrap),
    "x" * 100_000,
    "word " * 20_000,
]


@pytest.fixture(scope="module")
def encoder() -> BiEncoder:
    return load_bi_encoder(DEFAULT_RETRIEVER, device="cpu", threads=1)


def test_any_text_has_a_finite_vector_of_length_1(encoder: BiEncoder) -> None:
    vectors = encoder.encode(TEXTS, is_query=False)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_what_else_is_in_its_batch(encoder: BiEncoder) -> None:
    together = encoder.encode(TEXTS, is_query=False)
    alone = np.concatenate([encoder.encode([text], is_query=False) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_padding_does_not_change_a_vector(encoder: BiEncoder) -> None:
    ids = np.array([[101, 2073, 2024, 16324, 102]])
    mask = np.ones_like(ids)
    wide, wide_mask = (np.pad(array, ((0, 0), (0, 123))) for array in (ids, mask))
    backend = encoder._backend
    narrow_vector = backend.run(ids, mask, np.zeros_like(ids))
    np.testing.assert_allclose(backend.run(wide, wide_mask, np.zeros_like(wide)), narrow_vector, atol=2e-6)


def test_vectors_come_in_batches_each_text_once(encoder: BiEncoder) -> None:
    texts = [text * 20 for text in ("a ", "b c ", "d e f g ")] * 40
    found = list(encoder.encode_batches(texts, is_query=False))
    assert len(found) > 1
    assert sorted(i for indices, _ in found for i in indices.tolist()) == list(range(len(texts)))


def test_no_texts_give_no_vectors(encoder: BiEncoder) -> None:
    assert encoder.encode([], is_query=True).shape == (0, 384)


def test_meaning_is_found(encoder: BiEncoder) -> None:
    functions = [
        "def sign_cookie(value, key):\n    return hmac.new(key, value).hexdigest()",
        "def read_config(path):\n    return json.loads(path.read_text())",
        "def retry(send, attempts):\n    for i in range(attempts):\n        try: return send()\n        except OSError: pass",
    ]
    questions = ["where are session cookies signed", "load the settings file", "send again after a failure"]
    scores = encoder.encode(questions, is_query=True) @ encoder.encode(functions, is_query=False).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


def test_memory_stays_flat_over_many_shapes(encoder: BiEncoder) -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(["word"] * int(n)) for n in rng.integers(1, 250, 40)]
    list(encoder.encode_batches(texts, is_query=False))
    before = _resident_bytes()
    for _ in range(3):
        list(encoder.encode_batches(texts[: int(rng.integers(10, 40))], is_query=False))
    assert _resident_bytes() - before < 30_000_000


def test_a_query_vector_needs_neither_torch_nor_onnx() -> None:
    code = f"""
import sys, json
from pathlib import Path
from vizsla.models.bi_encoder import load_bi_encoder
load_bi_encoder(Path({str(DEFAULT_RETRIEVER)!r}), device="cpu", threads=1).encode(["x"], is_query=True)
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "transformers", "onnx", "sentence_transformers", "huggingface_hub"}.isdisjoint(
        json.loads(done.stdout)
    )


def test_a_damaged_graph_is_refused_in_one_sentence(tmp_path: Path) -> None:
    folder = _copy_with(tmp_path, (DEFAULT_RETRIEVER / "model_int8.onnx").read_bytes()[:100_000])
    with pytest.raises(ModelError, match="cannot be loaded as an ONNX model"):
        load_bi_encoder(folder, device="cpu", threads=1)


def test_a_graph_of_another_dimension_is_refused(tmp_path: Path) -> None:
    folder = _copy_with(tmp_path, (DEFAULT_RETRIEVER / "model_int8.onnx").read_bytes())
    edit_json(folder / "manifest.json", dimension=512)
    with pytest.raises(ModelError, match="384"):
        load_bi_encoder(folder, device="cpu", threads=1).encode(["x"], is_query=True)


def test_a_retriever_does_not_rerank() -> None:
    with pytest.raises(ModelError, match="reranker is wanted"):
        load_reranker(DEFAULT_RETRIEVER, device="cpu", threads=1)


def _copy_with(folder: Path, graph: bytes) -> Path:
    shutil.copytree(DEFAULT_RETRIEVER, folder / "model")
    (folder / "model" / "model_int8.onnx").write_bytes(graph)
    files = {name: hash_file(folder / "model" / name) for name in ("model_int8.onnx", "tokenizer.json")}
    edit_json(
        folder / "model" / "manifest.json",
        files={name: {"sha256": file.sha256, "size": file.size} for name, file in files.items()},
    )
    return folder / "model"


def _resident_bytes() -> int:
    import resource

    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
