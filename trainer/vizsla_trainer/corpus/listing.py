"""The list of a corpus: which file of which package, by name, version, hash and licence; read and written as TOML."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from vizsla_trainer.corpus.licences import is_permissive
from vizsla_trainer.errors import TrainingError

Origin = Literal["pypi", "npm", "debian", "git"]
"""Whose client fetches a package: pip's, npm's, apt's; or git, which brings the history too."""

ORIGINS: tuple[Origin, ...] = get_args(Origin)

_LIST = "corpus.toml"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAME_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@/")


class ListError(TrainingError):
    """A list of packages cannot be followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One file to fetch.

    Attributes:
        origin: whose client fetches it.
        name: as that client knows it; of Debian the source package, of git the URL without its ``https://``.
        version: of the package; of Debian the part of it that the file's name tells, of git the commit, in hex.
        file: name of the file that comes, without folders; none of git.
        sha256: of that file, in hex; none of git. Where nothing says which file it is, it is not pinned yet.
        licence: SPDX expression, as whoever listed it read it.
        language: that most of its source is in.
        only: folders of it that are taken, without the outermost one that archives have; all when empty, as of git.
    """

    origin: Origin
    name: str
    version: str = ""
    file: str = ""
    sha256: str = ""
    licence: str
    language: str = ""
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name or not _NAME_SIGNS.issuperset(self.name) or self.name.startswith(("-", "/", ".")):
            raise ValueError(f"{self.name!r} is not the name of a package")
        if self.version.startswith("-") or not _NAME_SIGNS.union("~:!").issuperset(self.version):
            raise ValueError(f"{self.version!r} is not a version of {self.name}")
        if PurePosixPath(self.file).name != self.file:
            raise ValueError(f"the file of {self.name} must have no folder, got {self.file!r}")
        if self.origin == "git" and (self.only or self.file or self.sha256):
            raise ValueError(f"{self.name} of git is taken as the commit has it; leave out only, file and sha256")
        if not is_permissive(self.licence):
            raise ValueError(f"the licence of {self.name} must be permissive, got {self.licence!r}")

    @property
    def is_pinned(self) -> bool:
        """Whether it is said which file it is."""
        if self.origin == "git":
            return _COMMIT.fullmatch(self.version) is not None
        return bool(self.version and self.file and self.sha256)

    @property
    def slug(self) -> str:
        """The name of its folder: unlike that of any other package."""
        return f"{self.origin}-{self.name.lstrip('@').replace('/', '-')}"


def load_list(path: Path | None = None) -> list[Package]:
    """The packages of a list, of the one that comes with the trainer when none is named.

    Raises:
        ListError: it cannot be read, or says what has no meaning; the package is named.
    """
    place = str(path) if path else "the list of the package"
    try:
        if path is None:
            text = (resources.files("vizsla_trainer") / "recipes" / _LIST).read_text(encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ListError(f"{place} cannot be read ({error}); give a TOML file in UTF-8") from None
    packages = [_package(origin, entry, place) for origin in raw for entry in _entries(raw, origin, place)]
    seen: set[str] = set()
    for package in packages:
        if package.slug in seen:
            raise ListError(f"{place} names {package.name} of {package.origin} twice; leave one out")
        seen.add(package.slug)
    return packages


def list_text(packages: Iterable[Package], *, head: str = "") -> str:
    """A list as TOML: one line for each package, in order of origin and name; ``head`` is put above as a comment."""
    lines = [f"# {line}".rstrip() for line in head.splitlines()]
    ordered = sorted(packages, key=lambda package: (ORIGINS.index(package.origin), package.name.casefold()))
    for origin in ORIGINS:
        lines += ["", f"{origin} = ["]
        lines += [f"    {{ {_inline(package)} }}," for package in ordered if package.origin == origin]
        lines.append("]")
    return "\n".join(lines).lstrip("\n") + "\n"


def _inline(package: Package) -> str:
    told = []
    for name in ("name", "version", "file", "sha256", "licence", "language", "only"):
        value = getattr(package, name)
        if value:
            # A JSON string, or list of them, is TOML too.
            told.append(f"{name} = {json.dumps(list(value) if name == 'only' else value)}")
    return ", ".join(told)


def _entries(raw: Mapping[str, object], origin: str, place: str) -> list[Mapping[str, object]]:
    entries = raw[origin]
    if origin not in ORIGINS or not isinstance(entries, list):
        raise ListError(f"{place} has {origin!r}, where only lists named {', '.join(ORIGINS)} mean something; mend it")
    return entries


def _package(origin: str, entry: Mapping[str, object], place: str) -> Package:
    known = {field.name for field in fields(Package)} - {"origin"}
    only = entry.get("only", ())
    values = {name: value for name, value in entry.items() if name != "only"} if isinstance(entry, dict) else {}
    unknown = sorted(set(values) - known)
    if unknown or not all(isinstance(value, str) for value in values.values()) or not isinstance(only, list | tuple):
        raise ListError(f"{place} has a package that cannot be understood: {entry!r:.120}; mend it")
    try:
        return Package(origin=origin, only=tuple(map(str, only)), **values)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ListError(f"{place} cannot be followed: {error}") from None
