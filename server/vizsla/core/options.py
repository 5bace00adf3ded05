"""Raw options, as a user or a client wrote them, become checked settings; what is refused is named.

It does not know where options come from: a TOML file and a language client give the same nested mapping.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import stat
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any

import platformdirs

from vizsla.core.settings import Settings

WORKSPACE_MAY_SET = frozenset({"index.exclude", "index.text_windows", "index.max_file_bytes"})
"""A workspace's own file may not choose models, devices or directories: code from outside is not trusted."""

WORKSPACE_FILE = ".vizsla.toml"
"""Name of the file in the root of a workspace that may set these."""

_MOST_FILE_BYTES = 1_000_000


def settings_from(
    raw: Mapping[str, object], *, base: Settings | None = None, allowed: frozenset[str] | None = None
) -> tuple[Settings, list[str]]:
    """Apply raw options over ``base``.

    Args:
        raw: sections of options, such as ``{"search": {"limit": 5}}``.
        base: what holds where ``raw`` is silent or wrong; the defaults when None.
        allowed: dotted names that may be set; None allows all.

    Returns:
        The settings, and one sentence for each option that was refused. A refused option keeps its base value.
    """
    settings = base or Settings()
    refused: list[str] = []
    sections = {field.name for field in dataclasses.fields(Settings)}
    for section_name, options in raw.items():
        if section_name not in sections or not isinstance(options, Mapping):
            refused.append(f"{section_name}: no such section of settings, use one of {', '.join(sorted(sections))}")
            continue
        section = getattr(settings, section_name)
        known = {field.name for field in dataclasses.fields(section)}
        taken = {}
        for name, value in options.items():
            dotted = f"{section_name}.{name}"
            if name not in known:
                refused.append(f"{dotted}: no such setting")
            elif allowed is not None and dotted not in allowed:
                refused.append(f"{dotted}: may not be set by the workspace; set it in your own settings")
            else:
                taken[name] = value
        section, problems = _with_options(section, taken)
        refused += [f"{section_name}.{name}: {problem}" for name, problem in problems.items()]
        settings = dataclasses.replace(settings, **{section_name: section})
    return settings, refused


def _with_options(section: Any, options: Mapping[str, object]) -> tuple[Any, dict[str, str]]:
    """A section with as many of the options as can be, in whatever order they come, and why not the others."""
    types = typing.get_type_hints(type(section))
    problems: dict[str, str] = {}
    for name, value in options.items():
        try:
            section = dataclasses.replace(section, **{name: converted(value, types[name])})
        except (TypeError, ValueError, OverflowError, RuntimeError) as error:  # the last: "~nobody"
            problems[name] = f"{error}; keeping {_shown(getattr(section, name))}"
    if 0 < len(problems) < len(options):  # one may be right beside another that came after it
        return _with_options(section, {name: options[name] for name in problems})
    return section, problems


def load_settings(workspace: Path | None = None) -> tuple[Settings, list[str]]:
    """Settings of the user's file, then of the environment, then of the workspace's ``.vizsla.toml``.

    ``VIZSLA_CACHE_DIR`` and ``VIZSLA_CONFIG`` override the places of the cache and of the user's file.

    Returns:
        The settings and one sentence for each thing that was refused, with the file it stands in.
    """
    user = Path(
        os.environ.get("VIZSLA_CONFIG") or platformdirs.user_config_path("vizsla", appauthor=False) / "config.toml"
    )
    settings, refused = _with_file(Settings(), user, allowed=None)
    directory = os.environ.get("VIZSLA_CACHE_DIR")
    if directory:
        cache = dataclasses.replace(settings.cache, directory=Path(directory).expanduser().absolute())
        settings = dataclasses.replace(settings, cache=cache)
    if workspace is not None:
        settings, more = workspace_settings(settings, workspace)
        refused.extend(more)
    return settings, refused


def workspace_settings(base: Settings, workspace: Path) -> tuple[Settings, list[str]]:
    """``base`` with what the workspace's own ``.vizsla.toml`` may set.

    Returns:
        The settings and one sentence for each thing that was refused, with the file it stands in.
    """
    return _with_file(base, workspace / WORKSPACE_FILE, allowed=WORKSPACE_MAY_SET)


def _with_file(base: Settings, path: Path, *, allowed: frozenset[str] | None) -> tuple[Settings, list[str]]:
    raw, problem = _read_toml(path, is_trusted=allowed is None)
    settings, refused = settings_from(raw, base=base, allowed=allowed)
    return settings, [*filter(None, [problem]), *(f"{path}: {sentence}" for sentence in refused)]


def _read_toml(path: Path, *, is_trusted: bool) -> tuple[Mapping[str, object], str | None]:
    try:
        content = path.read_bytes() if is_trusted else _regular_file(path)
        return tomllib.loads(content.decode("utf-8")), None
    except FileNotFoundError:
        return {}, None
    except (OSError, ValueError, RecursionError) as error:  # a whole number may have too many digits for Python
        return {}, f"{path}: cannot be read as TOML ({error}); its settings are ignored"


def _regular_file(path: Path) -> bytes:
    """What a file of a workspace holds, but never through a link, from a pipe or without end."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError("not a regular file")
        content = stream.read(_MOST_FILE_BYTES + 1)
    if len(content) > _MOST_FILE_BYTES:
        raise OSError(f"larger than {_MOST_FILE_BYTES} bytes")
    return content


def converted(value: object, wanted: Any) -> object:
    """A value as TOML and JSON give it, in the type that a setting has.

    Args:
        value: what was written.
        wanted: bool, int, float, str, Path, a Literal, or a tuple of any length of one of these; also "or None", which
            cannot be written.

    Raises:
        TypeError: it is of another type.
        ValueError: it is none of a Literal's values.
    """
    wanted = _present(wanted)
    origin = typing.get_origin(wanted)
    if wanted is bool:
        if isinstance(value, bool):
            return value
    elif wanted is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif wanted is float:
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    elif wanted is str:
        if isinstance(value, str):
            return value
    elif wanted is Path:
        if isinstance(value, str):
            return Path(value).expanduser().absolute()
    elif origin is tuple:
        if isinstance(value, list):
            with contextlib.suppress(TypeError):
                return tuple(converted(item, typing.get_args(wanted)[0]) for item in value)
    elif origin is typing.Literal:
        if value in typing.get_args(wanted):
            return value
        raise ValueError(f"must be one of {', '.join(map(str, typing.get_args(wanted)))}, got {_shown(value)}")
    raise TypeError(f"must be {_spoken(wanted)}, got {_shown(value)}")


def _present(wanted: Any) -> Any:
    """A type without the None that stands for what nobody set."""
    if typing.get_origin(wanted) is UnionType:
        (wanted,) = (one for one in typing.get_args(wanted) if one is not type(None))
    return wanted


def _spoken(wanted: Any) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Path: "a path"}
    lists = {int: "a list of whole numbers", float: "a list of numbers"}
    if typing.get_origin(wanted) is tuple:
        return lists.get(typing.get_args(wanted)[0], "a list of texts")
    return names.get(wanted, "a value")


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, Path) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
