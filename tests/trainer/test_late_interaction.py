"""Late interaction learns to put the right code first, and its folder says what it is."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.tiny_models import make_tiny_model
from trainer import builders
from trainer.toy import make_workspace, toy_recipe, toy_settings
from trainer.toy_language import (
    CODE_WORDS,
    QUERY_WORDS,
    Toy,
    a_corpus,
    examples,
    make_toy,
    reranker_recipe,
    tiny_base,
)
from vizsla.core.errors import ModelError
from vizsla.models.convert import convert_model
from vizsla.models.library import DEFAULT_RETRIEVER
from vizsla.models.reranker import load_reranker
from vizsla.models.samples import sample_functions, sample_queries
from vizsla.models.sources import kind_of
from vizsla_trainer.errors import RecipeError, StoppedError, TrainingError
from vizsla_trainer.progress import Progress, never, unheard
from vizsla_trainer.recipe import RerankerRecipe
from vizsla_trainer.recipe_files import load_recipe, recipe_from
from vizsla_trainer.reranker.dev import RerankerDev, make_dev
from vizsla_trainer.reranker.late import train_late_interaction
from vizsla_trainer.reranker.matching import TokenScorer
from vizsla_trainer.run_folder import RunFolder
from vizsla_trainer.stages.opening import new_run
from vizsla_trainer.stages.pipeline import run_stages
from vizsla_trainer.training.base import Base, load_base, save_model
from vizsla_trainer.training.examples import Example, with_negatives
from vizsla_trainer.training.in_batch import drawn_contrast, planned_contrasts
from vizsla_trainer.training.lessons import Lessons
from vizsla_trainer.training.machine import Machine
from vizsla_trainer.training.run import TrainingRun, TrainResult

MACHINE = Machine(device="cpu", precision="fp32", threads=1)


def recipe(**changes: object) -> RerankerRecipe:
    return reranker_recipe(**{"form": "late-interaction", "batch": 16, "chunk_tokens": 512, **changes})


@pytest.fixture(scope="module")
def toy() -> Toy:
    return make_toy()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("late") / "base")


@pytest.fixture(scope="module")
def against(toy: Toy) -> list[Example]:
    """The training examples with their negatives."""
    size = len(toy.corpus)
    places = [[(e.code + jump) % size for jump in (3, 8, 31)] for e in toy.train]
    return with_negatives(toy.train, np.array([places, places[::-1]], dtype=np.int32))


@pytest.fixture(scope="module")
def dev(toy: Toy) -> RerankerDev:
    return make_dev(toy.dev, toy.corpus, [list(range(30))] * len(toy.dev), depth=12)


@pytest.fixture(scope="module")
def trained(
    toy: Toy, base: Path, against: list[Example], dev: RerankerDev, tmp_path_factory: pytest.TempPathFactory
) -> TrainResult:
    run = TrainingRun(out=tmp_path_factory.mktemp("trained"), threads=1, device="cpu")
    return train_late_interaction(base, against, toy.corpus, dev, recipe(most_steps=60, evaluate_every=30), run)


def scorer_of(folder: Path) -> TokenScorer:
    base = load_base(folder, kind="late-interaction", seed=1)
    return TokenScorer(base, MACHINE, query_tokens=16, code_tokens=16)


def weights(base: Base) -> dict[str, torch.Tensor]:
    return dict(base.network.state_dict())


def test_each_query_brings_so_many_hard_negatives_and_none_that_answers_another_stands_against_it(
    toy: Toy, against: list[Example]
) -> None:
    plan = planned_contrasts(against, toy.corpus, recipe(), most_steps=3, seed=1)
    lessons = Lessons(plan=plan, examples=against, corpus=toy.corpus, seed=1)
    contrast = drawn_contrast(lessons, 2, hard_negatives=2)
    assert len(contrast.queries) == 16
    assert len(contrast.codes) == 48
    asked, _ = lessons.of(2)
    for example, allowed in zip(asked, contrast.allowed, strict=True):
        for text, is_allowed in zip(contrast.codes[16:], allowed[16:], strict=True):
            assert is_allowed == (text != example.text)
    assert len(drawn_contrast(lessons, 2, hard_negatives=0).codes) == 16


def test_within_a_language_only_its_kin_meet() -> None:
    languages = ["c", "python", "cpp", "ruby"] * 6
    codes = [
        builders.a_code(f"{CODE_WORDS[i % 10]} {i}", path=f"{i}", language=language)
        for i, language in enumerate(languages)
    ]
    corpus = a_corpus(codes)
    asked = examples([(code, f"{QUERY_WORDS[i % 10]} {i}") for i, code in enumerate(codes)], corpus)
    kin = {"c": "c", "cpp": "c", "python": "python", "ruby": "ruby"}
    plan = planned_contrasts(asked, corpus, recipe(batch=4, within_language=True), most_steps=99, seed=1)
    met = [{kin[languages[place]] for place in step} for step in plan]
    assert all(len(step) == 1 for step in met)
    assert set.union(*met) == {"c", "python", "ruby"}


def test_codes_never_seen_are_put_in_a_better_order(dev: RerankerDev, base: Path, trained: TrainResult) -> None:
    assert dev.mrr(scorer_of(base)) == pytest.approx(trained.start_dev)
    assert dev.mrr(scorer_of(trained.folder)) == pytest.approx(trained.best_dev)
    assert trained.best_dev > trained.start_dev + 0.2
    assert trained.losses[-1] < trained.losses[0]
    assert trained.skipped_steps == 0


def test_scores_are_those_of_plain_token_vectors(trained: TrainResult) -> None:
    import tokenizers
    import transformers

    network = transformers.AutoModel.from_pretrained(trained.folder, local_files_only=True).eval()
    tokenizer = tokenizers.Tokenizer.from_file(str(trained.folder / "tokenizer.json"))

    def vectors(text: str) -> NDArray[np.float32]:
        ids = tokenizer.encode(text).ids
        ids = ids if len(ids) <= 16 else [*ids[:15], ids[-1]]
        with torch.no_grad():
            states = network(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()
        inner: NDArray[np.float32] = states[1:-1] / np.linalg.norm(states[1:-1], axis=1, keepdims=True)
        return inner

    queries = ["read file", "sort list of the tree", "sign"]
    lists = [["json", "list tree " * 9], ["user cookie session", "json", "cache a file"], ["path"]]
    assert len(tokenizer.encode(lists[0][1]).ids) > 16
    for query, texts, scores in zip(queries, lists, scorer_of(trained.folder).score(queries, lists), strict=True):
        expected = [(vectors(query) @ vectors(text).T).max(axis=1).mean() for text in texts]
        np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_many_lists_are_scored_as_one_alone(trained: TrainResult) -> None:
    chance = random.Random(1)
    queries = [" ".join(chance.sample(QUERY_WORDS, 3)) for _ in range(40)]
    lists = [[" ".join(chance.sample(CODE_WORDS, chance.randint(1, 9))) for _ in range(4)] for _ in queries]
    scorer = scorer_of(trained.folder)
    together = scorer.score(queries, lists)
    assert len(together) == 40
    for i in (0, 15, 16, 39):
        np.testing.assert_allclose(together[i], scorer.score([queries[i]], [lists[i]])[0], atol=1e-5)
    assert scorer.score([], []) == []


def test_a_training_stopped_by_its_user_ends_with_the_weights_of_one_that_was_not(
    toy: Toy, base: Path, against: list[Example], dev: RerankerDev, tmp_path: Path
) -> None:
    taken: list[int] = []

    def report(progress: Progress) -> None:
        taken.append(progress.done)

    def train(name: str, *, until: int) -> TrainResult:
        run = TrainingRun(
            out=tmp_path / name, threads=1, device="cpu", report=report, cancelled=lambda: taken[-1:] == [until]
        )
        numbers = {"most_steps": 9, "checkpoint_every": 4, "evaluate_every": 6, "precision": "auto"}
        return train_late_interaction(base, against, toy.corpus, dev, recipe(**numbers), run)

    whole = train("whole", until=0)
    taken.clear()
    with pytest.raises(StoppedError, match="after 5 of 9"):
        train("stopped", until=5)
    assert not (tmp_path / "stopped" / "model").exists()
    again = train("stopped", until=0)
    assert taken == list(range(1, 10))
    assert again.losses == whole.losses
    assert (again.folder / "model.safetensors").read_bytes() == (whole.folder / "model.safetensors").read_bytes()


def test_small_memory_gives_the_same_losses(
    toy: Toy, base: Path, against: list[Example], dev: RerankerDev, tmp_path: Path
) -> None:
    losses = []
    for chunk in (32, 4_096):
        run = TrainingRun(out=tmp_path / str(chunk), threads=1, device="cpu")
        numbers = recipe(most_steps=4, evaluate_every=9, chunk_tokens=chunk)
        losses.append(train_late_interaction(base, against, toy.corpus, dev, numbers, run).losses)
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_too_few_pairs_are_named(toy: Toy, base: Path, dev: RerankerDev, tmp_path: Path) -> None:
    run = TrainingRun(out=tmp_path, threads=1, device="cpu")
    with pytest.raises(TrainingError, match="1 pairs are too few to learn from"):
        train_late_interaction(base, toy.train[:1], toy.corpus, dev, recipe(), run)


def test_the_folder_says_what_it_is_and_is_a_base_again(trained: TrainResult, tmp_path: Path) -> None:
    assert kind_of(trained.folder) == "late-interaction"
    parts = json.loads((trained.folder / "modules.json").read_text())
    assert [part["type"].rpartition(".")[2] for part in parts] == ["Transformer", "LateInteraction"]
    told = json.loads((trained.folder / "config_sentence_transformers.json").read_text())
    assert told["model_type"] == "LateInteraction"
    base = load_base(trained.folder, kind="late-interaction", seed=9)
    assert (base.kind, base.pooling, base.max_tokens) == ("late-interaction", "tokens", 16)
    save_model(base, tmp_path / "again", max_tokens=16)
    again = load_base(tmp_path / "again", kind="late-interaction", seed=5)
    for name, weight in weights(base).items():
        torch.testing.assert_close(weights(again)[name], weight, rtol=0, atol=0)


def test_a_model_of_the_wrong_kind_is_no_base(trained: TrainResult, tmp_path: Path) -> None:
    pair = make_tiny_model(tmp_path / "pair", "cross-encoder")
    with pytest.raises(ModelError, match="is a cross-encoder model, no late interaction begins with it"):
        load_base(pair, kind="late-interaction", seed=1)
    with pytest.raises(ModelError, match="is a late-interaction model, no retriever begins with it"):
        load_base(trained.folder, kind="bi-encoder", seed=1)


def test_a_cross_encoder_may_begin_with_late_interaction(trained: TrainResult) -> None:
    assert load_base(trained.folder, kind="cross-encoder", seed=1).pooling == "maxsim"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"form": "guess"}, "reranker.form: must be one of cross-encoder, late-interaction"),
        ({"form": "late-interaction", "batch": 1}, "reranker.batch must be 2 or more for late interaction"),
        ({"hard_negatives": -1}, "reranker.hard_negatives must be 0 or more"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused(raw: dict[str, object], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        recipe_from({"reranker": raw})


@pytest.mark.parametrize("name", ["shipped", "shipped-cpu"])
def test_the_reranker_of_our_models_reads_apart_and_within_a_language(name: str) -> None:
    reranker = load_recipe(name).reranker
    assert (reranker.form, reranker.within_language) == ("late-interaction", True)


def test_a_run_trains_what_its_recipe_names(tmp_path: Path) -> None:
    base = make_tiny_model(tmp_path / "base", "bi-encoder")
    wanted = toy_recipe(
        base, retriever={"enabled": False}, reranker={"form": "late-interaction", "batch": 8, "most_steps": 2}
    )
    (tmp_path / "run").mkdir()
    context = new_run(
        RunFolder(tmp_path / "run"),
        [make_workspace(tmp_path / "shop", functions=60)],
        wanted,
        toy_settings(tmp_path / "cache", base),
        device="cpu",
        report=unheard,
        cancelled=never,
    )
    run_stages(context, ["mine", "clean", "split", "filter", "negatives2", "reranker"])
    assert kind_of(context.folder / "reranker/model") == "late-interaction"


@pytest.mark.slow
def test_late_interaction_out_of_the_default_model_is_served_in_nearly_the_same_order(tmp_path: Path) -> None:
    functions, queries = sample_functions()[:40], sample_queries()
    codes = [builders.a_code(text, path=str(i)) for i, text in enumerate(functions)]
    corpus = a_corpus(codes)
    asked = examples([(code, code.text.split("(")[0].removeprefix("def ").strip("_")) for code in codes], corpus)
    run = TrainingRun(out=tmp_path / "out", threads=1, device="cpu")
    numbers = recipe(most_steps=6, batch=8, code_tokens=48, learning_rate=8e-5, precision="auto")
    nobody = RerankerDev(queries=(), lists=())
    result = train_late_interaction(DEFAULT_RETRIEVER, asked, corpus, nobody, numbers, run)
    manifest = convert_model(str(result.folder), tmp_path / "served", role="reranker")
    assert (manifest.kind, manifest.max_tokens) == ("late-interaction", 48)
    served = load_reranker(tmp_path / "served", device="cpu", threads=1)
    base = load_base(result.folder, kind="late-interaction", seed=1)
    scorer = TokenScorer(base, MACHINE, query_tokens=48, code_tokens=48)
    for query in queries[:2]:
        ours, theirs = scorer.score([query], [functions])[0], served.score(query, functions)
        assert np.corrcoef(ours, theirs)[0, 1] > 0.95
    # What was converted is a base again, be it in eight bits.
    assert load_base(tmp_path / "served", kind="late-interaction", seed=1).pooling == "tokens"
