"""Which stored functions a set of filters lets through."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vizsla.core.errors import QueryError
from vizsla.index.records import KeyFilter
from vizsla.services.filters import Filters
from vizsla.services.repository import changed_files
from vizsla.services.workspace import Workspace


def allowed_keys(workspace: Workspace, filters: Filters) -> npt.NDArray[np.int64]:
    """Keys of the functions that pass, sorted.

    Raises:
        QueryError: only changed files are wanted, but the workspace is in no git repository.
    """
    paths: frozenset[str] | None = None
    if filters.only_changed:
        changed = changed_files(workspace.root)
        if changed is None:
            raise QueryError(f"{workspace.root} is in no git repository, so there are no changed files to search")
        paths = frozenset(changed)
    return workspace.store.keys_matching(
        KeyFilter(
            languages=filters.languages,
            kinds=filters.kinds,
            path_globs=filters.paths,
            exclude_globs=filters.not_paths,
            folder=filters.folder,
            paths=paths,
        )
    )
