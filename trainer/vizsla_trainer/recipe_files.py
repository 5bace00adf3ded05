"""Recipes out of TOML, with each refusal named: a run that ignored an option would be worse than none."""

from __future__ import annotations

import dataclasses
import tomllib
import typing
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from vizsla.core.options import converted
from vizsla_trainer.errors import RecipeError
from vizsla_trainer.recipe import Recipe

BUILT_IN = ("default", "quick", "r2ps", "shipped", "shipped-cpu")
"""Recipes that come with the package."""

T = typing.TypeVar("T")


def load_recipe(name_or_path: str) -> Recipe:
    """Read a recipe: one of the package by its name, else a TOML file.

    Raises:
        RecipeError: there is no such recipe, it is no TOML, or something in it was refused; each refusal is named.
    """
    if name_or_path in BUILT_IN:
        place = f"the recipe {name_or_path!r}"
        text = (resources.files("vizsla_trainer") / "recipes" / f"{name_or_path}.toml").read_text(encoding="utf-8")
    else:
        path = Path(name_or_path).expanduser()
        place = str(path)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise RecipeError(
                f"there is no recipe {name_or_path!r}; give the path of a TOML file or one of {', '.join(BUILT_IN)}"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"the recipe {place} cannot be read ({error}); give a TOML file in UTF-8") from None
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RecipeError(f"{place} is not TOML ({error}); mend it") from None
    raw.setdefault("name", name_or_path if name_or_path in BUILT_IN else Path(name_or_path).stem)
    return recipe_from(raw, place=place)


def recipe_from(raw: Mapping[str, object], *, place: str = "the recipe") -> Recipe:
    """A recipe out of nested options, such as ``{"retriever": {"batch": 32}}``; what is not named has its default.

    Raises:
        RecipeError: names every option that is unknown, of the wrong type or out of its range.
    """
    refused: list[str] = []
    recipe = _filled(Recipe, raw, "", refused)
    if refused or recipe is None:
        raise RecipeError(f"{place} cannot be followed: {'; '.join(refused)}")
    return recipe


def _filled(part: type[T], raw: Mapping[str, object], prefix: str, refused: list[str]) -> T | None:
    types = typing.get_type_hints(part)
    values: dict[str, object] = {}
    for name, value in raw.items():
        dotted = f"{prefix}{name}"
        if name not in types:
            refused.append(f"{dotted}: no such option, there is {', '.join(sorted(types))}")
        elif dataclasses.is_dataclass(types[name]):
            if isinstance(value, Mapping):
                filled = _filled(typing.cast("type[object]", types[name]), value, f"{dotted}.", refused)
                values |= {name: filled} if filled is not None else {}
            else:
                refused.append(f"{dotted}: must be a section, got {value!r:.60}")
        else:
            try:
                values[name] = converted(value, types[name])
            except (TypeError, ValueError) as error:
                refused.append(f"{dotted}: {error}")
    try:
        return part(**values)
    except ValueError as error:
        refused.append(f"{prefix}{error}")
        return None
