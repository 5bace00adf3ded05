"""A retriever learns, keeps its best weights whatever happens, and leaves a folder that others read."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.tiny_models import WORDS
from trainer.toy_language import Toy, a_code, a_corpus, examples, make_toy, retriever_recipe, tiny_base
from vizsla.core.errors import ModelError
from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.negatives.ranking import rank_corpus
from vizsla_trainer.negatives.sampling import sample_negatives
from vizsla_trainer.progress import Progress
from vizsla_trainer.recipe import NegativesRecipe
from vizsla_trainer.retriever.dev import RetrieverDev, make_dev
from vizsla_trainer.retriever.training import train_retriever
from vizsla_trainer.training.base import load_base
from vizsla_trainer.training.batching import planned_steps
from vizsla_trainer.training.encoding import open_encoder
from vizsla_trainer.training.examples import Corpus, Example, forbidden_codes, with_negatives
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun, TrainResult

MACHINE = Machine(device="cpu", precision="fp32", threads=1)


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("retriever") / "base")


@pytest.fixture(scope="module")
def dev(toy: Toy) -> RetrieverDev:
    return make_dev(toy.dev, toy.corpus)


@pytest.fixture(scope="module")
def trained(toy: Toy, base: Path, dev: RetrieverDev, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    run = TrainingRun(out=tmp_path_factory.mktemp("trained"), threads=1, device="cpu")
    return train_retriever(base, toy.train, toy.corpus, dev, retriever_recipe(most_steps=40), run)


def mrr(folder: Path, asked: Sequence[Example], corpus: Corpus) -> float:
    ranking = rank_corpus(open_encoder(folder, MACHINE, threads=1), asked, corpus, depth=1)
    return float((1 / ranking.positive_ranks).mean())


def test_a_toy_language_is_learned_so_that_codes_never_seen_are_found(
    toy: Toy, base: Path, trained: TrainResult
) -> None:
    assert mrr(base, toy.dev, toy.corpus) < 0.3
    assert mrr(trained.folder, toy.dev, toy.corpus) > 0.9
    assert trained.best_dev > 0.9 > 0.3 > trained.start_dev
    assert trained.stopped == ""
    assert trained.steps == len(trained.losses) == 40
    assert trained.losses[-1] < 0.1 < trained.losses[0]


def test_each_step_is_told_and_logged(toy: Toy, base: Path, dev: RetrieverDev, tmp_path: Path) -> None:
    told: list[Progress] = []
    run = TrainingRun(out=tmp_path, stage="retriever", threads=1, device="cpu", report=told.append)
    train_retriever(base, toy.train, toy.corpus, dev, retriever_recipe(most_steps=6, evaluate_every=3), run)
    assert [(one.stage, one.done, one.total) for one in told] == [("retriever", i, 6) for i in range(1, 7)]
    numbers = dict(told[2].numbers)
    assert numbers.keys() == {"loss", "learning_rate", "dev", "tokens_per_second", "seconds_left"}
    assert dict(told[-1].numbers)["seconds_left"] == 0
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert [line["dev"] is not None for line in lines] == [False, False, True, False, False, True]


def test_others_read_the_folder_and_find_the_same_vectors(toy: Toy, trained: TrainResult) -> None:
    import sentence_transformers

    theirs = sentence_transformers.SentenceTransformer(str(trained.folder), device="cpu", local_files_only=True)
    texts = [example.text for example in toy.dev]
    ours = open_encoder(trained.folder, MACHINE, threads=1).encode(texts, is_query=False)
    np.testing.assert_allclose(theirs.encode(texts, show_progress_bar=False), ours, atol=1e-5)
    assert theirs.max_seq_length == 16


def test_a_trained_retriever_is_a_base_again(toy: Toy, dev: RetrieverDev, trained: TrainResult, tmp_path: Path) -> None:
    run = TrainingRun(out=tmp_path, threads=1, device="cpu")
    again = train_retriever(
        trained.folder, toy.train, toy.corpus, dev, retriever_recipe(most_steps=2, learning_rate=1e-6), run
    )
    assert again.start_dev == pytest.approx(trained.best_dev)


def test_a_second_round_learns_from_hard_negatives(toy: Toy, base: Path, dev: RetrieverDev, tmp_path: Path) -> None:
    cuts = {"similarity_cut": 1.0, "least_cut": 1.0, "duplicate_cut": 1.0}
    recipe = NegativesRecipe(method="window", count=4, window=8, **cuts)  # type: ignore[arg-type]
    ranking = rank_corpus(open_encoder(base, MACHINE, threads=1), toy.train, toy.corpus, depth=20)
    sampled = sample_negatives(ranking, forbidden_codes(toy.train, toy.corpus), recipe, codes=len(toy.corpus), seed=1)
    run = TrainingRun(out=tmp_path, threads=1, device="cpu")
    second = train_retriever(
        base,
        with_negatives(toy.train, sampled),
        toy.corpus,
        dev,
        retriever_recipe(batch=8, hard_negatives=2, second_steps=50),
        run,
    )
    assert second.steps == 50
    assert second.best_dev > 0.9


def test_a_batch_with_a_text_that_gives_no_number_is_left_out(toy: Toy, dev: RetrieverDev, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny_base(tmp_path / "base")
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][WORDS.index("graph")] = math.nan  # one query alone has it
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    poisoned = [*toy.train, replace(toy.train[0], query="graph", keys=frozenset({1}))]
    run = TrainingRun(out=tmp_path / "out", threads=1, device="cpu")
    recipe = retriever_recipe(most_steps=40, freezes_embeddings=True)
    result = train_retriever(folder, poisoned, toy.corpus, dev, recipe, run)
    assert 5 <= result.skipped_steps <= 14  # one of the four or five batches of each epoch
    assert sum(map(math.isnan, result.losses)) == result.skipped_steps
    assert result.stopped == ""
    assert result.best_dev > 0.9
    assert mrr(result.folder, toy.dev, toy.corpus) > 0.9


def test_nothing_but_such_texts_ends_the_training_with_the_weights_it_began_with(
    toy: Toy, base: Path, dev: RetrieverDev, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny_base(tmp_path / "base")
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][2] = math.nan  # of the token that every text begins with
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    run = TrainingRun(out=tmp_path / "out", threads=1, device="cpu")
    result = train_retriever(folder, toy.train, toy.corpus, dev, retriever_recipe(most_bad_steps=3), run)
    assert result.steps == result.skipped_steps == 3
    assert "no number" in result.stopped
    assert result.best_step == 0


def test_a_training_that_runs_away_is_stopped_and_ends_no_worse_than_it_began(
    toy: Toy, dev: RetrieverDev, trained: TrainResult, tmp_path: Path
) -> None:
    run = TrainingRun(out=tmp_path, threads=1, device="cpu")
    # Far from chance already, it has much to lose.
    recipe = retriever_recipe(most_steps=200, learning_rate=50.0, warmup_share=0.0, scale=60.0, evaluate_every=500)
    result = train_retriever(trained.folder, toy.train, toy.corpus, dev, recipe, run)
    assert "ran away" in result.stopped
    assert result.steps < 200
    assert result.best_step == 0
    assert mrr(result.folder, toy.dev, toy.corpus) > 0.9


def test_too_few_pairs_are_named(toy: Toy, base: Path, dev: RetrieverDev, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="1 pairs are too few"):
        train_retriever(
            base, toy.train[:1], toy.corpus, dev, retriever_recipe(), TrainingRun(out=tmp_path, threads=1, device="cpu")
        )


def test_without_dev_examples_the_last_weights_are_kept(toy: Toy, base: Path, tmp_path: Path) -> None:
    nobody = make_dev([], toy.corpus)
    run = TrainingRun(out=tmp_path, threads=1, device="cpu")
    result = train_retriever(base, toy.train, toy.corpus, nobody, retriever_recipe(most_steps=4), run)
    assert result.best_step == 4
    assert math.isnan(result.best_dev)


def test_frozen_word_vectors_stay_as_they_were(toy: Toy, base: Path, dev: RetrieverDev, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    run = TrainingRun(out=tmp_path, threads=1, device="cpu")
    recipe = retriever_recipe(most_steps=4, evaluate_every=4, freezes_embeddings=True)
    train_retriever(base, toy.train, toy.corpus, dev, recipe, run)
    before, after = load_file(base / "model.safetensors"), load_file(tmp_path / "model" / "model.safetensors")
    same = {name for name in before if (before[name] == after[name]).all()}
    assert "embeddings.word_embeddings.weight" in same
    assert "encoder.layer.0.output.dense.weight" not in same


def test_no_batch_holds_two_examples_that_may_answer_each_other() -> None:
    codes = [a_code(f"text {i % 7}", doc=f"Doc {i % 11}.", path=str(i)) for i in range(60)]
    corpus = a_corpus(codes)
    asked = examples([(code, f"question {i % 13}") for i, code in enumerate(codes)], corpus)
    asked += examples([(code, f"docstring {i}") for i, code in enumerate(codes[:20])], corpus, "docstring")
    plan = planned_steps(asked, batch=6, epochs=3, most_steps=1_000, seed=1)
    assert max(map(len, plan)) == 6
    for step in plan:
        members = [asked[place] for place in step]
        assert len({member.group for member in members}) == 1
        for i, one in enumerate(members):
            for other in members[:i]:
                assert not one.keys & other.keys
                assert one.query != other.query
                assert corpus.codes[one.code].text != corpus.codes[other.code].text
                assert corpus.codes[one.code].doc != corpus.codes[other.code].doc


def test_an_epoch_reads_each_example_once_and_nearly_all(toy: Toy) -> None:
    plan = planned_steps(toy.train, batch=16, epochs=1, most_steps=1_000, seed=3)
    read = [place for step in plan for place in step]
    assert len(read) == len(set(read)) >= len(toy.train) * 0.9
    assert plan == planned_steps(toy.train, batch=16, epochs=1, most_steps=1_000, seed=3)
    assert plan != planned_steps(toy.train, batch=16, epochs=1, most_steps=1_000, seed=4)


def test_a_workspace_of_copies_is_planned_in_no_time() -> None:
    codes = [a_code("copy", path=str(i)) for i in range(3_000)]
    asked = examples([(code, f"question {i}") for i, code in enumerate(codes)], a_corpus(codes))
    assert planned_steps(asked, batch=64, epochs=1, most_steps=10, seed=1) == []


def test_texts_are_disturbed_by_step_and_seed_alone(toy: Toy, base: Path, dev: RetrieverDev, tmp_path: Path) -> None:
    def shuffled(query: str, text: str, chance: random.Random, language: str) -> tuple[str, str]:
        words = text.split()
        chance.shuffle(words)
        return query, " ".join(words)

    losses = []
    for name in ("a", "b"):
        run = TrainingRun(out=tmp_path / name, threads=1, device="cpu")
        recipe = retriever_recipe(most_steps=5, evaluate_every=5)
        losses.append(train_retriever(base, toy.train, toy.corpus, dev, recipe, run, augment=shuffled).losses)
    assert losses[0] == losses[1]


def test_training_begins_with_our_model_folder_in_eight_bits() -> None:
    base = load_base(DEFAULT_RETRIEVER, kind="bi-encoder", seed=0)
    served = open_encoder(DEFAULT_RETRIEVER, MACHINE, threads=1)
    from vizsla_trainer.training.encoding import NetworkEncoder

    network = NetworkEncoder(base, MACHINE, query_tokens=64, code_tokens=64)
    texts = ["parse the date of a header", "def add(a, b): return a + b"]
    cosines = (network.encode(texts, is_query=True) * served.encode(texts, is_query=True)).sum(axis=1)
    assert cosines.min() > 0.97


def test_a_folder_that_holds_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        load_base(tmp_path, kind="bi-encoder", seed=0)
