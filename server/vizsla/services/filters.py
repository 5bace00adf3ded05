"""What a question is limited to: filters given as options or written into the question itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from vizsla.core.errors import QueryError
from vizsla.core.types import Kind

_INLINE = re.compile(r"(?<!\S)(-?)(lang|language|kind|path|in|is):(\"[^\"]+\"|\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a hit must be. Empty means anything.

    Attributes:
        languages: ids of languages, any of which will do.
        kinds: kinds of unit, any of which will do.
        paths: globs of relative paths, any of which will do; ``**`` crosses folders.
        not_paths: globs, none of which may match.
        folder: relative path of a folder that must hold the file; "" for the whole workspace.
        not_folders: relative paths of folders that must not hold the file.
        only_changed: only files that differ from the last commit.
        only_open: only files that are open in the editor.
    """

    languages: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()
    folder: str = ""
    not_folders: tuple[str, ...] = ()
    only_changed: bool = False
    only_open: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether everything passes."""
        return self == Filters()


def parse_kind(text: str) -> Kind:
    """The kind named ``text``.

    Raises:
        QueryError: there is no such kind.
    """
    try:
        return Kind(text.lower())
    except ValueError:
        raise QueryError(f"there is no kind {text!r}; use one of {', '.join(kind.value for kind in Kind)}") from None


def split_filters(query: str, filters: Filters) -> tuple[str, Filters]:
    """Take ``lang:go kind:method path:src/** -path:tests/** in:server is:changed is:open`` out of a question.

    Returns:
        The rest of the question, and ``filters`` with what was found added.

    Raises:
        QueryError: a filter names a kind or state that there is not.
    """
    for minus, name, raw in _INLINE.findall(query):
        value = raw.strip('"')
        if minus and name != "path":
            raise QueryError(f"-{name}: is no filter; only path: takes a minus")
        if name in ("lang", "language"):
            filters = replace(filters, languages=(*filters.languages, *value.lower().split(",")))
        elif name == "kind":
            filters = replace(filters, kinds=(*filters.kinds, *(parse_kind(kind) for kind in value.split(","))))
        elif name == "path" and minus:
            filters = replace(filters, not_paths=(*filters.not_paths, value))
        elif name == "path":
            filters = replace(filters, paths=(*filters.paths, value))
        elif name == "in":
            filters = replace(filters, folder=value.strip("/"))
        elif value == "changed":
            filters = replace(filters, only_changed=True)
        elif value == "open":
            filters = replace(filters, only_open=True)
        else:
            raise QueryError(f"there is no filter is:{value}; use is:changed or is:open")
    return " ".join(_INLINE.sub(" ", query).split()), filters
