"""Models are found by name, come in whole and go out whole."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from models.published import edit_json
from vizsla.core.errors import ModelError
from vizsla.models import library
from vizsla.models.library import DEFAULT_RETRIEVER, add_model, list_models, remove_model, resolve


def test_the_default_retriever_is_part_of_the_package(tmp_path: Path) -> None:
    assert resolve("default", "retriever", tmp_path) == DEFAULT_RETRIEVER


def test_a_default_reranker_may_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "DEFAULT_RERANKER", tmp_path / "none")
    assert resolve("default", "reranker", tmp_path) is None
    assert resolve("none", "reranker", tmp_path) is None


def test_an_added_folder_is_found_by_its_name_until_it_is_removed(tmp_path: Path) -> None:
    added = add_model(str(DEFAULT_RETRIEVER), tmp_path, role="retriever", name="mine")
    assert resolve("mine", "retriever", tmp_path) == added.folder
    assert [model.name for model in list_models(tmp_path)][-1] == "mine"
    assert added.manifest.fingerprint == list_models(tmp_path)[0].manifest.fingerprint
    remove_model("mine", tmp_path)
    assert not added.folder.exists()
    with pytest.raises(ModelError, match=r"no retriever named 'mine'.*there is: default"):
        resolve("mine", "retriever", tmp_path)


def test_an_added_model_is_private(tmp_path: Path) -> None:
    folder = add_model(str(DEFAULT_RETRIEVER), tmp_path, role="retriever", name="mine").folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["~nosuchuser/model", "/tmp/" + "x" * 300, "/tmp/\0"])
def test_a_path_that_cannot_be_looked_at_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=r"cannot be looked at|no model folder at"):
        resolve(name, "retriever", tmp_path)


def test_a_path_in_the_settings_is_that_folder(tmp_path: Path) -> None:
    assert resolve(str(DEFAULT_RETRIEVER), "retriever", tmp_path) == DEFAULT_RETRIEVER
    with pytest.raises(ModelError, match="no model folder"):
        resolve(str(tmp_path / "nowhere"), "retriever", tmp_path)


def test_a_model_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="reranker is wanted"):
        resolve(str(DEFAULT_RETRIEVER), "reranker", tmp_path)


@pytest.mark.parametrize("name", ["a b", "", "x" * 101, "-rf", "ü", "a\0b", "a:b"])
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    for act in (
        lambda: resolve(name, "retriever", tmp_path),
        lambda: add_model(str(DEFAULT_RETRIEVER), tmp_path, role="retriever", name=name),
        lambda: remove_model(name, tmp_path),
    ):
        with pytest.raises(ModelError, match="cannot be the name"):
            act()


@pytest.mark.parametrize("name", ["..", "../x", "a/../../x", ".hidden", "/etc"])
def test_nothing_outside_of_the_cache_is_removed_or_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(ModelError):
        remove_model(name, tmp_path / "cache")
    with pytest.raises(ModelError):
        add_model(str(DEFAULT_RETRIEVER), tmp_path / "cache", role="retriever", name=name)
    assert (tmp_path / "x").is_dir()


@pytest.mark.parametrize("name", ["default", "none"])
def test_a_name_with_a_meaning_cannot_be_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="meaning of its own"):
        add_model(str(DEFAULT_RETRIEVER), tmp_path, role="retriever", name=name)


def test_the_default_model_cannot_be_removed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="part of the program"):
        remove_model("default", tmp_path)
    assert DEFAULT_RETRIEVER.is_dir()


def test_a_model_named_like_the_default_is_removed_as_it_was_added(tmp_path: Path) -> None:
    add_model(str(DEFAULT_RETRIEVER), tmp_path, role="retriever", name="default-of-ours")
    remove_model("default-of-ours", tmp_path)
    assert not (tmp_path / "models/default-of-ours").exists()


def test_removing_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no added model named 'x'"):
        remove_model("x", tmp_path)


def test_a_damaged_source_leaves_nothing_behind_and_the_old_model_in_place(tmp_path: Path) -> None:
    cache, source = tmp_path / "cache", tmp_path / "source"
    added = add_model(str(DEFAULT_RETRIEVER), cache, role="retriever", name="mine")
    shutil.copytree(DEFAULT_RETRIEVER, source)
    with (source / "model_int8.onnx").open("r+b") as file:
        file.write(b"damage")
    with pytest.raises(ModelError, match="changed or damaged"):
        add_model(str(source), cache, role="retriever", name="mine")
    assert [path.name for path in (cache / "models").iterdir()] == ["mine"]
    assert resolve("mine", "retriever", cache) == added.folder


def test_adding_under_a_name_again_replaces_the_model(tmp_path: Path) -> None:
    cache, source = tmp_path / "cache", tmp_path / "source"
    first = add_model(str(DEFAULT_RETRIEVER), cache, role="retriever", name="mine").manifest
    shutil.copytree(DEFAULT_RETRIEVER, source)
    edit_json(source / "manifest.json", prompts={"query": "q: ", "document": ""})
    second = add_model(str(source), cache, role="retriever", name="mine").manifest
    assert second.fingerprint != first.fingerprint
    assert [path.name for path in (cache / "models").iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_used_is_not_listed_but_can_be_removed(tmp_path: Path) -> None:
    folder = add_model(str(DEFAULT_RETRIEVER), tmp_path, role="retriever", name="mine").folder
    (folder / "model_int8.onnx").unlink()
    assert "mine" not in [model.name for model in list_models(tmp_path)]
    remove_model("mine", tmp_path)
    assert not folder.exists()


def test_what_an_interrupted_add_left_is_swept_a_day_later_and_not_before(tmp_path: Path) -> None:
    old, running = (tmp_path / "models" / f".adding-{name}" for name in ("old", "running"))
    for path in (old, running):
        path.mkdir(parents=True)
    os.utime(old, (0, 0))
    add_model(str(DEFAULT_RETRIEVER), tmp_path, role="retriever", name="mine")
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [".adding-running", "mine"]
