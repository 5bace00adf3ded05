"""A workspace with its real workers: one set of child processes for all tests of the services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vizsla.core.settings import CacheSettings, Settings
from vizsla.services.resources import Resources
from vizsla.services.workspace import Workspace


@pytest.fixture(scope="session")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resources]:
    """Model worker, parse workers and a cache of vectors that all tests of a session share."""
    settings = Settings(cache=CacheSettings(directory=tmp_path_factory.mktemp("cache")))
    with Resources(settings) as shared:
        yield shared


@pytest.fixture
def fresh_resources(tmp_path: Path) -> Iterator[Resources]:
    """Workers and a cache of this test alone, for tests that kill or count."""
    settings = Settings(cache=CacheSettings(directory=tmp_path / "cache"))
    settings = replace(settings, index=replace(settings.index, parse_workers=1))
    with Resources(settings) as own:
        yield own


@pytest.fixture
def workspace(shop: Path, resources: Resources) -> Iterator[Workspace]:
    """The small shop, opened, not yet indexed."""
    with Workspace(shop, resources) as opened:
        yield opened
