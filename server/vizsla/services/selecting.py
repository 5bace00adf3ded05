"""Which stored functions a set of filters lets through."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import QueryError
from vizsla.core.path_globs import PathGlobs
from vizsla.index.records import KeyFilter
from vizsla.parsing.languages import LANGUAGES
from vizsla.retrieval.layers import Layer
from vizsla.services.entries import TEXT
from vizsla.services.filters import Filters
from vizsla.services.repository import changed_files
from vizsla.services.workspace import Workspace

_OTHER_NAMES = {
    "py": "python",
    "js": "javascript",
    "jsx": "javascript",
    "ts": "typescript",
    "golang": "go",
    "rs": "rust",
    "c++": "cpp",
    "c#": "csharp",
    "cs": "csharp",
    "rb": "ruby",
    "kt": "kotlin",
    "sh": "bash",
    "shell": "bash",
    "hs": "haskell",
    "ml": "ocaml",
    "ex": "elixir",
}
_SECOND_GRAMMARS = {"typescript": ("tsx",), "ocaml": ("ocaml_interface",)}
"""Languages that people take for one, and of which we know two grammars."""


def language_ids(name: str) -> tuple[str, ...]:
    """The ids under which functions of a language are stored.

    Args:
        name: our id, a common other name or an ending of files, in lower case.

    Raises:
        QueryError: there is no such language.
    """
    id = _OTHER_NAMES.get(name, name)
    if id not in LANGUAGES and id != TEXT:
        known = ", ".join(
            sorted({*LANGUAGES, TEXT} - {second for both in _SECOND_GRAMMARS.values() for second in both})
        )
        raise QueryError(f"there is no language {name!r}; use one of {known}")
    return id, *_SECOND_GRAMMARS.get(id, ())


def key_filter(workspace: Workspace, filters: Filters) -> KeyFilter | None:
    """What the store is asked for; None when everything passes. May run git.

    Raises:
        QueryError: a language or the folder is not known, or a glob can match nothing; or changed files are wanted, but
            there is no repository.
    """
    if filters.is_empty:
        return None
    languages = tuple(id for name in filters.languages for id in language_ids(name))
    overlay = workspace.overlay
    folder = filters.folder.strip("/")
    is_there = (workspace.root / folder).is_dir() or any(path.startswith(folder + "/") for path in overlay.paths())
    if not is_there:
        raise QueryError(f"there is no folder {filters.folder} in {workspace.root}; name one that holds code")
    paths: frozenset[str] | None = None
    if filters.only_changed:
        changed = changed_files(workspace.root)
        if changed is None:
            raise QueryError(f"{workspace.root} is in no git repository, so there are no changed files to search")
        paths = changed | overlay.changed_paths()
    if filters.only_open:
        paths = overlay.paths() if paths is None else paths & overlay.paths()
    return KeyFilter(
        languages=languages,
        kinds=filters.kinds,
        within=PathGlobs(filters.paths) if filters.paths else None,
        without=PathGlobs(filters.not_paths) if filters.not_paths else None,
        folder=filters.folder,
        not_folders=filters.not_folders,
        paths=paths,
    )


def allowed_keys(layers: Sequence[Layer], wanted: KeyFilter | None) -> npt.NDArray[np.int64] | None:
    """Keys of the functions that pass (n,), ascending; None when all do."""
    if wanted is None:
        return None
    return np.concatenate([layer.store.keys_matching(wanted) for layer in layers])  # each layer's keys are higher
