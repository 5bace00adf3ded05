"""Errors of the trainer that a user can mend."""

from __future__ import annotations

from vizsla.core.errors import VizslaError


class RecipeError(VizslaError):
    """A recipe cannot be read, or says what has no meaning."""


class TrainingError(VizslaError):
    """A run cannot go on: too little to learn from, numbers that ran away, a run folder that is damaged."""


class StoppedError(VizslaError):
    """The user asked to stop; what was done so far is kept and taken up by the next run."""
