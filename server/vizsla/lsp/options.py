"""What the client can do and wants, read once from ``initialize``; and its configuration as checked settings."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pygls.capabilities import get_capability

from vizsla.core.options import settings_from
from vizsla.lsp.encoding import path_of
from vizsla.lsp.messages import SCHEMA, SECTION

if TYPE_CHECKING:
    from lsprotocol import types

    from vizsla.core.settings import Settings

_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")
_FIRST_SYMBOL_KINDS = frozenset(range(1, 19))  # what a client shows that does not say, see "SymbolKind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The other side.

    Attributes:
        folders: the workspace folders that are local.
        settings: raw, as ``initializationOptions.settings`` has them.
        problems: one sentence for each thing that the user should know about the client.
        wants_status: whether ``vizsla/statusChanged`` is to be sent.
        can_pull_settings: whether it answers ``workspace/configuration``.
        can_register_settings: whether it lets us ask to be told of changed settings.
        can_register_watching: whether it lets us ask to be told of changed files.
        can_show_progress: whether it shows progress that we begin.
        symbol_kinds: the kinds of symbol that it can show.
    """

    folders: tuple[Path, ...] = ()
    settings: object = None
    problems: tuple[str, ...] = ()
    wants_status: bool = False
    can_pull_settings: bool = False
    can_register_settings: bool = False
    can_register_watching: bool = False
    can_show_progress: bool = False
    symbol_kinds: frozenset[int] = _FIRST_SYMBOL_KINDS


def client_of(params: types.InitializeParams) -> Client:
    """Read what ``initialize`` says of the client. Options of the wrong type are named, not refused."""
    options = params.initialization_options
    problems: list[str] = []
    if options is not None and not isinstance(options, Mapping):
        problems.append(f"initializationOptions must be an object, got {options!r:.60}; it is ignored")
    options = options if isinstance(options, Mapping) else {}
    problems += _schema_problem(options.get("schema"))
    wanted = options.get("statusNotifications")
    if wanted is not None and not isinstance(wanted, bool):
        problems.append(f"initializationOptions.statusNotifications must be true or false, got {wanted!r:.60}")

    def can(name: str) -> bool:
        return bool(get_capability(params.capabilities, name))

    kinds = get_capability(params.capabilities, "workspace.symbol.symbol_kind.value_set")
    experimental = params.capabilities.experimental
    return Client(
        folders=_folders(params),
        settings=options.get("settings"),
        problems=tuple(problems),
        wants_status=wanted is True or bool(isinstance(experimental, Mapping) and experimental.get(SECTION)),
        can_pull_settings=can("workspace.configuration"),
        can_register_settings=can("workspace.did_change_configuration.dynamic_registration"),
        can_register_watching=can("workspace.did_change_watched_files.dynamic_registration"),
        can_show_progress=can("window.work_done_progress"),
        symbol_kinds=frozenset(map(int, kinds)) if kinds else _FIRST_SYMBOL_KINDS,
    )


def client_settings(raw: object, base: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Apply the client's section of settings over those of the user's file.

    Args:
        raw: sections of options; names may be written as editors do, such as ``rerankSeconds``. None for nothing.
        base: what holds where the client is silent or wrong.

    Returns:
        The settings, and one sentence for each option that was refused.
    """
    if raw is None:
        return base, ()
    if not isinstance(raw, Mapping):
        return base, (f"the settings of {SECTION} must be an object, got {raw!r:.60}; they are ignored",)
    sections = {name: _in_our_words(section) for name, section in raw.items() if section is not None}
    cache = sections.get("cache")
    if isinstance(cache, dict) and os.environ.get("VIZSLA_CACHE_DIR"):
        cache.pop("directory", None)  # the environment comes before every setting
    settings, refused = settings_from(sections, base=base)
    return settings, tuple(refused)


def pushed_section(settings: object) -> object:
    """Our section of what ``workspace/didChangeConfiguration`` holds: all sections, or ours alone; None for neither."""
    if isinstance(settings, Mapping) and SECTION in settings:
        return settings[SECTION]
    if isinstance(settings, Mapping) and settings.keys() & {"index", "models", "search", "cache", "feedback"}:
        return settings
    return None


def _in_our_words(section: object) -> object:
    """A section whose names are written in humps, in the words of the settings file. Null means nothing was set."""
    if not isinstance(section, Mapping):
        return section
    return {_HUMP.sub(r"_\1", name).lower(): value for name, value in section.items() if value is not None}


def _schema_problem(schema: object) -> list[str]:
    if schema is None or schema == SCHEMA:
        return []
    if not isinstance(schema, int):
        return [f"initializationOptions.schema must be a whole number, got {schema!r:.60}"]
    older = "the server" if schema > SCHEMA else "the plug-in"
    return [f"the editor's plug-in speaks schema {schema} of our messages, the server schema {SCHEMA}; update {older}"]


def _folders(params: types.InitializeParams) -> tuple[Path, ...]:
    """The folders of the workspace, or the one root of older clients."""
    if params.workspace_folders:
        uris = [folder.uri for folder in params.workspace_folders]
    else:
        uris = [params.root_uri] if params.root_uri else []
    paths = [path_of(uri) for uri in uris]
    if not uris and params.root_path:
        paths = [Path(params.root_path)]
    return tuple(dict.fromkeys(path for path in paths if path is not None))
