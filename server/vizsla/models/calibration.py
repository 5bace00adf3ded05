"""How the scores of models are to be read: what their trainer measured, from the facts in their manifests.

A retriever that was trained for use with a reranker of others tells how that one is to be read beside it, by its
fingerprint. A manifest without such facts, or with damaged ones, is no error: its scores are then read as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from vizsla.models.manifest import Manifest

logger = logging.getLogger(__name__)

T = TypeVar("T")

_STEEPEST, _FARTHEST = 1_000.0, 1_000.0  # beyond these a line says that its fit has failed
_HEAVIEST, _DEEPEST = 100.0, 200
_UNKNOWN_REACH = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A score as it comes from a model to what it means: ``slope * score + intercept``."""

    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.slope <= _STEEPEST:  # written so that what is no number is refused
            raise ValueError(f"slope must be above 0 and at most {_STEEPEST:.0f}, got {self.slope}")
        if not abs(self.intercept) <= _FARTHEST:
            raise ValueError(f"intercept must be at most {_FARTHEST:.0f} from 0, got {self.intercept}")

    def __call__(self, score: float) -> float:
        """What a score means."""
        return self.slope * score + self.intercept


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a reranker is used.

    Attributes:
        log_odds: from its score to the log-odds that the function is right.
        weight: of these against the fused log-odds.
        depth: how many of the first it reads.
        reach: how far apart, in these log-odds, its best and its worst opinion of one question's candidates are: what
            stands further behind, times the weight, cannot come first and need not be read.
    """

    log_odds: Line
    weight: float
    depth: int
    reach: float = _UNKNOWN_REACH

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= _HEAVIEST:
            raise ValueError(f"weight must be 0 to {_HEAVIEST:.0f}, got {self.weight}")
        if not 1 <= self.depth <= _DEEPEST:
            raise ValueError(f"depth must be 1 to {_DEEPEST}, got {self.depth}")
        if not 0 < self.reach <= _FARTHEST:
            raise ValueError(f"reach must be above 0 and at most {_FARTHEST:.0f}, got {self.reach}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How the scores of a retriever and a reranker that are used together are to be read.

    Attributes:
        cosine: from a cosine of the retriever to what the weights of fusion were fitted to.
        reading: of the reranker beside this retriever, else of the reranker wherever; None where nothing is known.
    """

    cosine: Line = field(default_factory=Line)
    reading: Reading | None = None


def calibration_of(retriever: Manifest, reranker: Manifest | None = None) -> Calibration:
    """What the manifests of two models say; what is missing or damaged there counts as unknown, and is logged."""
    line, reading = None, None
    told = _told(retriever)
    if "cosine" in told:
        line = _read(retriever, lambda: _line(told["cosine"]))
    if reranker is not None:
        beside = told.get("beside", {})
        if isinstance(beside, Mapping) and reranker.fingerprint in beside:
            reading = _read(retriever, lambda: _reading(beside[reranker.fingerprint]))
        if reading is None and "reranker" in (own := _told(reranker)):
            reading = _read(reranker, lambda: _reading(own))
    return Calibration(cosine=line or Line(), reading=reading)


def _told(manifest: Manifest) -> Mapping[str, object]:
    told = manifest.facts.get("calibration", {})
    if isinstance(told, Mapping):
        return told
    logger.warning("the calibration of the model %s is no object and not used", manifest.name)
    return {}


def _read(manifest: Manifest, read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        logger.warning("the calibration of the model %s is damaged and not used: %r", manifest.name, error)
        return None


def _line(told: object) -> Line:
    return Line(slope=_number(told, "slope"), intercept=_number(told, "intercept"))


def _reading(told: Mapping[str, object]) -> Reading:
    setting = told["setting"]
    depth = _number(setting, "depth")
    if not depth.is_integer():
        raise ValueError(f"depth must be a whole number, got {depth}")
    is_known = isinstance(setting, Mapping) and "reach" in setting
    return Reading(
        log_odds=_line(told["reranker"]),
        weight=_number(setting, "weight"),
        depth=int(depth),
        reach=_number(setting, "reach") if is_known else _UNKNOWN_REACH,
    )


def _number(told: object, name: str) -> float:
    value = told[name] if isinstance(told, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, got {value!r:.60}")
    return float(value)
