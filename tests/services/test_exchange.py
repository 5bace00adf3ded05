"""Settings that change while a server runs: at once, or after other models have shown that they work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.tiny_models import make_tiny_model
from services.roots_at import asked, eventually, places, roots_at, settle
from services.trees import borrow
from shop import write_tree
from vizsla.core.settings import CacheSettings, IndexSettings, ModelSettings, Settings
from vizsla.models.manifest import read_manifest, write_manifest
from vizsla.services.resources import Resources
from vizsla.services.roots import Roots


@pytest.fixture
def cached(tmp_path: Path) -> Settings:
    """Settings with a cache of this test."""
    return Settings(cache=CacheSettings(directory=tmp_path / "cache"), index=IndexSettings(parse_workers=1))


@pytest.fixture
def roots(cached: Settings, shop: Path) -> Iterator[Roots]:
    """The shop, indexed, with children of its own: they are exchanged."""
    with roots_at(Resources(cached), shop) as opened:
        yield opened


@pytest.fixture
def lasting(resources: Resources, shop: Path, tmp_path: Path) -> Iterator[Roots]:
    """The shop, indexed, for settings that need no other children."""
    with roots_at(borrow(resources, tmp_path / "cache"), shop) as opened:
        yield opened


def settings_of(roots: Roots) -> Settings:
    """The settings in use."""
    engine = roots.all()[0].engine
    assert engine is not None
    return engine.resources.settings


def paths_of(roots: Roots, number: int = 0) -> set[str]:
    """The files of a root whose functions are stored."""
    workspace = roots.all()[number].workspace
    assert workspace is not None
    return {path for path in workspace.store.files() if workspace.store.functions_of(path)}


async def test_how_questions_are_answered_changes_at_once(lasting: Roots) -> None:
    before = settings_of(lasting)
    lasting.apply_settings(replace(before, search=replace(before.search, limit=2)))
    assert len((await asked(lasting, "cart price item")).hits) == 2


def test_what_is_indexed_changes_after_one_more_look_at_the_disk(lasting: Roots) -> None:
    before = settings_of(lasting)
    lasting.apply_settings(replace(before, index=replace(before.index, exclude=("web/",))))
    settle(lasting)
    assert "web/session.js" not in paths_of(lasting)
    lasting.apply_settings(before)
    settle(lasting)
    assert "web/session.js" in paths_of(lasting)


def test_a_workspace_changes_what_is_indexed_of_itself_alone(lasting: Roots, tmp_path: Path) -> None:
    other = write_tree(tmp_path / "other", {"web/page.py": "def draw_page():\n    return 1\n"})
    lasting.add(other)
    settle(lasting)
    settings = other / ".vizsla.toml"
    settings.write_text('[index]\nexclude = ["web/"]\n[models]\nretriever = "evil"\n')
    lasting.changed([settings])
    settle(lasting)
    assert paths_of(lasting, 1) == set()
    assert "web/session.js" in paths_of(lasting)
    status = lasting.statuses()[1].index
    assert status is not None
    assert any("models.retriever: may not be set by the workspace" in sentence for sentence in status.degraded)
    settings.unlink()
    lasting.changed([settings])
    settle(lasting)
    assert paths_of(lasting, 1) == {"web/page.py"}


async def test_another_model_takes_over_while_questions_are_answered(
    roots: Roots, shop: Path, tmp_path: Path, cached: Settings
) -> None:
    folder = make_tiny_model(tmp_path / "tiny", "bi-encoder")
    roots.open_buffer(shop / "new.py", "def juggle_oranges():\n    return 'oranges'\n", 1)
    settle(roots)
    (before,) = roots.statuses()
    engine = roots.all()[0].engine
    roots.apply_settings(replace(cached, models=ModelSettings(retriever=str(folder))))
    while roots.all()[0].engine is engine:
        assert (await asked(roots, "total price with tax")).hits
        await asyncio.sleep(0.02)
    assert (await asked(roots, "total price with tax")).hits
    settle(roots)
    (after,) = roots.statuses()
    assert before.index is not None
    assert after.index is not None
    assert after.index.model != before.index.model
    assert (after.index.pending, after.index.is_writer, after.problem) == (0, True, "")
    answer = await asked(roots, "juggle oranges")
    assert answer.is_semantic
    assert places(answer)[0] == ("shop", "new.py")


async def test_each_model_is_read_by_its_own_calibration(
    roots: Roots, cached: Settings, shop: Path, tmp_path: Path
) -> None:
    folder = make_tiny_model(tmp_path / "tiny", "bi-encoder")
    sunken = {"calibration": {"cosine": {"slope": 1.0, "intercept": -4.0}}}
    write_manifest(folder, replace(read_manifest(folder), facts=sunken))
    roots.open_buffer(shop / "new.py", "def juggle_oranges():\n    return 'oranges'\n", 1)

    async def is_sunken() -> bool:
        settle(roots)
        hits = (await asked(roots, "juggle oranges")).hits
        assert "new.py" in {hit.path for hit in hits}
        (found,) = {hit.score < 1e-7 for hit in hits}
        return found

    assert not await is_sunken()
    roots.apply_settings(replace(cached, models=ModelSettings(retriever=str(folder))))
    assert await is_sunken(), "of the files as of the buffer"
    roots.apply_settings(cached)
    assert not await is_sunken()


async def test_a_model_that_does_not_work_leaves_the_present_one(roots: Roots, cached: Settings) -> None:
    (before,) = roots.statuses()
    search = replace(cached.search, limit=3)
    roots.apply_settings(replace(cached, models=ModelSettings(retriever="missing"), search=search))
    assert eventually(lambda: bool(roots.statuses()[0].problem))
    (after,) = roots.statuses()
    assert "missing" in after.problem
    assert "stays in use" in after.problem
    assert before.index is not None
    assert after.index is not None
    assert after.index.model == before.index.model
    answer = await asked(roots, "cart price item")
    assert (answer.is_semantic, len(answer.hits)) == (True, 3)
    roots.apply_settings(cached)
    assert roots.statuses()[0].problem == ""


def test_the_newest_settings_count(roots: Roots, cached: Settings, tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "tiny", "bi-encoder")
    for models in (ModelSettings(retriever=str(folder)), ModelSettings(retriever="missing"), cached.models):
        roots.apply_settings(replace(cached, models=models))
    settle(roots)
    (status,) = roots.statuses()
    assert status.index is not None
    assert (status.index.model, status.problem) == ("vizsla-retriever", "")


def test_the_end_does_not_wait_for_models_that_are_being_opened(cached: Settings, shop: Path, tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path / "tiny", "bi-encoder")
    with roots_at(Resources(cached), shop) as roots:
        roots.apply_settings(replace(cached, models=ModelSettings(retriever=str(folder))))
    assert roots.all() == ()
