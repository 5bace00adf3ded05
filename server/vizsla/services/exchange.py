"""New settings and new models for a running server: settings at once, models when they work and everything is ready.

Other models take over in one step, when all functions have their vectors; until then, and if they never work, the
present ones answer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from vizsla.core.errors import ModelError, VizslaError
from vizsla.core.settings import Settings
from vizsla.models.client import LOAD_SECONDS, Priority
from vizsla.models.in_use import use_file
from vizsla.services.model_choice import ModelChoice, choose_models
from vizsla.services.resources import Resources
from vizsla.services.root_registry import RootRegistry
from vizsla.services.succession import Preparing, Succession, SupersededError

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0  # between two looks at which models are in use
_STAYS = "what was open before stays in use"

_Stamp = tuple[int, int, int] | None


class SettingsExchange:
    """Brings settings and models to the open folders. Any thread; returns at once, and works in threads of its own."""

    def __init__(self, registry: RootRegistry, told: Callable[[], None]) -> None:
        """Make it; ``told`` is called when something changed that a status shows."""
        self._registry = registry
        self._told = told
        self._succession = Succession(registry, told)
        self._lock = threading.Lock()
        self._wanted = registry.resources.settings
        self._wishes = self._answered = 0  # counted: a newer one puts an end to the work for an older one
        self._opening: threading.Thread | None = None
        self._stamp: _Stamp = None
        self._is_started = False
        self._closing = threading.Event()
        self._looking = threading.Thread(target=self._watch, daemon=True, name="models-in-use")
        self.problem = ""
        """Why the newest settings or models are not in use as a whole; empty when they are."""

    @property
    def is_settled(self) -> bool:
        """Whether no models are being opened."""
        with self._lock:
            return self._opening is None

    @property
    def preparing(self) -> Preparing | None:
        """How far models have come that are to take over."""
        return self._succession.state

    def apply(self, settings: Settings) -> None:
        """Use ``settings`` from now on; the newest count."""
        with self._lock:
            self._wanted = settings
            present = self._registry.resources
            present.settings = _with_what_is_open(settings, present.settings)
            self.problem = ""
            if present.settings != settings or self._wishes != self._answered:
                self._wish()
        for root in self._registry.all():
            if root.engine is not None:
                root.engine.read_settings()

    def start(self) -> None:
        """Begin to look which models are in use, every few seconds; once is enough."""
        with self._lock:
            if not (self._is_started or self._closing.is_set()):
                self._is_started = True
                self._looking.start()

    def look(self, *, again: bool = False) -> None:
        """Look whether other models are in use now, and go over to them; takes a moment.

        Args:
            again: also when nothing changed since the last look: somebody wants what failed or was cancelled.
        """
        stamp = self._in_use()
        with self._lock:
            if again or stamp != self._stamp:
                self._stamp = stamp
                self._wish()

    def cancel(self) -> None:
        """Give up what is being prepared, until other models or settings come or ``look(again=True)``."""
        with self._lock:
            state = self._succession.state
            if state is not None:
                self._wishes += 1
                self._answered = self._wishes
                self.problem = f"preparing the model {state.model} was cancelled; {_STAYS}"

    def close(self) -> None:
        """Give everything up; returns at once."""
        self._closing.set()
        with self._lock:
            self._wishes += 1
            self._answered = self._wishes

    def _watch(self) -> None:
        """Look every few seconds, but not before there is a folder to make vectors for."""
        while not self._closing.wait(_LOOK_SECONDS):
            if self._registry.all():
                try:
                    self.look()
                except Exception:  # the next look may go better
                    logger.exception("the models in use cannot be looked at")

    def _wish(self) -> None:
        """Have settings and models opened; the caller holds the lock."""
        self._wishes += 1
        self.problem = ""
        if self._opening is None and not self._closing.is_set():
            self._opening = threading.Thread(target=self._open, daemon=True, name="open-models")
            self._opening.start()

    def _open(self) -> None:
        """Open what the newest settings want, until they are no longer newer."""
        while True:
            with self._lock:
                wish, wanted = self._wishes, self._wanted
                if wish == self._answered:
                    self._opening = None
                    break
            problem = ""
            try:
                self._exchange(wanted, wish)
            except SupersededError:
                continue
            except Exception as error:
                if not isinstance(error, VizslaError):
                    logger.exception("new settings or models cannot be used")
                problem = f"{error}; {_STAYS}"
                logger.warning("%s", problem)
            with self._lock:
                if self._wishes == wish:
                    self._answered, self.problem = wish, problem
        self._told()

    def _exchange(self, wanted: Settings, wish: int) -> None:
        """Open and prepare other resources, if these are others than the present ones, and change over to them."""
        present = self._registry.resources
        choice = choose_models(wanted.models, wanted.cache.directory)
        if present.settings == wanted and self._are_open(present, choice):
            return
        resources = open_resources(wanted, present.problems, choice)
        try:
            self._succession.prepare(resources, lambda: self._wishes == wish)
            with self._lock:
                if self._wishes != wish:
                    raise SupersededError
                resources.settings = _with_what_is_open(self._wanted, resources.settings)
            self._registry.exchange_resources(resources)
        finally:
            if self._registry.resources is not resources:
                resources.close()
        logger.info("the model %s answers from now on", choice.name)

    def _are_open(self, present: Resources, choice: ModelChoice) -> bool:
        is_open = present.models is not None  # this opens them
        return present.fingerprints == choice.fingerprints or (is_open and present.fingerprints is None)

    def _in_use(self) -> _Stamp:
        try:
            found = use_file(self._registry.resources.cache_directory).stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def open_resources(
    settings: Settings, known_problems: Iterable[str] = (), choice: ModelChoice | None = None
) -> Resources:
    """Resources whose models have answered once.

    Args:
        settings: for these.
        known_problems: of the present resources; they are no reason to keep those.
        choice: the models; those of the settings when None.

    Raises:
        VizslaError: something of them cannot be used; nothing stays open.
    """
    resources = Resources(settings, choice)
    try:
        models = resources.models
        resources.embeddings  # noqa: B018 - opens it, and notes what is wrong
        news = [sentence for sentence in resources.problems if sentence not in known_problems]
        if news:
            raise ModelError(news[0])
        if models is not None:
            vectors = models.encode(["open a file"], is_query=True, priority=Priority.QUERY).result(LOAD_SECONDS)
            if not np.isfinite(vectors).all():
                raise ModelError(f"the model {models.name} answers with no numbers")
            if models.has_reranker:
                scores = models.warm_up().result(LOAD_SECONDS)
                if not np.isfinite(scores).all():
                    raise ModelError("the reranker answers with no numbers")
    except BaseException as error:
        resources.close()
        if isinstance(error, TimeoutError):
            raise ModelError(f"the models did not answer within {LOAD_SECONDS:.0f} seconds") from None
        raise
    return resources


def _with_what_is_open(settings: Settings, present: Settings) -> Settings:
    """``settings``, but for what was opened once for the present ones."""
    index = replace(
        settings.index, parse_workers=present.index.parse_workers, parse_seconds=present.index.parse_seconds
    )
    return replace(settings, models=present.models, cache=present.cache, index=index)
