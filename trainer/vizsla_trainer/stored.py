"""Dataclasses to JSON files and back: what one stage found out and a later one reads."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

from vizsla_trainer.errors import TrainingError
from vizsla_trainer.records import published

T = TypeVar("T")


def write_json(path: Path, value: object) -> None:
    """Publish a dataclass, or plain JSON, as a file; infinities and what is no number become null."""
    plain = dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
    with published(path) as temporary:
        temporary.write_text(json.dumps(_finite(plain), indent=1) + "\n", encoding="utf-8")


def read_json(path: Path, kind: type[T]) -> T:
    """A dataclass, or a dict, that ``write_json`` wrote.

    Raises:
        TrainingError: there is no such file, or it holds something else.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        built = _built(raw, kind)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise TrainingError(f"{path} cannot be read ({error}); delete it and run its stage again") from None
    return typing.cast(T, built)


def _built(raw: Any, kind: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _built(value, hints[name]) for name, value in raw.items()})
    if origin in (typing.Union, types.UnionType):
        chosen = [one for one in inner if one is not type(None)]
        return None if raw is None else _built(raw, chosen[0])
    if origin in (tuple, list):
        return origin(_built(one, inner[0]) for one in raw)
    if origin is dict:
        return {name: _built(value, inner[1]) for name, value in raw.items()}
    if kind is float:
        return float("nan") if raw is None else float(raw)
    return raw


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
