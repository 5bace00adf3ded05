"""Late interaction: the score is that of texts read apart, and nobody is read twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.published import publish
from models.tiny_models import make_tiny_model
from vizsla.core.errors import ModelError
from vizsla.models import late_interaction
from vizsla.models.client import ModelClient
from vizsla.models.convert import convert_model
from vizsla.models.late_interaction import MIDDLE, SPREAD, LateInteraction, maxsim
from vizsla.models.library import add_model
from vizsla.models.manifest import read_manifest
from vizsla.models.reranker import load_reranker, reranker_of
from vizsla.models.sources import LATE_INTERACTION, kind_of
from vizsla.models.tokenising import TextTokenizer
from vizsla.models.torch_backend import TorchBackend
from vizsla.models.weights import load_network

# Libraries deprecate what they themselves use.
pytestmark = pytest.mark.filterwarnings("ignore")

QUERY = "where is the cookie of the session"
TEXTS = ["sign the cookie", "read json file", "", "sort list " * 100, "cache"]
PATIENCE = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("late") / "tiny", "late-interaction")


@pytest.fixture
def model(folder: Path) -> LateInteraction:
    found = load_reranker(folder, device="cpu", threads=1)
    assert isinstance(found, LateInteraction)
    return found


def plainly(folder: Path, query: str, text: str) -> float:
    """The score by the formula, with the network as transformers runs it."""
    import torch

    manifest = read_manifest(folder)
    network, tokenizer = load_network(folder, manifest), TextTokenizer(folder, manifest)
    sides = []
    for one in tokenizer.encode([query, text]):
        states = network(
            input_ids=torch.tensor([one.ids]), attention_mask=torch.ones(1, len(one.ids))
        ).last_hidden_state
        sides.append(states[0, 1:-1] / states[0, 1:-1].norm(dim=1, keepdim=True))
    cosines = sides[0] @ sides[1].T
    similarity = float(cosines.max(dim=1).values.mean()) if len(sides[1]) else -1.0
    return SPREAD * (similarity - MIDDLE)


def test_each_token_of_the_question_takes_its_best_match() -> None:
    question, function = np.eye(3)[:2], np.array([[1.0, 0, 0], [0, 0.6, 0.8]])
    assert maxsim(question, function) == pytest.approx((1.0 + 0.6) / 2)
    assert maxsim(question[:0], function) == 0
    assert maxsim(question, function[:0]) == -1


def test_scores_are_those_of_the_formula(folder: Path, model: LateInteraction) -> None:
    wanted = [plainly(folder, QUERY, text) for text in TEXTS]
    np.testing.assert_allclose(model.score(QUERY, TEXTS), wanted, atol=0.02)  # remembered in 16 bits
    np.testing.assert_allclose(model.score(QUERY, TEXTS), wanted, atol=0.02)


def test_a_gpu_answers_the_same(folder: Path, model: LateInteraction) -> None:
    manifest = read_manifest(folder)
    by_torch = reranker_of(folder, manifest, TorchBackend(folder, manifest, device="cpu"))
    np.testing.assert_allclose(by_torch.score(QUERY, TEXTS), model.score(QUERY, TEXTS), atol=0.01)


def test_functions_are_read_once_and_questions_each_time(model: LateInteraction) -> None:
    model.score(QUERY, TEXTS)
    read = model.tokens
    assert read > 60
    again = model.score("read the file", TEXTS)
    assert model.tokens == read
    assert again.argmax() == model.score("read the file", TEXTS[:2]).argmax() == 1
    model.score(QUERY, [*TEXTS, "tree of nodes"])
    assert read < model.tokens < read + 10


def test_what_is_remembered_comes_before_what_must_be_read(model: LateInteraction) -> None:
    model.score(QUERY, TEXTS[1:3])
    first, *others = (places.tolist() for places, _ in model.score_batches(QUERY, TEXTS))
    assert first == [1, 2]
    assert [place for places in others for place in places] == [0, 3, 4]


def test_what_was_asked_long_ago_is_forgotten(model: LateInteraction, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = model.score(QUERY, TEXTS)
    monkeypatch.setattr(late_interaction, "_REMEMBERED_BYTES", 0)
    model.score(QUERY, ["open the file"])
    read = model.tokens
    np.testing.assert_array_equal(model.score(QUERY, TEXTS), wanted)
    assert model.tokens > read + 60


def test_nothing_asked_is_nothing_answered(model: LateInteraction) -> None:
    assert model.score(QUERY, []).shape == (0,)
    assert np.isfinite(model.score("", TEXTS)).all()


@pytest.fixture
def client(folder: Path, tmp_path: Path) -> Iterator[ModelClient]:
    with ModelClient(make_tiny_model(tmp_path / "retriever", "bi-encoder"), folder, device="cpu", threads=1) as client:
        yield client


def test_a_worker_answers_with_it(client: ModelClient, model: LateInteraction) -> None:
    assert client.has_reranker
    assert client.remembers_texts
    for query in (QUERY, "read the file"):
        found = client.rerank(query, TEXTS, budget_seconds=PATIENCE).result(PATIENCE)
        np.testing.assert_allclose(found, model.score(query, TEXTS), atol=1e-3)


def publish_late(folder: Path, architecture: str = "bert") -> Path:
    """As the trainer leaves one."""
    publish(folder, architecture)
    parts = [("", "sentence_transformers.models.Transformer"), ("1_LateInteraction", LATE_INTERACTION)]
    modules = [{"idx": i, "name": str(i), "path": path, "type": kind} for i, (path, kind) in enumerate(parts)]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    return folder


@pytest.mark.parametrize("architecture", ["bert", "roberta"])
def test_a_trained_folder_is_served_in_eight_bits(tmp_path: Path, architecture: str) -> None:
    source = publish_late(tmp_path / "source", architecture)
    assert kind_of(source) == "late-interaction"
    made = tmp_path / "made"
    manifest = convert_model(str(source), made, role="reranker")
    assert (manifest.kind, manifest.pooling, manifest.dimension) == ("late-interaction", "tokens", 64)
    assert manifest.onnx_name == "model_int8.onnx"
    served = load_reranker(made, device="cpu", threads=1)
    torch = reranker_of(made, manifest, TorchBackend(made, manifest, device="cpu"))
    texts = [text for text in TEXTS if text]
    assert np.corrcoef(served.score(QUERY, texts), torch.score(QUERY, texts))[0, 1] > 0.95


def test_it_is_added_as_a_reranker_and_refused_as_a_retriever(tmp_path: Path) -> None:
    source = publish_late(tmp_path / "source")
    added = add_model(str(source), tmp_path / "cache", role="reranker", name="late")
    assert (added.manifest.kind, added.manifest.role) == ("late-interaction", "reranker")
    with pytest.raises(ModelError, match="a part LateInteraction"):
        add_model(str(source), tmp_path / "cache", role="retriever", name="other")
    with pytest.raises(ModelError, match="is a reranker, but a retriever is wanted"):
        read_manifest(added.folder, role="retriever")
