"""One command compares the ways to choose wrong codes, on the same data, and is not done twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.tiny_models import make_tiny_model
from trainer.toy import make_workspace, toy_recipe, toy_settings
from vizsla_trainer.ablation import RETRIEVER, Row, chosen, run_ablation, table, variants
from vizsla_trainer.errors import TrainingError
from vizsla_trainer.evaluation.bootstrap import Interval
from vizsla_trainer.progress import Progress, never
from vizsla_trainer.recipe_files import load_recipe
from vizsla_trainer.run_folder import RunFolder
from vizsla_trainer.stages.opening import new_run

ONE = Interval(mean=0.5, low=0.4, high=0.6)


def test_the_variants_differ_only_in_how_wrong_codes_are_chosen() -> None:
    found = variants(load_recipe("r2ps"))
    assert list(found) == ["random", "window λ=0", "window λ=0.0005", "window λ=0.004", "softmax"]
    assert {(one.count, one.similarity_cut, one.depth) for one in found.values()} == {(31, 0.95, 200)}
    assert [one.skip_share for one in found.values()][1:4] == [0.0, 0.0005, 0.004]


def test_only_some_variants_are_compared_when_they_are_named_and_unknown_ones_are_refused() -> None:
    recipe = load_recipe("r2ps")
    assert list(chosen(recipe, ["window-0.004", "random"])) == ["random", "window λ=0.004"]
    assert list(chosen(recipe)) == list(variants(recipe))
    with pytest.raises(TrainingError, match=r"no variant 'window'.*window-0.0005"):
        chosen(recipe, ["window"])


def test_the_table_shows_every_row_with_its_interval_and_the_papers_below() -> None:
    rows = [
        Row(name=RETRIEVER, depth=0, weight=0, alone=ONE, joined=ONE, gain=ONE, seconds=0.004),
        Row(name="random", depth=10, weight=2, alone=ONE, joined=ONE, gain=ONE, seconds=0.06),
    ]
    text = table(rows, 100, 3000)
    assert "| retriever alone |  |  | 0.500 (0.400 to 0.600) |  | 4 |" in text
    assert "| random | 10 | 0.500 (0.400 to 0.600) | 0.500 (0.400 to 0.600) | +0.500 (+0.400 to +0.600) | 60 |" in text
    assert "| + reranker, ranked negatives | 79.2 | 72.3 | 29.4 | 47.0 |" in text


@pytest.mark.slow
def test_every_variant_is_trained_once_and_measured_at_every_depth(tmp_path: Path) -> None:
    base, workspace = make_tiny_model(tmp_path / "base", "bi-encoder"), make_workspace(tmp_path / "shop")
    recipe = toy_recipe(
        base, retriever={"hard_negatives": 0, "most_steps": 20}, evaluate={"depths": [3, 10], "resamples": 200}
    )
    (tmp_path / "run").mkdir()
    seen: list[Progress] = []
    for _ in range(2):
        seen.clear()
        context = new_run(
            RunFolder(tmp_path / "run"),
            [workspace],
            recipe,
            toy_settings(tmp_path / "cache", base),
            device="cpu",
            report=seen.append,
            cancelled=never,
        )
        rows = run_ablation(context)
    assert {progress.message for progress in seen if "reranker" in progress.stage} == {"done before"}
    assert [(row.name, row.depth) for row in rows] == [
        (RETRIEVER, 0),
        *((name, depth) for name in variants(recipe) for depth in (3, 10)),
    ]
    assert all(row.seconds > 0 and row.alone.low <= row.alone.mean <= row.alone.high for row in rows)
    stored = json.loads((tmp_path / "run/ablation/table.json").read_text())["rows"]
    assert len(stored) == len(rows)
    assert "window λ=0.004" in (tmp_path / "run/ablation/table.md").read_text()
