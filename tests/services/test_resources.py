"""What processes share is made late, falls back where it must, and is closed whole."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vizsla.core.settings import CacheSettings, Settings
from vizsla.core.types import ContentHash, Fingerprint
from vizsla.services.resources import Resources


def resources_in(directory: Path) -> Resources:
    return Resources(Settings(cache=CacheSettings(directory=directory)))


def test_nothing_is_made_before_it_is_asked_for(tmp_path: Path) -> None:
    with resources_in(tmp_path / "cache") as own:
        assert own.cache_directory == tmp_path / "cache"
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("obstacle", ["file", "link", "open to all"])
def test_vectors_are_kept_for_this_process_where_the_cache_cannot_be_used(tmp_path: Path, obstacle: str) -> None:
    directory = tmp_path / "cache"
    if obstacle == "file":
        directory.write_text("in the way")
    elif obstacle == "link":
        directory.symlink_to(tmp_path)
    else:
        directory.mkdir()
        directory.chmod(0o777)
    own = resources_in(directory)
    key, model = ContentHash(b"0" * 16), Fingerprint("m")
    own.embeddings.put(model, [key], np.ones((1, 8), dtype=np.float32))
    assert key in own.embeddings.get(model, [key])
    (problem,) = own.problems
    assert "vectors are kept for this process only" in problem and str(directory) in problem
    assert own._temporary is not None
    temporary = Path(own._temporary.name)
    assert temporary.stat().st_mode & 0o777 == 0o700
    own.close()
    assert not temporary.exists()


def test_a_reranker_that_cannot_be_used_is_told_and_left_out(tmp_path: Path) -> None:
    settings = Settings(cache=CacheSettings(directory=tmp_path / "cache"))
    with Resources(replace(settings, models=replace(settings.models, reranker="no-such"))) as own:
        assert own.models is not None and not own.models.has_reranker
        (problem,) = own.problems
        assert "no-such" in problem and "answering without reranking" in problem


def test_closing_ends_all_children(tmp_path: Path) -> None:
    own = resources_in(tmp_path / "cache")
    future = own.pool.submit("a.py", "python", "a", b"def f():\n    pass\n")
    assert future.result(60)
    pids = list(own.pool.children)
    assert pids
    own.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
