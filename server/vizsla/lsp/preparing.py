"""The models begin to load while the rest of the server is imported: most clients want those of the user's file."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from vizsla.core.options import load_settings
from vizsla.core.settings import Settings

if TYPE_CHECKING:
    from vizsla.services.model_choice import ModelChoice
    from vizsla.services.resources import Resources


class Preparation:
    """Resources with a model worker that has been started, for whoever takes them."""

    def __init__(self) -> None:
        """Start the worker; it loads on another core while this process imports."""
        from vizsla.services.resources import Resources

        self._resources: Resources | None = Resources(load_settings()[0])
        if (models := self._resources.models) is not None:
            models.start()

    def take(self, settings: Settings, choice: ModelChoice | None = None) -> Resources:
        """Resources under these settings: those that were prepared where they fit, else new ones. Call it once.

        Args:
            settings: what holds.
            choice: the models to begin with; None for those that the settings mean.
        """
        from vizsla.services.resources import Resources

        prepared, self._resources = self._resources, None
        if prepared is None:
            return Resources(settings, choice)
        is_chosen = choice is None or prepared.fingerprints == choice.fingerprints
        is_same = prepared.settings.models == settings.models and prepared.settings.cache == settings.cache
        if is_chosen and is_same:
            prepared.settings = settings
            return prepared
        threading.Thread(target=prepared.close, name="unprepare", daemon=True).start()
        return Resources(settings, choice)

    def close(self, _: float) -> None:
        """End what nobody took."""
        if self._resources is not None:
            self._resources.close()
