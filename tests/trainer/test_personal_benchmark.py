"""The benchmark of personal models asks as a server would, and embeds what it seeks in once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.held_out import held_out_pairs
from benchmarks.personal import FUSED, KEPT, RERANKED, Models, measure, trained_models

from trainer.toy_runs import Toy
from vizsla_trainer.evaluation.contest import AFTER
from vizsla_trainer.evaluation.results import Comparison
from vizsla_trainer.progress import Progress, unheard
from vizsla_trainer.stored import read_json


@pytest.mark.slow
def test_vectors_are_kept_in_the_folder_of_the_run(toy: Toy, tmp_path: Path) -> None:
    run = toy.copied(tmp_path / "run")
    pairs = held_out_pairs(run, "test", most=6)
    models = Models(retriever=trained_models(run)["retriever"], reranker="none")
    told: list[list[Progress]] = []
    found = []
    for _ in range(2):
        told.append([])
        found.append(
            measure(pairs, run, models, toy.with_cache(tmp_path / "cache"), name="now", report=told[-1].append)
        )
    assert [{one.stage for one in of} for of in told] == [{"embed, now", "ask, now"}, {"ask, now"}]
    assert found[0].keys() == {FUSED}
    assert np.array_equal(found[0][FUSED], found[1][FUSED])
    assert found[0][FUSED].max() > 0
    assert list((run / KEPT).iterdir())
    assert not (tmp_path / "cache").exists()


@pytest.mark.slow
def test_the_trainer_measures_what_the_server_answers_with_the_finished_models(toy: Toy, tmp_path: Path) -> None:
    run = toy.copied(tmp_path / "run")
    found = read_json(run / "evaluation/comparison.json", Comparison)
    assert found.served is not None
    trained = trained_models(run)
    models = Models(
        retriever=trained["retriever"], reranker=trained["reranker"] if found.chosen.reranker == AFTER else "none"
    )
    settings = toy.with_cache(tmp_path / "cache")
    answered = measure(held_out_pairs(run, "test"), run, models, settings, name="now", report=unheard)
    for stage, told in ((FUSED, found.served.fused.after), (RERANKED, found.served.answered.after)):
        reciprocal = answered.get(stage, answered[FUSED])
        expected = np.array([1 / rank for rank in told.ranks])
        # Eight bits round otherwise in other batches, which may swap neighbours.
        assert reciprocal.mean() == pytest.approx(expected.mean(), abs=0.02)
        assert np.mean(np.isclose(reciprocal, expected, atol=0.01)) > 0.8
