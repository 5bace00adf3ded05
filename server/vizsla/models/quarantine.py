"""Which texts killed a worker: suspected after one death, poison after a second one that they died in alone."""

from __future__ import annotations

from collections.abc import Iterable

from vizsla.core.text import content_hash
from vizsla.core.types import ContentHash


class Quarantine:
    """Texts of one model that are not to be computed together, or not at all. Keeps hashes, never texts."""

    def __init__(self) -> None:
        self._suspects: set[ContentHash] = set()
        self._poison: dict[ContentHash, None] = {}  # in the order they were found

    @property
    def poison(self) -> tuple[ContentHash, ...]:
        """What is never computed again, oldest first."""
        return tuple(self._poison)

    def blame(self, texts: Iterable[str]) -> None:
        """The worker died while these were computed together."""
        hashes = [content_hash(text) for text in texts]
        if len(hashes) == 1 and hashes[0] in self._suspects:
            self._suspects.discard(hashes[0])
            self._poison[hashes[0]] = None
        else:
            self._suspects.update(hashes)

    def absolve(self, text: str) -> None:
        """This text went through the model."""
        if self._suspects:
            self._suspects.discard(content_hash(text))

    def is_suspect(self, text: str) -> bool:
        """Whether the text must go through the model alone."""
        # Without deaths, which is nearly always, nothing is hashed.
        return bool(self._suspects) and content_hash(text) in self._suspects

    def is_poison(self, text: str) -> bool:
        """Whether the text must not go through the model."""
        return bool(self._poison) and content_hash(text) in self._poison
