"""Published models become folders of ours that answer as they did, or are refused in one sentence."""

from __future__ import annotations

import builtins
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.published import edit_json, publish
from vizsla.core.errors import ModelError
from vizsla.models import convert
from vizsla.models.bi_encoder import load_bi_encoder
from vizsla.models.convert import convert_model
from vizsla.models.manifest import read_manifest, verify
from vizsla.models.reranker import load_reranker

# Libraries deprecate what they themselves use.
pytestmark = pytest.mark.filterwarnings("ignore")

TEXTS = ["read the file", "def parse(json):\n    return tree", "", "sort list " * 100, "ü"]


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("bert", {}),
        ("bert", {"pooling": "pooling_mode_lasttoken", "normalise": False}),
        ("roberta", {"pooling": "pooling_mode_cls_token"}),
        ("distilbert", {"pooling": "pooling_mode_max_tokens"}),
        ("mpnet", {"prompts": {"query": "find ", "document": "the "}}),
    ],
)
def test_a_converted_retriever_gives_the_vectors_of_the_original(
    tmp_path: Path, architecture: str, options: dict[str, Any]
) -> None:
    from sentence_transformers import SentenceTransformer

    source = publish(tmp_path / "source", architecture, **options)
    manifest = convert_model(str(source), tmp_path / "made", role="retriever")
    verify(tmp_path / "made", manifest)
    assert (manifest.dimension, manifest.max_tokens) == (64, 48)
    ours = load_bi_encoder(tmp_path / "made", device="cpu", threads=1)
    original = SentenceTransformer(str(source), device="cpu")
    for is_query, prompt in ((True, manifest.query_prompt), (False, manifest.document_prompt)):
        found = ours.encode(TEXTS, is_query=is_query)
        wanted = original.encode(TEXTS, prompt=prompt or None)
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
        assert ((found * wanted).sum(axis=1) / lengths).min() > convert.LEAST_COSINE
    assert manifest.query_prompt == options.get("prompts", {}).get("query", "")
    assert manifest.normalise == options.get("normalise", True)


def test_eight_bits_are_kept_where_they_agree(tmp_path: Path) -> None:
    manifest = convert_model(str(publish(tmp_path / "source")), tmp_path / "made", role="retriever")
    assert manifest.onnx_name == "model_int8.onnx"
    assert not (tmp_path / "made" / "model.onnx").exists()
    assert set(manifest.files) == {"model_int8.onnx", "tokenizer.json", "config.json", "model.safetensors"}
    assert {path.name for path in (tmp_path / "made").iterdir()} == {*manifest.files, "manifest.json"}


def test_eight_bits_are_given_up_where_they_do_not_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "LEAST_COSINE", 0.99999)
    manifest = convert_model(str(publish(tmp_path / "source")), tmp_path / "made", role="retriever")
    assert manifest.onnx_name == "model.onnx"
    assert not (tmp_path / "made" / "model_int8.onnx").exists()
    verify(tmp_path / "made", read_manifest(tmp_path / "made"))


def test_a_vector_of_an_eight_bit_model_does_not_depend_on_its_batch(tmp_path: Path) -> None:
    convert_model(str(publish(tmp_path / "source", "roberta")), tmp_path / "made", role="retriever")
    encoder = load_bi_encoder(tmp_path / "made", device="cpu", threads=1)
    alone = np.concatenate([encoder.encode([text], is_query=False) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode(TEXTS, is_query=False), alone, atol=2e-6)


@pytest.mark.parametrize("architecture", ["bert", "roberta"])
def test_a_converted_reranker_gives_the_scores_of_the_original(tmp_path: Path, architecture: str) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Identity

    source = publish(tmp_path / "source", architecture, labels=1)
    manifest = convert_model(str(source), tmp_path / "made", role="reranker")
    assert (manifest.kind, manifest.pooling, manifest.dimension) == ("cross-encoder", "none", 1)
    found = load_reranker(tmp_path / "made", device="cpu", threads=1).score("find the file", TEXTS)
    original = CrossEncoder(str(source), device="cpu", max_length=manifest.max_tokens)
    wanted = original.predict([("find the file", text) for text in TEXTS], activation_fn=Identity())
    assert np.corrcoef(found, wanted)[0, 1] > convert.LEAST_COSINE


def _remove_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _only_a_pickle(folder: Path) -> None:
    _remove_weights(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))


def _cut_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5_000])


def _add_a_part(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"})
    (folder / "modules.json").write_text(json.dumps(modules))


def _add_code(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "modeling_custom.Transformer"
    (folder / "modules.json").write_text(json.dumps(modules))


def _lead_out(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["path"] = "../../elsewhere"
    (folder / "modules.json").write_text(json.dumps(modules))


def _leave_prompts_out(folder: Path) -> None:
    edit_json(folder / "1_Pooling" / "config.json", include_prompt=False)
    edit_json(folder / "config_sentence_transformers.json", prompts={"query": "q: "})


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_remove_weights, "no weights in safetensors"),
        (_only_a_pickle, "only as a pickle"),
        (_cut_weights, "cannot be loaded"),
        (_add_a_part, "a part Dense"),
        (_add_code, "code of its own"),
        (_lead_out, "leads out"),
        (lambda folder: edit_json(folder / "config.json", auto_map={"AutoModel": "x.Y"}), "auto_map"),
        (lambda folder: edit_json(folder / "config.json", model_type="nobody-knows"), "cannot be loaded"),
        (lambda folder: edit_json(folder / "config.json", hidden_size=32), "source"),
        (lambda folder: edit_json(folder / "config.json", num_hidden_layers=3), "do not fit"),
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read as JSON"),
        (lambda folder: (folder / "modules.json").write_text("[1]"), "cannot be read"),
        (
            lambda folder: edit_json(folder / "1_Pooling" / "config.json", pooling_mode_cls_token=True),
            "which is not supported",
        ),
        (_leave_prompts_out, "leaves its prompts out"),
    ],
)
def test_a_model_that_cannot_be_served_is_refused_and_says_why(
    tmp_path: Path, harm: Callable[[Path], object], reason: str
) -> None:
    source = publish(tmp_path / "source")
    harm(source)
    with pytest.raises(ModelError, match=reason) as caught:
        convert_model(str(source), tmp_path / "made", role="retriever")
    assert len(str(caught.value)) < 500


def test_a_reranker_of_several_outputs_is_refused(tmp_path: Path) -> None:
    source = publish(tmp_path / "source", labels=3)
    with pytest.raises(ModelError, match="3 outputs"):
        convert_model(str(source), tmp_path / "made", role="reranker")


def test_a_retriever_is_no_reranker(tmp_path: Path) -> None:
    source = publish(tmp_path / "source")
    edit_json(source / "config.json", id2label={"0": "LABEL_0"})
    with pytest.raises(ModelError, match="do not fit its configuration as a cross-encoder"):
        convert_model(str(source), tmp_path / "made", role="reranker")


@pytest.mark.parametrize("name", ["/nowhere/at/all", "./nothing", "~/nothing", "a/b/c", "", " "])
def test_a_path_that_is_not_there_is_never_looked_up_on_the_hub(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="no model folder"):
        convert_model(name, tmp_path / "made", role="retriever")


def test_a_hub_name_without_network_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no network.*download the model elsewhere"):
        convert_model("somebody/some-model", tmp_path / "made", role="retriever")


def test_without_the_extra_the_command_to_install_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = publish(tmp_path / "source")
    real_import = builtins.__import__

    def lacking(name: str, *rest: Any, **named: Any) -> Any:
        if name == "onnx":
            raise ImportError(name)
        return real_import(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(ModelError, match=r"pip install 'vizsla\[train\]'"):
        convert_model(str(source), tmp_path / "made", role="retriever")
