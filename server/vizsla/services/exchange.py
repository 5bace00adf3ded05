"""New settings for a running server: at once where that is possible; other models only when they have answered once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import replace

from vizsla.core.errors import ModelError, VizslaError
from vizsla.core.settings import Settings
from vizsla.models.client import Priority
from vizsla.services.resources import Resources
from vizsla.services.root_registry import RootRegistry

logger = logging.getLogger(__name__)

_LOAD_SECONDS = 120.0  # of a large model from a cold disk


class SettingsExchange:
    """Brings settings to the open folders. Any thread; returns at once, and opens models in a thread of its own."""

    def __init__(self, registry: RootRegistry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._wanted = registry.resources.settings
        self._opening: threading.Thread | None = None
        self.problem = ""
        """Why the newest settings are not in use as a whole; empty when they are."""

    @property
    def is_settled(self) -> bool:
        """Whether no models are being opened."""
        with self._lock:
            return self._opening is None

    def apply(self, settings: Settings) -> None:
        """Use ``settings`` from now on; the newest count."""
        with self._lock:
            self._wanted = settings
            present = self._registry.resources
            present.settings = _with_what_is_open(settings, present.settings)
            self.problem = ""
            if self._opening is None and present.settings != settings:
                self._opening = threading.Thread(target=self._open, daemon=True, name="open-models")
                self._opening.start()
        for root in self._registry.all():
            if root.engine is not None:
                root.engine.read_settings()

    def _open(self) -> None:
        """Open what the newest settings want, until they are no longer newer."""
        while True:
            with self._lock:
                present, wanted = self._registry.resources, self._wanted
                if present.settings == wanted or self.problem:
                    self._opening = None
                    return
            try:
                resources = open_resources(wanted, present.problems)
            except Exception as error:
                if not isinstance(error, VizslaError):
                    logger.exception("new settings cannot be used")
                with self._lock:
                    if self._wanted is wanted:
                        self.problem = f"{error}; what was open before stays in use"
                continue
            is_in_use = self._registry.exchange_resources(resources)
            with self._lock:
                if not is_in_use:
                    self._opening = None
                    return
                resources.settings = _with_what_is_open(self._wanted, resources.settings)


def open_resources(settings: Settings, known_problems: Iterable[str] = ()) -> Resources:
    """Resources whose models have answered once.

    Args:
        settings: for these.
        known_problems: of the present resources; they are no reason to keep those.

    Raises:
        VizslaError: something of them cannot be used; nothing stays open.
    """
    resources = Resources(settings)
    try:
        models = resources.models
        resources.embeddings  # noqa: B018 - opens it, and notes what is wrong
        news = [sentence for sentence in resources.problems if sentence not in known_problems]
        if news:
            raise ModelError(news[0])
        if models is not None:
            models.encode(["open a file"], is_query=True, priority=Priority.QUERY).result(_LOAD_SECONDS)
            if models.has_reranker:
                models.rerank("open a file", ["open"], budget_seconds=_LOAD_SECONDS).result(_LOAD_SECONDS)
    except BaseException as error:
        resources.close()
        if isinstance(error, TimeoutError):
            raise ModelError(f"the models did not answer within {_LOAD_SECONDS:.0f} seconds") from None
        raise
    return resources


def _with_what_is_open(settings: Settings, present: Settings) -> Settings:
    """``settings``, but for what was opened once for the present ones."""
    index = replace(
        settings.index, parse_workers=present.index.parse_workers, parse_seconds=present.index.parse_seconds
    )
    return replace(settings, models=present.models, cache=present.cache, index=index)
