"""A reranker learns to put the right code first, and its folder is read by everything that serves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainer.toy_language import Toy, a_code, a_corpus, examples, make_toy, reranker_recipe, tiny_base
from vizsla.core.errors import ModelError
from vizsla.models.convert import convert_model
from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla.models.manifest import ONNX_NAMES
from vizsla.models.reranker import load_reranker
from vizsla.models.samples import sample_functions, sample_queries
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.negatives.ranking import rank_corpus
from vizsla_trainer.negatives.sampling import sample_negatives
from vizsla_trainer.recipe import NegativesRecipe
from vizsla_trainer.reranker.dev import RerankerDev, make_dev
from vizsla_trainer.reranker.scoring import NetworkScorer
from vizsla_trainer.reranker.training import train_reranker
from vizsla_trainer.training.base import load_base
from vizsla_trainer.training.encoding import open_encoder
from vizsla_trainer.training.examples import Example, forbidden_codes, with_negatives
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun, TrainResult

MACHINE = Machine(device="cpu", precision="fp32", threads=1)
NEGATIVES = NegativesRecipe(count=5, window=30, similarity_cut=1.0, least_cut=1.0, duplicate_cut=1.0)


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("reranker") / "base")


def ranks(base: Path, asked: Sequence[Example], toy: Toy) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    found: np.ndarray[tuple[int, int], np.dtype[np.int32]]
    found = rank_corpus(open_encoder(base, MACHINE, threads=1), asked, toy.corpus, depth=20).codes
    return found


@pytest.fixture(scope="module")
def against(toy: Toy, base: Path) -> list[Example]:
    """The training examples with their negatives."""
    ranking = rank_corpus(open_encoder(base, MACHINE, threads=1), toy.train, toy.corpus, depth=60)
    forbidden = forbidden_codes(toy.train, toy.corpus)
    return with_negatives(
        toy.train, sample_negatives(ranking, forbidden, NEGATIVES, codes=len(toy.corpus), seed=1, phases=4)
    )


@pytest.fixture(scope="module")
def dev(toy: Toy, base: Path) -> RerankerDev:
    return make_dev(toy.dev, toy.corpus, ranks(base, toy.dev, toy).tolist(), depth=6)


@pytest.fixture(scope="module")
def trained(
    toy: Toy, base: Path, against: list[Example], dev: RerankerDev, tmp_path_factory: pytest.TempPathFactory
) -> TrainResult:
    run = TrainingRun(out=tmp_path_factory.mktemp("trained"), threads=1, device="cpu")
    return train_reranker(base, against, toy.corpus, dev, reranker_recipe(), run)


def scorer_of(folder: Path) -> NetworkScorer:
    return NetworkScorer(load_base(folder, kind="cross-encoder", seed=1), MACHINE, max_tokens=32)


def test_codes_never_seen_are_put_in_a_better_order(
    toy: Toy, base: Path, dev: RerankerDev, trained: TrainResult
) -> None:
    encoder = open_encoder(base, MACHINE, threads=1)
    before = []
    for query, texts in zip(dev.queries, dev.lists, strict=True):
        cosines = encoder.encode(texts, is_query=False) @ encoder.encode([query], is_query=True)[0]
        before.append(1 / (1 + int((cosines[1:] >= cosines[0]).sum())))
    after = dev.mrr(scorer_of(trained.folder))
    assert after == pytest.approx(trained.best_dev)
    assert after > np.mean(before) + 0.2
    assert trained.losses[-1] < trained.losses[0]


def test_before_it_learns_it_knows_a_text_that_holds_the_question(base: Path) -> None:
    (scores,) = scorer_of(base).score(["read file"], [["json list", "read file", "path"]])
    assert scores.argmax() == 1


def test_scores_of_lists_are_those_of_single_pairs(trained: TrainResult) -> None:
    scorer = scorer_of(trained.folder)
    queries = ["read file", "sort list of the tree", "sign"]
    lists = [["json", "list tree " * 9], ["user cookie session", "path", "cache a file"], ["json"]]
    together = scorer.score(queries, lists)
    for query, texts, scores in zip(queries, lists, together, strict=True):
        alone = [float(scorer.score([query], [[text]])[0][0]) for text in texts]
        np.testing.assert_allclose(scores, alone, atol=1e-5)


def test_examples_with_fewer_negatives_learn_too_and_those_without_are_counted(
    toy: Toy, base: Path, against: list[Example], dev: RerankerDev, tmp_path: Path
) -> None:
    uneven = [
        replace(example, negatives=tuple(row[: i % 4] for row in example.negatives))
        for i, example in enumerate(against)
    ]
    run = TrainingRun(out=tmp_path, threads=1, device="cpu")
    result = train_reranker(base, uneven, toy.corpus, dev, reranker_recipe(most_steps=3), run)
    assert result.skipped_examples == len(range(0, len(uneven), 4))
    assert result.skipped_steps == 0
    assert all(math.isfinite(loss) for loss in result.losses)


def test_no_negatives_at_all_are_named(toy: Toy, base: Path, dev: RerankerDev, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="nothing to learn"):
        train_reranker(
            base, toy.train, toy.corpus, dev, reranker_recipe(), TrainingRun(out=tmp_path, threads=1, device="cpu")
        )


def test_small_memory_gives_the_same_losses(
    toy: Toy, base: Path, against: list[Example], dev: RerankerDev, tmp_path: Path
) -> None:
    losses = []
    for chunk in (32, 4_096):
        run = TrainingRun(out=tmp_path / str(chunk), threads=1, device="cpu")
        recipe = reranker_recipe(most_steps=4, evaluate_every=9, chunk_tokens=chunk)
        losses.append(train_reranker(base, against, toy.corpus, dev, recipe, run).losses)
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_a_list_of_dev_holds_no_code_that_may_be_right(toy: Toy, base: Path) -> None:
    asked = toy.dev[:5]
    everything = [list(range(len(toy.corpus)))] * 5
    made = make_dev(asked, toy.corpus, everything, depth=8)
    for example, texts in zip(asked, made.lists, strict=True):
        assert texts[0] == example.text
        assert example.text not in texts[1:]
        assert len(texts) == 8


def test_a_cross_encoder_is_no_base_of_a_retriever(trained: TrainResult) -> None:
    with pytest.raises(ModelError, match="no retriever begins"):
        load_base(trained.folder, kind="bi-encoder", seed=1)


def test_others_refuse_the_folder_rather_than_score_by_a_head_of_their_own(trained: TrainResult) -> None:
    import sentence_transformers

    with pytest.raises(ValueError, match="not part of Sentence Transformers"):
        sentence_transformers.CrossEncoder(str(trained.folder), device="cpu", local_files_only=True)


@pytest.mark.slow
def test_a_reranker_out_of_the_default_model_is_served_in_nearly_the_same_order(tmp_path: Path) -> None:
    functions, queries = sample_functions()[:40], sample_queries()
    codes = [a_code(text, path=str(i)) for i, text in enumerate(functions)]
    corpus = a_corpus(codes)
    asked = examples([(code, code.text.split("(")[0].removeprefix("def ").strip("_")) for code in codes], corpus)
    drawn = np.array([[[(i + step) % 40 for step in (7, 19, 31)] for i in range(40)]], dtype=np.int32)
    run = TrainingRun(out=tmp_path / "out", threads=1, device="cpu")
    recipe = reranker_recipe(
        most_steps=12, batch=4, code_tokens=48, learning_rate=4e-4, precision="auto", freezes_embeddings=True
    )
    nobody = RerankerDev(queries=(), lists=())
    result = train_reranker(DEFAULT_RETRIEVER, with_negatives(asked, drawn), corpus, nobody, recipe, run)
    manifest = convert_model(str(result.folder), tmp_path / "served", role="reranker")
    assert manifest.max_tokens == 64
    served = load_reranker(tmp_path / "served", device="cpu", threads=2)
    scorer = NetworkScorer(load_base(result.folder, kind="cross-encoder", seed=1), MACHINE, max_tokens=64)
    for query in queries[:2]:
        ours, theirs = scorer.score([query], [functions])[0], served.score(query, functions)
        assert np.corrcoef(ours, theirs)[0, 1] > 0.95
    # Eight bits or not is what conversion finds out: a few steps leave scores that hardly differ.
    assert manifest.onnx_name in ONNX_NAMES
