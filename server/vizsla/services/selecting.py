"""Which stored functions a set of filters lets through."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import QueryError
from vizsla.index.records import KeyFilter
from vizsla.parsing.languages import LANGUAGES
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


def allowed_keys(workspace: Workspace, filters: Filters) -> npt.NDArray[np.int64]:
    """Keys of the functions that pass, sorted.

    Raises:
        QueryError: a language or the folder is not known; or changed files are wanted, but there is no repository.
    """
    languages = tuple(id for name in filters.languages for id in language_ids(name))
    if filters.folder and not (workspace.root / filters.folder).is_dir():
        raise QueryError(f"there is no folder {filters.folder} in {workspace.root}; name one that holds code")
    paths: frozenset[str] | None = None
    if filters.only_changed:
        changed = changed_files(workspace.root)
        if changed is None:
            raise QueryError(f"{workspace.root} is in no git repository, so there are no changed files to search")
        paths = frozenset(changed)
    return workspace.store.keys_matching(
        KeyFilter(
            languages=languages,
            kinds=filters.kinds,
            path_globs=filters.paths,
            exclude_globs=filters.not_paths,
            folder=filters.folder,
            not_folders=filters.not_folders,
            paths=paths,
        )
    )
