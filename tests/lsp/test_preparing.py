"""The models that begin to load before the client has said what it wants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from services.live import until
from vizsla.core.options import load_settings
from vizsla.core.settings import Settings
from vizsla.lsp.preparing import Preparation


@pytest.fixture
def settings(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VIZSLA_CACHE_DIR", str(cache))
    return load_settings()[0]


def test_what_was_prepared_is_taken_when_the_models_are_those_that_are_wanted(settings: Settings) -> None:
    wanted = replace(settings, search=replace(settings.search, limit=3))
    with Preparation().take(wanted) as resources:
        assert resources.settings == wanted
        models = resources.models
        assert models is not None
        until(lambda: models.status().load_seconds is not None, "nobody asked, and the model is loaded")


def test_other_models_are_opened_when_the_client_wants_others(settings: Settings) -> None:
    preparation = Preparation()
    prepared = preparation._resources
    assert prepared is not None
    with preparation.take(replace(settings, models=replace(settings.models, threads=1))) as resources:
        assert resources is not prepared
        assert resources.settings.models.threads == 1


def test_what_nobody_takes_is_ended(settings: Settings) -> None:
    preparation = Preparation()
    preparation.close(1.0)
    assert preparation.take(settings).settings == settings
