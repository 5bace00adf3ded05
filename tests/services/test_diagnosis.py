"""Doctor names what is there, what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from services.trees import borrow
from vizsla.core.settings import CacheSettings, Settings
from vizsla.services.diagnosis import Finding, diagnose
from vizsla.services.resources import Resources


def findings(resources: Resources, root: Path | None) -> dict[str, Finding]:
    return {finding.name: finding for finding in diagnose(resources, root)}


def test_a_machine_where_all_is_well(shop: Path, resources: Resources) -> None:
    found = findings(resources, shop)
    assert {"python", "sqlite", "cache", "git", "retriever", "reranker"} <= found.keys()
    assert all(one.is_good and one.detail and not one.remedy for name, one in found.items() if name != "git")
    assert "dimensions" in found["retriever"].detail and "functions a second" in found["retriever"].detail


def test_a_cache_that_cannot_be_used_has_a_remedy(tmp_path: Path, resources: Resources) -> None:
    (tmp_path / "cache").write_text("in the way")
    with borrow(resources, tmp_path / "cache") as own:
        cache = findings(own, None)["cache"]
    assert not cache.is_good and "not a directory" in cache.detail and "VIZSLA_CACHE_DIR" in cache.remedy


def test_a_model_that_is_not_there_has_a_remedy(tmp_path: Path) -> None:
    settings = Settings(cache=CacheSettings(directory=tmp_path / "cache"))
    with Resources(replace(settings, models=replace(settings.models, retriever="no-such"))) as own:
        found = findings(own, None)
    assert not found["retriever"].is_good and "vizsla models list" in found["retriever"].remedy
    assert "no-such" in found["settings"].detail
