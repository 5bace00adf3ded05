"""Plain data of a client, read field by field. A wrong field is named in one sentence; unknown ones are ignored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from vizsla.lsp.encoding import path_of
from vizsla.lsp.envelopes import INVALID_PARAMS, RefusedError
from vizsla.lsp.messages import Token

_LARGEST = 2**31 - 1  # of the protocol's integers
_MOST_ITEMS = 1_000  # of a list: each is compared with every function


class Fields:
    """The fields of one object of a message. What is absent or null has its default."""

    def __init__(self, data: object, name: str = "params") -> None:
        """Read ``data``, which a sentence calls ``name``.

        Raises:
            RefusedError: it is no object.
        """
        self._name = name
        if not isinstance(data, Mapping):
            raise RefusedError(INVALID_PARAMS, f"{name} must be an object, got {_shown(data)}")
        self._data = data

    def child(self, name: str) -> Fields:
        """The object in a field; an empty one where it is absent."""
        value = self._data.get(name)
        return Fields({} if value is None else value, self._path(name))

    def children(self, name: str) -> Iterator[Fields]:
        """The objects in a list that must be there, each checked when its turn comes."""
        value = self._data.get(name)
        if not isinstance(value, list | tuple):
            raise self.wrong(name, "a list of objects")
        return (Fields(item, f"{self._path(name)}[{number}]") for number, item in enumerate(value))

    def has(self, name: str) -> bool:
        """Whether a field is there, and not null."""
        return self._data.get(name) is not None

    def raw(self, name: str) -> object:
        """What a field holds, unchecked."""
        return self._data.get(name)

    def text(self, name: str) -> str | None:
        """A text."""
        value = self._data.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, "a text")
        return value

    def required_text(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if value is None:
            raise self.wrong(name, "a text")
        return value

    def flag(self, name: str) -> bool:
        """A truth value, false when absent."""
        value = self._data.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return bool(value)

    def whole(self, name: str, *, least: int) -> int | None:
        """A whole number of at least ``least``."""
        value = self._data.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LARGEST:
            raise self.wrong(name, f"a whole number of at least {least}")
        return value

    def required_whole(self, name: str) -> int:
        """A whole number from 0 that must be there."""
        value = self.whole(name, least=0)
        if value is None:
            raise self.wrong(name, "a whole number of at least 0")
        return value

    def number(self, name: str) -> float:
        """A number from 0 that must be there."""
        value = self._data.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
            return float(value)
        raise self.wrong(name, "a number of at least 0")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, empty when absent."""
        value = self._data.get(name)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.wrong(name, "a list of texts")
        if len(value) > _MOST_ITEMS:
            raise RefusedError(
                INVALID_PARAMS, f"{self._path(name)} must have at most {_MOST_ITEMS} items, got {len(value)}"
            )
        return tuple(value)

    def files(self, name: str) -> tuple[Path, ...]:
        """A list of file URIs, empty when absent."""
        paths = [path_of(uri) for uri in self.texts(name)]
        if None in paths:
            raise self.wrong(name, "a list of file URIs")
        return tuple(path for path in paths if path is not None)

    def file(self, name: str) -> Path:
        """A file URI that must be there."""
        path = path_of(self.required_text(name))
        if path is None:
            raise self.wrong(name, "a file URI")
        return path

    def token(self, name: str) -> Token | None:
        """The name of a progress."""
        value = self._data.get(name)
        if value is not None and (not isinstance(value, int | str) or isinstance(value, bool)):
            raise self.wrong(name, "a whole number or a text")
        return value

    def wrong(self, name: str, wanted: str) -> RefusedError:
        """The error that says what a field must be and what it is."""
        return RefusedError(INVALID_PARAMS, f"{self._path(name)} must be {wanted}, got {_shown(self._data.get(name))}")

    def _path(self, name: str) -> str:
        return name if self._name == "params" else f"{self._name}.{name}"


def _shown(value: object) -> str:
    """A value as a sentence names it, in JSON's words for what Python calls otherwise."""
    for word, same in (("nothing", None), ("true", True), ("false", False)):
        if value is same:
            return word
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."
