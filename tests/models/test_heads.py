"""A cross-encoder made of a bi-encoder gives one and the same score wherever it is loaded."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from models.pooled_pairs import publish_pair
from models.published import edit_json, publish
from vizsla.core.errors import ModelError
from vizsla.models.convert import convert_model
from vizsla.models.cross_encoder import CrossEncoder, load_cross_encoder
from vizsla.models.manifest import HEAD_FOLDERS, read_manifest, verify
from vizsla.models.samples import sample_functions
from vizsla.models.sources import kind_of
from vizsla.models.tokenising import TextTokenizer
from vizsla.models.torch_backend import TorchBackend
from vizsla_trainer.reranker.scoring import NetworkScorer
from vizsla_trainer.training.base import load_base, save_model
from vizsla_trainer.training.machine import Machine

# Libraries deprecate what they themselves use.
pytestmark = pytest.mark.filterwarnings("ignore")

QUERY = "find the file"
TEXTS = ["read the file", "def parse(json):\n    return tree", "", "sort list " * 100, "ü", *sample_functions()[:20]]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_pair(tmp_path_factory.mktemp("pair") / "source")


@pytest.fixture(scope="module")
def served(published: Path) -> Path:
    convert_model(str(published), published.with_name("served"), kind="cross-encoder")
    return published.with_name("served")


def scores_of(folder: Path) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """As the trainer reads a folder."""
    machine = Machine(device="cpu", precision="fp32", threads=1)
    base = load_base(folder, kind="cross-encoder", seed=7)
    return NetworkScorer(base, machine, max_tokens=base.max_tokens).score([QUERY], [TEXTS])[0]


def by_torch(folder: Path) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """As a GPU serves a folder."""
    manifest = read_manifest(folder)
    backend = TorchBackend(folder, manifest, device="cpu")
    scores: np.ndarray[tuple[int], np.dtype[np.float32]] = CrossEncoder(
        manifest, TextTokenizer(folder, manifest), backend
    ).score(QUERY, TEXTS)
    return scores


@pytest.mark.parametrize(
    ("architecture", "pooling"),
    [("bert", "mean_tokens"), ("roberta", "cls_token"), ("distilbert", "max_tokens"), ("mpnet", "lasttoken")],
)
def test_sentence_transformers_loads_it_and_gives_the_same_scores(
    tmp_path: Path, architecture: str, pooling: str
) -> None:
    import sentence_transformers

    folder = publish_pair(tmp_path / "source", architecture, pooling=f"pooling_mode_{pooling}")
    theirs = sentence_transformers.CrossEncoder(str(folder), device="cpu", local_files_only=True)
    scores = theirs.predict([(QUERY, text) for text in TEXTS], show_progress_bar=False)
    np.testing.assert_allclose(scores, scores_of(folder), atol=1e-4)
    assert np.std(scores) > 0.1
    manifest = convert_model(str(folder), tmp_path / "served", kind="cross-encoder")
    assert f"pooling_mode_{manifest.pooling}" in f"pooling_mode_{pooling}"
    served = load_cross_encoder(tmp_path / "served", device="cpu", threads=1).score(QUERY, TEXTS)
    assert np.corrcoef(served, scores)[0, 1] > 0.98


def test_a_folder_that_is_saved_again_gives_the_same_scores(published: Path, tmp_path: Path) -> None:
    base = load_base(published, kind="cross-encoder", seed=3)
    assert (base.kind, base.pooling, base.max_tokens) == ("cross-encoder", "mean", 48)
    save_model(base, tmp_path / "again", max_tokens=base.max_tokens)
    np.testing.assert_array_equal(scores_of(tmp_path / "again"), scores_of(published))


def test_a_served_folder_has_hashes_of_its_head_and_says_how_it_pools(served: Path) -> None:
    manifest = read_manifest(served, kind="cross-encoder")
    assert (manifest.pooling, manifest.dimension, manifest.normalise) == ("mean", 1, False)
    assert {f"{folder}/model.safetensors" for folder in HEAD_FOLDERS} < set(manifest.files)
    assert manifest.has_safetensors
    with (served / HEAD_FOLDERS[1] / "model.safetensors").open("r+b") as file:
        whole = file.read()
        file.seek(len(whole) - 1)
        file.write(bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError, match="damaged"):
        verify(served, manifest)
    (served / HEAD_FOLDERS[1] / "model.safetensors").write_bytes(whole)


def test_scores_in_eight_bits_are_close(published: Path, served: Path) -> None:
    assert read_manifest(served).onnx_name == "model_int8.onnx"
    found = load_cross_encoder(served, device="cpu", threads=1).score(QUERY, TEXTS)
    wanted = scores_of(published)
    assert np.abs(found - wanted).max() < 0.15 * np.std(wanted)


def test_torch_serves_and_trains_on_what_was_published(published: Path, served: Path) -> None:
    np.testing.assert_allclose(by_torch(served), scores_of(published), atol=1e-4)
    np.testing.assert_allclose(scores_of(served), scores_of(published), atol=1e-4)


def test_a_folder_with_only_an_onnx_file_gives_its_scores_in_torch(published: Path, tmp_path: Path) -> None:
    convert_model(str(published), tmp_path / "made", kind="cross-encoder", keeps_safetensors=False)
    assert not list((tmp_path / "made").rglob("*.safetensors"))
    found = load_cross_encoder(tmp_path / "made", device="cpu", threads=1).score(QUERY, TEXTS)
    assert np.abs(by_torch(tmp_path / "made") - found).max() < 0.15 * np.std(found)


def test_prompts_of_the_encoder_stay_with_it(tmp_path: Path) -> None:
    folder = publish_pair(tmp_path / "source", prompts={"query": "find ", "document": "the "})
    manifest = convert_model(str(folder), tmp_path / "made", kind="cross-encoder")
    assert (manifest.query_prompt, manifest.document_prompt) == ("find ", "the ")


def test_the_encoder_learns_from_the_second_update_on(tmp_path: Path) -> None:
    import torch

    base = load_base(publish(tmp_path / "source"), kind="cross-encoder", seed=1)
    network = base.network
    ids = torch.arange(5, 17).reshape(2, 6)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    reached = []
    for _ in range(2):
        optimizer.zero_grad(set_to_none=True)
        logits = network(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, 0]
        torch.autograd.backward(logits[1] - logits[0])
        reached.append(
            {name for name, value in network.named_parameters() if value.grad is not None and bool(value.grad.any())}
        )
        optimizer.step()
    assert reached[0] == {"head.score.weight"}
    assert {"head.dense.weight", "encoder.encoder.layer.0.attention.self.query.weight"} < reached[1]


def test_what_a_folder_holds_is_known(published: Path, tmp_path: Path) -> None:
    assert kind_of(published) == "cross-encoder"
    assert kind_of(publish(tmp_path / "pairs", labels=1)) == "cross-encoder"
    assert kind_of(publish(tmp_path / "texts")) == "bi-encoder"
    with pytest.raises(ModelError, match="a part Dense"):
        convert_model(str(published), tmp_path / "made", kind="bi-encoder")


def test_a_cross_encoder_of_transformers_saved_by_sentence_transformers_loads(tmp_path: Path) -> None:
    import sentence_transformers

    plain = publish(tmp_path / "plain", labels=1)
    sentence_transformers.CrossEncoder(str(plain), device="cpu", local_files_only=True).save_pretrained(
        str(tmp_path / "theirs"), create_model_card=False
    )
    assert (tmp_path / "theirs" / "modules.json").exists()
    np.testing.assert_allclose(scores_of(tmp_path / "theirs"), scores_of(plain), atol=1e-5)
    assert convert_model(str(tmp_path / "theirs"), tmp_path / "made", kind="cross-encoder").pooling == "none"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"activation_function": "torch.nn.modules.activation.ReLU"}, "another head"),
        ({"out_features": 32}, "another head"),
        ({"use_residual": True}, "another head"),
        ({"in_features": "64"}, "another head"),
    ],
)
def test_a_head_of_another_form_is_refused(tmp_path: Path, values: dict[str, object], reason: str) -> None:
    folder = publish_pair(tmp_path / "source")
    edit_json(folder / HEAD_FOLDERS[0] / "config.json", **values)
    with pytest.raises(ModelError, match=reason):
        convert_model(str(folder), tmp_path / "made", kind="cross-encoder")


def test_a_damaged_head_is_refused_in_one_sentence(tmp_path: Path) -> None:
    folder = publish_pair(tmp_path / "source")
    weights = folder / HEAD_FOLDERS[0] / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2_000])
    with pytest.raises(ModelError, match=r"the layer in .* cannot be loaded"):
        convert_model(str(folder), tmp_path / "made", kind="cross-encoder")
    weights.unlink()
    with pytest.raises(ModelError, match="no weights in safetensors"):
        load_base(folder, kind="cross-encoder", seed=1)


def test_a_manifest_without_the_head_has_no_weights_for_torch(served: Path, tmp_path: Path) -> None:
    manifest = read_manifest(served)
    left = {name: file for name, file in manifest.files.items() if not name.startswith(HEAD_FOLDERS[0])}
    assert not dataclasses.replace(manifest, files=left).has_safetensors
    assert json.loads((served / "manifest.json").read_text())["pooling"] == "mean"
