"""Systems are chosen by what is answered with them, each text is embedded once, and each pair is read once."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from trainer.evaluation_builders import WordEncoder
from trainer.toy import toy_recipe, toy_run
from trainer.toy_runs import Toy, context_of
from vizsla.models.manifest import read_manifest, write_manifest
from vizsla_trainer.errors import StoppedError
from vizsla_trainer.evaluation.alone import best_alone
from vizsla_trainer.evaluation.comparing import compare
from vizsla_trainer.evaluation.contest import AFTER, BEFORE, NONE, Contest
from vizsla_trainer.evaluation.results import Comparison
from vizsla_trainer.evaluation.rivals import Rivals, _Encoder
from vizsla_trainer.evaluation.serving import Serving
from vizsla_trainer.progress import Progress
from vizsla_trainer.recipe import EvaluateRecipe
from vizsla_trainer.records import Pair, make_pair
from vizsla_trainer.run_folder import RunFacts
from vizsla_trainer.stages.judging import contestants
from vizsla_trainer.stages.pipeline import STAGES
from vizsla_trainer.stored import read_json, write_json

RECIPE = EvaluateRecipe(depths=(3, 10), weights=(0.1, 1.0), resamples=200, latency_queries=0, reranked_test=12)


class Setup:
    """A finished toy run and its models in any roles."""

    def __init__(self, toy: Toy, folder: Path) -> None:
        self.context = context_of(toy, toy.copied(folder / "run"), folder / "cache")
        self.dev, self.test = self.context.pairs("dev"), self.context.pairs("test")
        self.before = Path(self.context.facts.before["retriever"])
        self.after = self.context.folder / "converted/retriever"
        self.reranker = self.context.folder / "converted/reranker"
        self.vectors = folder / "vectors"

    def contest(self, **rerankers: Path) -> Contest:
        retrievers = {BEFORE: self.before, AFTER: self.after}
        return Contest(retrievers=retrievers, rerankers=rerankers, device="cpu", threads=1, vectors=self.vectors)

    def rivals(self, contest: Contest, recipe: EvaluateRecipe = RECIPE) -> Rivals:
        return Rivals(contest, self.dev, self.test, self.context.corpus.codes, recipe, seed=1)

    def compared(self, contest: Contest, recipe: EvaluateRecipe = RECIPE, test: Sequence[Pair] = ()) -> Comparison:
        codes = self.context.corpus.codes
        return compare(contest, dev=self.dev, test=test or self.test, codes=codes, recipe=recipe, seed=1)


@pytest.fixture(scope="module")
def setup(toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    """With a reranker that begins with what the retriever has learned: a cross-encoder learns nothing in seconds."""
    folder = tmp_path_factory.mktemp("setup")
    telling = {"form": "late-interaction", "batch": 16, "chunk_tokens": 512, "learning_rate": 3e-4, "most_steps": 11}
    recipe, settings = toy_recipe(toy.base, reranker=telling), toy.with_cache(folder / "first")
    outcome, context = toy_run(folder / "telling", toy.workspace, recipe, settings)
    ran = dataclasses.replace(toy, folder=context.folder.path, recipe=recipe, settings=settings, outcome=outcome)
    return Setup(ran, folder)


def test_what_is_answered_is_told_of_the_same_questions_before_and_after(setup: Setup) -> None:
    found = setup.compared(setup.contest(after=setup.reranker))
    served = found.served
    assert served is not None
    assert found.chosen.retriever == AFTER
    assert len(served.answered.before.ranks) == len(served.fused.after.ranks) == served.answered.difference.queries
    assert served.answered.difference.mrr.low > 0
    assert found.judged is served.answered
    unread = {one.retriever: one.mrr for one in served.sweep if one.reranker == NONE}
    assert unread[AFTER] > unread[BEFORE]
    tried = {(one.depth, one.weight) for one in served.sweep if (one.retriever, one.reranker) == (AFTER, AFTER)}
    assert tried == {(depth, weight) for depth in (3, 10) for weight in (0.1, 1.0)}


def test_reading_must_pay_for_a_trained_reranker_to_be_chosen(setup: Setup) -> None:
    dear = dataclasses.replace(RECIPE, least_gain=0.99)
    found = setup.compared(setup.contest(after=setup.reranker), dear)
    assert (found.chosen.retriever, found.chosen.reranker) == (AFTER, NONE)
    assert found.served is not None
    assert found.served.answered == found.served.fused
    assert found.chosen.told is None


def test_a_reranker_in_use_may_come_out_as_one_that_does_not_read(setup: Setup) -> None:
    dear = dataclasses.replace(RECIPE, least_gain=0.99)
    found = setup.compared(setup.contest(before=setup.reranker), dear)
    assert (found.chosen.retriever, found.chosen.reranker) == (AFTER, BEFORE)
    assert found.chosen.told is not None
    assert found.chosen.told.weight == 0
    assert found.served is not None
    assert found.served.answered.after == found.served.fused.after
    assert found.before.told is not None, "what answers today reads as it always did"
    assert found.before.told.weight > 0


def test_a_retriever_that_tells_nothing_has_the_last_place_whatever_words_alone_would_find(setup: Setup) -> None:
    retrievers = {
        BEFORE: setup.after,
        AFTER: setup.before,
    }  # one whose weights were drawn takes the trained one's place
    contest = Contest(retrievers=retrievers, rerankers={}, device="cpu", threads=1)
    assert setup.rivals(contest).order(AFTER).slope == 0
    found = setup.compared(contest)
    assert set(found.judged.after.ranks) == {len(setup.context.corpus.codes) + 1}
    assert found.judged.difference.mrr.high < 0


def test_where_only_names_are_held_out_the_models_alone_are_judged(setup: Setup) -> None:
    codes = {code.id: code for code in setup.context.corpus.codes}
    names = [make_pair(codes[pair.code], pair.query, "name", text="custom", custom="x") for pair in setup.test]
    found = setup.compared(setup.contest(after=setup.reranker), test=names)
    assert found.served is None
    assert found.judged.after == found.system_after
    assert found.chosen.told == found.chosen.setting


def test_questions_are_embedded_once_for_both_uses() -> None:
    asked: list[str] = []

    class Counting(WordEncoder):
        def encode(self, texts: Sequence[str], *, is_query: bool) -> npt.NDArray[np.float32]:
            asked.extend(texts)
            return super().encode(texts, is_query=is_query)

    encoder = _Encoder(Counting(), None)
    first, again = (encoder.encode(["one", "two", "one"], is_query=True) for _ in range(2))
    encoder.encode(["one"], is_query=False)
    assert asked == ["one", "two", "one"]
    assert np.array_equal(first, again)


def test_vectors_of_both_retrievers_are_kept_for_a_measurement_that_goes_on(setup: Setup) -> None:
    setup.compared(setup.contest())
    assert sorted(path.parent.name for path in setup.vectors.rglob("*.npz")) == [AFTER, BEFORE]


def test_each_candidate_is_read_once_for_all_measurements(setup: Setup) -> None:
    rivals = setup.rivals(setup.contest(after=setup.reranker))
    serving, scorer = Serving(rivals), rivals.scores(AFTER)
    read: list[str] = []
    plain = scorer._scorer.score

    def counted(query: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        read.extend(f"{query}\0{text}" for text in texts)
        return plain(query, texts)

    scorer._scorer.score = counted  # type: ignore[method-assign]
    for names in ((AFTER, AFTER), (BEFORE, AFTER)):
        serving.best(best_alone(rivals, names, []), [])
    assert read
    assert len(read) == len(set(read))


def test_a_wish_to_stop_is_heard_while_questions_are_asked(setup: Setup) -> None:
    seen: list[Progress] = []

    def stop() -> bool:
        return any(one.unit == "questions" for one in seen)

    codes = setup.context.corpus.codes
    with pytest.raises(StoppedError, match="run it again"):
        compare(
            setup.contest(),
            dev=setup.dev,
            test=setup.test,
            codes=codes,
            recipe=RECIPE,
            seed=1,
            report=seen.append,
            cancelled=stop,
        )
    assert {one.stage for one in seen} == {"evaluate"}


def test_what_an_earlier_build_measured_is_measured_again(toy: Toy, tmp_path: Path) -> None:
    context = context_of(toy, toy.copied(tmp_path / "run"), tmp_path / "cache")
    evaluate = next(stage for stage in STAGES if stage.name == "evaluate")
    note = context.folder.note("evaluate")
    assert note is not None
    assert evaluate.key(context) == note.key
    earlier = dataclasses.replace(evaluate, also=lambda _: {"retriever": read_manifest(toy.base).fingerprint})
    assert earlier.key(context) != note.key
    assert contestants(context) != contestants(dataclasses.replace(context, facts=_other(context.facts, tmp_path, toy)))


def _other(facts: RunFacts, folder: Path, toy: Toy) -> RunFacts:
    """The same models in use, of which something else is told."""
    place = Path(shutil.copytree(toy.base, folder / "told"))
    told = {"calibration": {"cosine": {"slope": 2.0, "intercept": 0.0}}}
    write_manifest(place, dataclasses.replace(read_manifest(place), facts=told))
    return dataclasses.replace(facts, before={"retriever": str(place)})


def test_a_comparison_of_an_earlier_build_can_be_read(toy: Toy, tmp_path: Path) -> None:
    stored = read_json(toy.folder / "evaluation/comparison.json", dict)
    del stored["served"]
    for side in ("before", "chosen"):
        for name in ("served", "dev_served", "reach"):
            del stored[side][name]
    write_json(tmp_path / "found.json", stored)
    found = read_json(tmp_path / "found.json", Comparison)
    assert found.judged.after == found.system_after
