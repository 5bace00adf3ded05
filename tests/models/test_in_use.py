"""What "default" means can be changed and taken back, and whatever happens a model answers."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from vizsla.core.errors import ModelError
from vizsla.models.in_use import models_in_use, use_file
from vizsla.models.library import DEFAULT_RETRIEVER, add_model, remove_model, resolve, roll_back, use_models


@pytest.fixture
def cache(tmp_path: Path, tiny_retriever: Path, tiny_reranker: Path) -> Path:
    for name in ("mine", "later"):
        add_model(str(tiny_retriever), tmp_path, role="retriever", name=name)
    add_model(str(tiny_reranker), tmp_path, role="reranker", name="ranker")
    return tmp_path


def test_what_is_put_to_use_is_what_default_means_until_it_is_rolled_back(cache: Path) -> None:
    use_models(cache, retriever="mine", reranker="ranker")
    assert resolve("default", "retriever", cache) == cache / "models" / "mine"
    assert resolve("default", "reranker", cache) == cache / "models" / "ranker"
    use_models(cache, retriever="later")
    assert models_in_use(cache).reranker == "ranker"
    assert roll_back(cache).retriever == "mine"
    assert roll_back(cache).retriever == "default"
    assert resolve("default", "retriever", cache) == DEFAULT_RETRIEVER
    with pytest.raises(ModelError, match="nothing to go back to"):
        roll_back(cache)


def test_using_what_is_in_use_already_leaves_the_way_back_as_it_is(cache: Path) -> None:
    use_models(cache, retriever="mine")
    use_models(cache, retriever="mine")
    assert roll_back(cache).retriever == "default"


def test_a_reranker_can_be_switched_off_but_not_a_retriever(cache: Path) -> None:
    use_models(cache, reranker="none")
    assert resolve("default", "reranker", cache) is None
    with pytest.raises(ModelError, match="always needed"):
        use_models(cache, retriever="none")


def test_a_damaged_or_foreign_model_is_not_put_to_use(cache: Path) -> None:
    with (cache / "models" / "mine" / "model.onnx").open("r+b") as file:
        file.write(b"damage")
    for name, problem in (("mine", "damaged"), ("ranker", "retriever is wanted"), ("nobody", "no retriever named")):
        with pytest.raises(ModelError, match=problem):
            use_models(cache, retriever=name)
    assert models_in_use(cache).retriever == "default"


def test_the_model_of_the_package_answers_where_the_one_in_use_is_gone(cache: Path) -> None:
    use_models(cache, retriever="mine")
    shutil.rmtree(cache / "models" / "mine")
    assert resolve("default", "retriever", cache) == DEFAULT_RETRIEVER


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"schema": 1, "used": [{}]}', b'{"schema": 9, "used": []}'])
def test_a_damaged_file_means_the_models_of_the_package(cache: Path, damage: bytes) -> None:
    use_models(cache, retriever="mine")
    use_file(cache).write_bytes(damage)
    assert resolve("default", "retriever", cache) == DEFAULT_RETRIEVER
    assert use_models(cache, retriever="mine").retriever == "mine"


def test_a_model_in_use_is_not_removed(cache: Path) -> None:
    use_models(cache, retriever="mine")
    with pytest.raises(ModelError, match="in use"):
        remove_model("mine", cache)
    assert (cache / "models" / "mine").is_dir()


def test_rolling_back_passes_over_models_that_were_removed(cache: Path) -> None:
    use_models(cache, retriever="mine")
    use_models(cache, retriever="later")
    remove_model("mine", cache)
    assert roll_back(cache).retriever == "default"


def test_a_full_disk_leaves_what_is_in_use_as_it_was(cache: Path) -> None:
    import resource
    import signal

    use_models(cache, retriever="mine")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
    try:
        with pytest.raises(ModelError, match="as before"):
            use_models(cache, retriever="later")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)
    assert models_in_use(cache).retriever == "mine"
    assert sorted(path.name for path in (cache / "models").iterdir() if path.name.endswith(".tmp")) == []


def test_what_is_in_use_is_private(cache: Path) -> None:
    use_models(cache, retriever="mine")
    assert stat.S_IMODE(use_file(cache).stat().st_mode) == 0o600
