"""Model folders are read whole or refused in one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from models.published import edit_json
from vizsla.core.errors import ModelError
from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla.models.manifest import Manifest, hash_file, read_manifest, verify, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose files are right, though no model."""
    (tmp_path / "model.onnx").write_bytes(b"weights")
    (tmp_path / "tokenizer.json").write_text("{}")
    write_manifest(tmp_path, manifest_of(tmp_path))
    return tmp_path


def manifest_of(folder: Path, **changed: object) -> Manifest:
    values: dict[str, object] = {
        "name": "m",
        "kind": "bi-encoder",
        "dimension": 8,
        "max_tokens": 32,
        "pooling": "mean",
        "normalise": True,
        "query_prompt": "query: ",
        "files": {name: hash_file(folder / name) for name in ("model.onnx", "tokenizer.json")},
    }
    return Manifest(**(values | changed))  # type: ignore[arg-type]


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        verify(folder, read_manifest(folder))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_manifest_is_read_as_it_was_written(folder: Path) -> None:
    assert read_manifest(folder) == manifest_of(folder)


def test_the_default_model_is_whole_and_small() -> None:
    manifest = read_manifest(DEFAULT_RETRIEVER, role="retriever")
    verify(DEFAULT_RETRIEVER, manifest)
    assert (manifest.dimension, manifest.max_tokens, manifest.licence) == (384, 256, "Apache-2.0")
    assert sum(path.stat().st_size for path in DEFAULT_RETRIEVER.iterdir()) < 30_000_000


def test_the_fingerprint_follows_everything_that_shapes_vectors_and_nothing_else(folder: Path) -> None:
    plain = manifest_of(folder).fingerprint
    shaping: tuple[dict[str, object], ...] = (
        {"query_prompt": "q: "},
        {"document_prompt": "d: "},
        {"pooling": "cls"},
        {"normalise": False},
        {"max_tokens": 16},
        {"kind": "cross-encoder"},
        {"files": {}},
    )
    others = {manifest_of(folder, **change).fingerprint for change in shaping}
    assert len(others | {plain}) == len(shaping) + 1
    assert manifest_of(folder, name="other", base="x", licence="MIT").fingerprint == plain


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "no model folder" in refusal(tmp_path / "nowhere")


def test_a_folder_without_manifest_is_refused_with_the_command_that_converts_it(tmp_path: Path) -> None:
    assert "vizsla models add" in refusal(tmp_path)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    assert "model.onnx" in refusal(folder)


def test_a_truncated_file_is_refused_without_reading_it(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"weight")
    with pytest.raises(ModelError, match="6 bytes instead of 7"):
        read_manifest(folder)


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(DEFAULT_RETRIEVER, folder)
    with (folder / "model_int8.onnx").open("r+b") as file:
        file.seek(5_000_000)
        byte = file.read(1)
        file.seek(5_000_000)
        file.write(bytes([byte[0] ^ 1]))
    assert "changed or damaged" in refusal(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights.PT", "sub/state.pkl", "x.ckpt", "y.npy", "z.joblib"])
def test_a_pickle_is_refused_wherever_it_lies(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    assert "pickle" in refusal(folder)


@pytest.mark.parametrize("name", ["modeling_custom.py", "kernel.so"])
def test_code_in_a_folder_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    assert "code" in refusal(folder)


def test_a_configuration_that_names_code_is_refused(folder: Path) -> None:
    edit_json(folder / "config.json", auto_map={"AutoModel": "modeling.Custom"})
    assert "auto_map" in refusal(folder)


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/passwd", "a/../../b", "..\\x", "c:x", "", "a\0b"])
def test_a_file_name_that_leads_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edit_json(folder / "manifest.json", files={**files, name: {"sha256": "0" * 64, "size": 1}})
    assert "leads out" in refusal(folder)


def test_a_link_that_leads_out_of_the_folder_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "model.onnx"
    (folder / "model.onnx").rename(outside)
    (folder / "model.onnx").symlink_to(outside)
    assert "link" in refusal(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"schema": None},
        {"kind": "decoder"},
        {"kind": 1},
        {"dimension": "384"},
        {"dimension": True},
        {"dimension": 0},
        {"max_tokens": 10**9},
        {"pooling": "median"},
        {"normalise": 1},
        {"prompts": []},
        {"prompts": {"query": None, "document": ""}},
        {"files": []},
        {"files": {}},
        {"files": {"model.onnx": 3}},
        {"files": {"model.onnx": {"sha256": "ab", "size": 7}}},
    ],
)
def test_a_wrong_value_is_refused(folder: Path, change: dict[str, object]) -> None:
    edit_json(folder / "manifest.json", **change)
    assert "manifest.json" in refusal(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, "\udcff"])
def test_a_manifest_that_is_no_object_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "manifest.json" in refusal(folder)


def test_the_other_kind_of_model_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="is a retriever, but a reranker is wanted"):
        read_manifest(folder, role="reranker")
