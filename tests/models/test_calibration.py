"""What a trainer told of scores in a manifest is read, or taken for unknown."""

from __future__ import annotations

import logging

import pytest

from vizsla.models.calibration import Calibration, Line, Reading, calibration_of
from vizsla.models.manifest import Manifest, ModelKind

TOLD: dict[str, object] = {
    "retriever": {"slope": 8.0, "intercept": -7.0},
    "cosine": {"slope": 0.5, "intercept": 0.25},
    "reranker": {"slope": 2, "intercept": -3.5},
    "setting": {"depth": 10, "weight": 0.75},
}


def manifest(kind: ModelKind, calibration: object) -> Manifest:
    facts = {} if calibration is None else {"calibration": calibration}
    return Manifest(name="m", kind=kind, dimension=1, max_tokens=64, pooling="mean", normalise=True, facts=facts)


def read(retriever: object, reranker: object = None) -> Calibration:
    return calibration_of(manifest("bi-encoder", retriever), manifest("cross-encoder", reranker))


def test_each_model_tells_of_its_own_scores() -> None:
    assert read(TOLD, TOLD) == Calibration(
        cosine=Line(slope=0.5, intercept=0.25),
        reading=Reading(log_odds=Line(slope=2.0, intercept=-3.5), weight=0.75, depth=10),
    )
    assert read(None, TOLD).cosine == Line()
    assert read(TOLD, None).reading is None


def test_how_far_opinions_are_apart_may_be_told_besides() -> None:
    setting = {"depth": 10, "weight": 0.75, "reach": 2.5}
    reading = read(None, {**TOLD, "setting": setting}).reading
    assert reading is not None and reading.reach == 2.5
    for damaged in (0, -1.0, "far", None, float("nan")):
        assert read(None, {**TOLD, "setting": {**setting, "reach": damaged}}).reading is None


def test_a_retriever_tells_how_the_reranker_is_read_that_it_was_measured_with() -> None:
    reranker = manifest("cross-encoder", TOLD)
    other = {"reranker": {"slope": 4.0, "intercept": 0.0}, "setting": {"depth": 5, "weight": 2.0}}
    for told, expected in (
        ({reranker.fingerprint: other}, Reading(log_odds=Line(slope=4.0), weight=2.0, depth=5)),
        ({"another": other}, read(None, TOLD).reading),
        ({reranker.fingerprint: {"reranker": "steep"}}, read(None, TOLD).reading),
        ({reranker.fingerprint: None}, read(None, TOLD).reading),
        ("nonsense", read(None, TOLD).reading),
    ):
        assert calibration_of(manifest("bi-encoder", {"beside": told}), reranker).reading == expected


def test_a_line_is_followed() -> None:
    assert Line(slope=0.5, intercept=0.25)(0.5) == 0.5


def test_manifests_that_tell_nothing_are_no_reason_to_worry(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert read(None) == read({}, {}) == Calibration()
        assert calibration_of(manifest("bi-encoder", None)) == Calibration()
    assert not caplog.records


@pytest.mark.parametrize(
    "damaged",
    [
        "nonsense",
        {"cosine": "steep"},
        {"cosine": {"slope": 1.0}},
        {"cosine": {"slope": "1", "intercept": 0.0}},
        {"cosine": {"slope": True, "intercept": 0.0}},
        {"cosine": {"slope": 0.0, "intercept": 0.0}},
        {"cosine": {"slope": -1.0, "intercept": 0.0}},
        {"cosine": {"slope": float("nan"), "intercept": 0.0}},
        {"cosine": {"slope": 1.0, "intercept": float("inf")}},
        {"cosine": {"slope": 10**400, "intercept": 0.0}},
    ],
)
def test_a_damaged_line_leaves_cosines_as_they_are_and_is_logged(
    damaged: object, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert read(damaged) == Calibration()
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"setting": None},
        {"setting": {"depth": 0, "weight": 1.0}},
        {"setting": {"depth": 2.5, "weight": 1.0}},
        {"setting": {"depth": float("inf"), "weight": 1.0}},
        {"setting": {"depth": 10, "weight": -1.0}},
        {"setting": {"depth": 10, "weight": float("nan")}},
        {"reranker": {"slope": 0.0, "intercept": 0.0}},
    ],
)
def test_a_damaged_reading_leaves_the_plain_one_and_the_other_model_as_it_is(
    changed: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = read(TOLD, {**TOLD, **changed})
    assert found == Calibration(cosine=Line(slope=0.5, intercept=0.25))
    assert len(caplog.records) == 1
