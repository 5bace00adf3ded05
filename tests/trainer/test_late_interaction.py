"""Late interaction is its formula, learns to put the right code first, and its folder says what it is."""

from __future__ import annotations

import json
import math
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
from vizsla.models.sources import kind_of
from vizsla_trainer.errors import RecipeError, StoppedError, TrainingError
from vizsla_trainer.progress import Progress, never, unheard
from vizsla_trainer.recipe import RerankerRecipe
from vizsla_trainer.recipe_files import load_recipe, recipe_from
from vizsla_trainer.reranker import matching
from vizsla_trainer.reranker.dev import RerankerDev, make_dev
from vizsla_trainer.reranker.late import train_late_interaction
from vizsla_trainer.reranker.loss import late_info_nce
from vizsla_trainer.reranker.matching import TokenScorer, TokenVectors, match_all
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


def drawn(texts: int, length: int, *, seed: int) -> TokenVectors:
    """Random vectors of which each text has some inner tokens, never its first one."""
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(texts, length, 4, generator=generator, dtype=torch.float64)
    inner = torch.rand(texts, length, generator=generator) < 0.6
    inner[:, 0], inner[:, 1] = False, True
    return TokenVectors(vectors=torch.nn.functional.normalize(vectors, dim=-1), inner=inner)


def match(query: NDArray[np.floating], code: NDArray[np.floating]) -> float:
    """The formula, token by token."""
    return sum(max(float(q @ c) for c in code) for q in query) / len(query)


def plain(queries: TokenVectors, codes: TokenVectors) -> NDArray[np.float64]:
    asked = [vectors[inner].numpy() for vectors, inner in zip(queries.vectors, queries.inner, strict=True)]
    read = [vectors[inner].numpy() for vectors, inner in zip(codes.vectors, codes.inner, strict=True)]
    return np.array([[match(query, code) for code in read] for query in asked])


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


def test_every_query_is_matched_with_every_code_by_the_formula() -> None:
    queries, codes = drawn(3, 5, seed=0), drawn(4, 7, seed=1)
    np.testing.assert_allclose(match_all(queries, codes).numpy(), plain(queries, codes), rtol=1e-12)


def test_a_query_without_tokens_matches_nothing_more_than_another_and_a_code_without_any_is_no_match() -> None:
    queries, codes = drawn(2, 4, seed=0), drawn(3, 4, seed=1)
    queries.inner[1] = False
    codes.inner[2] = False
    found = match_all(queries, codes)
    assert found[1].tolist() == [0, 0, 0]
    assert float(found[0, 2]) == pytest.approx(-1)
    queries.inner[0] = False
    assert match_all(queries, codes).tolist() == [[0] * 3] * 2


def test_codes_matched_a_few_at_a_time_give_the_same_scores_and_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, codes = drawn(3, 5, seed=0), drawn(7, 6, seed=1)
    found = []
    for bound in (1 << 20, 150, 1):
        monkeypatch.setattr(matching, "_COSINES", bound)
        leaves = [queries.vectors.clone().requires_grad_(), codes.vectors.clone().requires_grad_()]
        loss = late_info_nce(
            TokenVectors(vectors=leaves[0], inner=queries.inner),
            TokenVectors(vectors=leaves[1], inner=codes.inner),
            scale=20.0,
        )
        found.append([loss, *torch.autograd.grad(loss, leaves)])
    for other in found[1:]:
        for one, again in zip(found[0], other, strict=True):
            torch.testing.assert_close(one, again)


def test_the_loss_is_its_formula() -> None:
    queries, codes = drawn(3, 5, seed=0), drawn(6, 7, seed=1)
    allowed = torch.rand(3, 6, generator=torch.Generator().manual_seed(2)) < 0.6
    expected = 0.0
    for i, row in enumerate(plain(queries, codes)):
        there = {j: math.exp(20 * row[j]) for j in range(6) if j == i or allowed[i, j]}
        expected -= math.log(there[i] / sum(there.values())) / 3
    assert float(late_info_nce(queries, codes, scale=20.0, allowed=allowed)) == pytest.approx(expected, rel=1e-12)


def test_the_loss_has_the_right_gradient() -> None:
    queries, codes = drawn(2, 4, seed=0), drawn(4, 5, seed=1)
    allowed = torch.tensor([[True, True, True, False], [True, True, False, True]])

    def loss(asked: torch.Tensor, read: torch.Tensor) -> torch.Tensor:
        return late_info_nce(
            TokenVectors(vectors=asked, inner=queries.inner),
            TokenVectors(vectors=read, inner=codes.inner),
            scale=5.0,
            allowed=allowed,
        )

    assert torch.autograd.gradcheck(loss, (queries.vectors.requires_grad_(), codes.vectors.requires_grad_()))


def test_codes_that_are_not_allowed_never_count() -> None:
    queries, codes = drawn(2, 4, seed=0), drawn(4, 5, seed=1)
    allowed = torch.ones(2, 4, dtype=torch.bool)
    allowed[:, 3] = False
    read = codes.vectors.requires_grad_()
    loss = late_info_nce(queries, TokenVectors(vectors=read, inner=codes.inner), scale=20.0, allowed=allowed)
    (gradient,) = torch.autograd.grad(loss, read)
    assert float(gradient[3].abs().max()) == 0
    assert float(gradient[2].abs().max()) > 0
    with torch.no_grad():
        assert float(late_info_nce(queries, codes.of([0, 1, 2]), scale=20.0)) == pytest.approx(float(loss))


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
        expected = [match(vectors(query), vectors(text)) for text in texts]
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
