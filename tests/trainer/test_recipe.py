"""Recipes are followed to the letter or refused with every reason."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from vizsla_trainer.errors import RecipeError
from vizsla_trainer.recipe import Recipe
from vizsla_trainer.recipe_files import BUILT_IN, load_recipe, recipe_from


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_recipe_of_the_package_can_be_followed(name: str) -> None:
    assert load_recipe(name).name == name


def test_an_empty_recipe_is_the_default() -> None:
    assert dataclasses.replace(recipe_from({}), name="default") == load_recipe("default")


def test_a_file_changes_what_it_names_and_is_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('seed = 7\n[negatives]\nmethod = "softmax"\n[evaluate]\ndepths = [3, 4]\nweights = [1]\n')
    recipe = load_recipe(str(path))
    assert (recipe.name, recipe.seed, recipe.negatives.method) == ("mine", 7, "softmax")
    assert recipe.evaluate.depths == (3, 4)
    assert recipe.evaluate.weights == (1.0,)
    assert recipe.reranker == Recipe().reranker


def test_every_refusal_is_named() -> None:
    with pytest.raises(RecipeError) as error:
        recipe_from(
            {
                "speed": 1,
                "retriever": {"batch": 1, "lr": 2},
                "negatives": {"method": "guess"},
                "mine": {"sources": ["dreams"]},
                "split": 3,
                "evaluate": {"depths": ["deep"], "confidence": True},
            }
        )
    said = str(error.value)
    for part in (
        "speed: no such option",
        "retriever.lr: no such option",
        "retriever.batch must be 2 or more",
        "negatives.method: must be one of window, uniform, softmax, random",
        "mine.sources must be of",
        "split: must be a section",
        "evaluate.depths: must be a list of whole numbers",
        "evaluate.confidence: must be a number",
    ):
        assert part in said


@pytest.mark.parametrize(
    "raw",
    [
        {"threads": 0},
        {"seed": -1},
        {"retriever": {"learning_rate": 0}},
        {"retriever": {"learning_rate": float("nan")}},
        {"split": {"dev_share": 0.5, "test_share": 0.5}},
        {"evaluate": {"depths": []}},
        {"evaluate": {"weights": [0]}},
        {"gate": {"language_margin": 1}},
        {"negatives": {"first_rank": 9, "last_rank": 3}},
        {"clean": {"least_words": 9, "most_words": 3}},
    ],
)
def test_a_number_out_of_its_range_is_refused(raw: dict[str, object]) -> None:
    with pytest.raises(RecipeError):
        recipe_from(raw)


def test_a_recipe_that_is_not_there_or_no_toml_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no recipe 'nowhere'.*default, quick, r2ps"):
        load_recipe("nowhere")
    (tmp_path / "bad.toml").write_text("[")
    with pytest.raises(RecipeError, match="not TOML"):
        load_recipe(str(tmp_path / "bad.toml"))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(str(tmp_path / "bytes.toml"))


def test_a_recipe_survives_being_written_down() -> None:
    recipe = load_recipe("quick")
    assert recipe_from(json.loads(json.dumps(dataclasses.asdict(recipe)))) == recipe
