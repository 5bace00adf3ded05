"""Scores of a model to log-odds of being right, learned on held-out queries.

Two lines, for two uses. ``calibrate`` looks at each candidate by itself: its log-odds are a chance. ``contrast`` looks
at what tells the right candidate from the others of its query: how much a difference of scores means for their order.
The scores of one query are more alike than those of several, so the second is two to three times as steep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizsla.models.calibration import Line

_STEPS = 50
_RIDGE = 1e-3  # keeps the slope finite where scores part right from wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A line from a score to log-odds that the candidate is right."""

    slope: float
    intercept: float

    def log_odds(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Of each score; what is no number stays none."""
        joined: npt.NDArray[np.float32] = (self.slope * scores + self.intercept).astype(np.float32)
        return joined


def calibrate(scores: npt.NDArray[np.float32], is_right: npt.NDArray[np.bool_]) -> Calibration:
    """Fit the line by logistic regression. A score that says nothing, or the wrong thing, gets the slope 0.

    Args:
        scores: of candidates; what is no number is left out. (candidates,)
        is_right: whether each is the right code. (candidates,)

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    usable = np.isfinite(scores)
    x, y = scores[usable].astype(np.float64), is_right[usable].astype(np.float64)
    if not len(x) or y.min() == y.max() or x.std() == 0:
        return Calibration(slope=0.0, intercept=0.0)
    mean, spread = x.mean(), x.std()
    design = np.stack([(x - mean) / spread, np.ones_like(x)], axis=1)
    line = np.array([0.0, np.log(y.mean() / (1 - y.mean()))])
    penalty = np.diag([_RIDGE * len(x), 0.0])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ line, -30, 30)))
        gradient = design.T @ (chance - y) + penalty @ line
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + penalty + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        line -= np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-8:
            break
    if line[0] <= 0:
        return Calibration(slope=0.0, intercept=0.0)
    slope = float(line[0] / spread)
    return Calibration(slope=slope, intercept=float(line[1] - slope * mean))


def contrast(scores: npt.NDArray[np.float32], is_right: npt.NDArray[np.bool_]) -> Calibration:
    """Fit a line by how the right candidate stands out from the others of its query; at its usual score it is 0.

    Args:
        scores: of the candidates of each query; what is no number is left out. (queries, candidates)
        is_right: the right one of each; a query without it says nothing. (queries, candidates)

    Returns:
        The line whose values give the right candidates the highest chance by softmax; slope 0 where scores say nothing.

    Source: McFadden, "Conditional logit analysis of qualitative choice behavior", 1973.
    """
    usable = np.isfinite(scores)
    told = (is_right & usable).any(axis=1) & (usable.sum(axis=1) > 1)
    kept, raw = usable[told], np.where(usable, scores, 0.0)[told].astype(np.float64)
    right = (is_right[told] & kept) / (is_right[told] & kept).sum(axis=1, keepdims=True)
    x = np.where(kept, raw - raw.sum(axis=1, keepdims=True) / kept.sum(axis=1, keepdims=True), 0.0)
    spread = float(x[kept].std()) if len(x) else 0.0
    if not spread > 0:
        return Calibration(slope=0.0, intercept=0.0)
    x /= spread
    slope = 1.0
    for _ in range(_STEPS):  # one variable of a convex function
        logits = np.where(kept, slope * x, -np.inf)
        chance = np.exp(logits - logits.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        expected = (chance * x).sum(axis=1)
        gradient = float((expected - (right * x).sum(axis=1)).mean()) + _RIDGE * slope
        curvature = float(((chance * x**2).sum(axis=1) - expected**2).mean()) + _RIDGE
        step = float(np.clip(gradient / curvature, -1, 1))
        slope -= step
        if abs(step) < 1e-8:
            break
    if slope <= 0:
        return Calibration(slope=0.0, intercept=0.0)
    usual = float((raw * right).sum(axis=1).mean())
    return Calibration(slope=slope / spread, intercept=-slope / spread * usual)


def aligned(before: Line, old: Calibration | None, new: Calibration | None) -> Line | None:
    """From the cosines of a new retriever to those that fusion was fitted to; None where that cannot be told.

    Where ``old`` and ``new`` have one value, both cosines mean the same for the order of the same queries' answers.

    Args:
        before: the same of the old retriever.
        old: how much a difference of its cosines means, see ``contrast``.
        new: likewise of the new one's.
    """
    if old is None or new is None or not (old.slope > 0 and new.slope > 0):
        return None
    try:
        return Line(
            slope=before.slope * new.slope / old.slope, intercept=before((new.intercept - old.intercept) / old.slope)
        )
    except ValueError:  # a fit that failed
        return None
