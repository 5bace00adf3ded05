"""A cross-encoder that matches tokens gives one and the same score wherever it is loaded."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from models.matching_pairs import publish_pair
from models.published import edit_json, publish
from vizsla.core.errors import ModelError
from vizsla.models.convert import convert_model
from vizsla.models.cross_encoder import CrossEncoder
from vizsla.models.manifest import read_manifest
from vizsla.models.maxsim import MaxSimScorer, maxsim, sides
from vizsla.models.reranker import load_reranker
from vizsla.models.samples import sample_functions
from vizsla.models.sources import kind_of
from vizsla.models.tokenising import TextTokenizer, separator_of
from vizsla.models.torch_backend import TorchBackend
from vizsla_trainer.reranker.scoring import NetworkScorer
from vizsla_trainer.training.base import load_base, save_model
from vizsla_trainer.training.machine import Machine

# Libraries deprecate what they themselves use.
pytestmark = pytest.mark.filterwarnings("ignore")

QUERY = "find the file"
TEXTS = ["read the file", "def parse(json):\n    return tree", "", "sort list " * 100, "ü", *sample_functions()[:20]]
ARCHITECTURES = ("bert", "roberta", "distilbert", "mpnet")

Scores = np.ndarray[tuple[int], np.dtype[np.float32]]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_pair(tmp_path_factory.mktemp("pair") / "source")


@pytest.fixture(scope="module")
def served(published: Path) -> Path:
    convert_model(str(published), published.with_name("served"), role="reranker")
    return published.with_name("served")


def scores_of(folder: Path, query: str = QUERY) -> Scores:
    """As the trainer reads a folder."""
    machine = Machine(device="cpu", precision="fp32", threads=1)
    base = load_base(folder, kind="cross-encoder", seed=7)
    return NetworkScorer(base, machine, max_tokens=base.max_tokens).score([query], [TEXTS])[0]


def by_torch(folder: Path) -> Scores:
    """As a GPU serves a folder."""
    manifest = read_manifest(folder)
    backend = TorchBackend(folder, manifest, device="cpu")
    return CrossEncoder(manifest, TextTokenizer(folder, manifest), backend).score(QUERY, TEXTS)


def test_each_token_of_the_question_takes_its_best_match() -> None:
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(1, 9, 5, generator=generator)
    question, function = torch.zeros(1, 9), torch.zeros(1, 9)
    question[0, 1:4], function[0, 5:8] = 1.0, 1.0
    vectors = (states[0] / states[0].norm(dim=1, keepdim=True)).numpy()
    wanted = np.mean([max(float(vectors[i] @ vectors[j]) for j in range(5, 8)) for i in range(1, 4)])
    assert maxsim(states, question, function).item() == pytest.approx(wanted, abs=1e-6)


def test_a_text_without_tokens_is_a_number() -> None:
    states, none, some = torch.ones(1, 4, 3), torch.zeros(1, 4), torch.tensor([[0.0, 1, 0, 0]])
    assert maxsim(states, none, some).item() == 0
    assert maxsim(states, some, none).item() == -1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_sides_are_the_two_texts_without_special_tokens(tmp_path: Path, architecture: str) -> None:
    base = load_base(publish(tmp_path / "source", architecture), kind="cross-encoder", seed=1)
    short, long = base.reads(48).encode_pairs(QUERY, ["read", "read the file"])
    width = len(long.ids)
    ids = torch.tensor([short.ids + [0] * (width - len(short.ids)), long.ids])
    mask = torch.tensor([[1] * len(short.ids) + [0] * (width - len(short.ids)), [1] * width])
    question, function = sides(ids, mask, separator_of(base.tokenizer))
    special = torch.tensor([short.special_tokens_mask + [1] * (width - len(short.ids)), long.special_tokens_mask])
    texts = torch.tensor(
        [[i or 0 for i in tokens.sequence_ids] + [0] * (width - len(tokens.ids)) for tokens in (short, long)]
    )
    assert torch.equal(question, ((special == 0) & (texts == 0)).float())
    assert torch.equal(function, ((special == 0) & (texts == 1)).float())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_is_served_as_it_was_trained(tmp_path: Path, architecture: str) -> None:
    folder = publish_pair(tmp_path / "source", architecture)
    wanted = scores_of(folder)
    assert np.std(wanted) > 0.05
    convert_model(str(folder), tmp_path / "served", role="reranker")
    found = load_reranker(tmp_path / "served", device="cpu", threads=1).score(QUERY, TEXTS)
    assert np.corrcoef(found, wanted)[0, 1] > 0.98


def test_a_folder_that_is_saved_again_gives_the_same_scores(published: Path, tmp_path: Path) -> None:
    base = load_base(published, kind="cross-encoder", seed=3)
    assert (base.kind, base.pooling, base.max_tokens) == ("cross-encoder", "maxsim", 48)
    save_model(base, tmp_path / "again", max_tokens=base.max_tokens)
    np.testing.assert_array_equal(scores_of(tmp_path / "again"), scores_of(published))


def test_a_served_folder_says_how_it_scores(served: Path) -> None:
    manifest = read_manifest(served, role="reranker")
    assert (manifest.pooling, manifest.dimension, manifest.normalise) == ("maxsim", 1, False)
    assert manifest.has_safetensors
    assert manifest.onnx_name == "model_int8.onnx"


def test_a_score_does_not_depend_on_what_else_is_in_the_batch(served: Path) -> None:
    scorer = load_reranker(served, device="cpu", threads=1)
    together = scorer.score(QUERY, TEXTS)
    apart = np.concatenate([scorer.score(QUERY, [text]) for text in TEXTS])
    np.testing.assert_allclose(together, apart, atol=1e-5)


def test_torch_serves_and_trains_on_what_was_published(published: Path, served: Path) -> None:
    np.testing.assert_allclose(by_torch(served), scores_of(published), atol=1e-4)
    np.testing.assert_allclose(scores_of(served), scores_of(published), atol=1e-4)


def test_a_folder_with_only_an_onnx_file_gives_its_scores_in_torch(published: Path, tmp_path: Path) -> None:
    convert_model(str(published), tmp_path / "made", role="reranker", keeps_safetensors=False)
    assert not list((tmp_path / "made").rglob("*.safetensors"))
    found = load_reranker(tmp_path / "made", device="cpu", threads=1).score(QUERY, TEXTS)
    assert np.abs(by_torch(tmp_path / "made") - found).max() < 0.2 * np.std(found)


def test_prompts_of_the_encoder_stay_with_it(tmp_path: Path) -> None:
    folder = publish_pair(tmp_path / "source", prompts={"query": "find ", "document": "the "})
    manifest = convert_model(str(folder), tmp_path / "made", role="reranker")
    assert (manifest.query_prompt, manifest.document_prompt) == ("find ", "the ")


def test_all_of_the_encoder_learns_from_the_first_update_on(tmp_path: Path) -> None:
    base = load_base(publish(tmp_path / "source"), kind="cross-encoder", seed=1)
    assert isinstance(base.network, MaxSimScorer)
    separator = separator_of(base.tokenizer)
    ids = torch.arange(5, 17).reshape(2, 6)
    ids[:, 2] = ids[:, 5] = separator
    logits = base.network(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, 0]
    torch.autograd.backward(logits[1] - logits[0])
    reached = {name for name, value in base.network.named_parameters() if value.grad is not None and value.grad.any()}
    assert "encoder.encoder.layer.0.attention.self.query.weight" in reached


def test_what_a_folder_holds_is_known(published: Path, tmp_path: Path) -> None:
    assert kind_of(published) == "cross-encoder"
    assert kind_of(publish(tmp_path / "pairs", labels=1)) == "cross-encoder"
    assert kind_of(publish(tmp_path / "texts")) == "bi-encoder"
    with pytest.raises(ModelError, match="a part MaxSimScorer"):
        convert_model(str(published), tmp_path / "made", role="retriever")


def test_a_cross_encoder_of_transformers_saved_by_sentence_transformers_loads(tmp_path: Path) -> None:
    import sentence_transformers

    plain = publish(tmp_path / "plain", labels=1)
    sentence_transformers.CrossEncoder(str(plain), device="cpu", local_files_only=True).save_pretrained(
        str(tmp_path / "theirs"), create_model_card=False
    )
    assert (tmp_path / "theirs" / "modules.json").exists()
    np.testing.assert_allclose(scores_of(tmp_path / "theirs"), scores_of(plain), atol=1e-5)
    assert convert_model(str(tmp_path / "theirs"), tmp_path / "made", role="reranker").pooling == "none"


def test_other_parts_above_an_encoder_are_refused(tmp_path: Path) -> None:
    folder = publish_pair(tmp_path / "source")
    parts = (folder / "modules.json").read_text()
    (folder / "modules.json").write_text(
        parts.replace("vizsla.models.maxsim.MaxSimScorer", "sentence_transformers.models.Dense")
    )
    with pytest.raises(ModelError, match="a part Dense"):
        convert_model(str(folder), tmp_path / "made", role="reranker")
    (folder / "modules.json").write_text(parts.replace("MaxSimScorer", "Other"))
    with pytest.raises(ModelError, match="code of its own"):
        convert_model(str(folder), tmp_path / "made", role="reranker")


def test_a_tokenizer_that_marks_no_end_is_refused(published: Path, tmp_path: Path) -> None:
    folder = publish(tmp_path / "source")
    edit_json(folder / "tokenizer.json", post_processor=None)
    with pytest.raises(ModelError, match="does not mark where texts of a pair end"):
        load_base(folder, kind="cross-encoder", seed=1)


def test_a_manifest_without_weights_has_none_for_torch(served: Path) -> None:
    manifest = read_manifest(served)
    left = {name: file for name, file in manifest.files.items() if name != "model.safetensors"}
    assert not dataclasses.replace(manifest, files=left).has_safetensors


def test_a_reranker_that_scores_otherwise_is_refused_by_torch(served: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(served, tmp_path / "other"))
    edit_json(folder / "manifest.json", pooling="mean")
    with pytest.raises(ModelError, match="scores by 'mean'"):
        TorchBackend(folder, read_manifest(folder), device="cpu")
