"""Where model folders live, by what name a user calls them, and how one comes in and goes out."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from vizsla.core.errors import ModelError
from vizsla.models.in_use import DEFAULT, ModelsInUse, earlier_models, models_in_use, put_to_use, take_back
from vizsla.models.manifest import MANIFEST_NAME, Manifest, Role, read_manifest

NONE = "none"
DEFAULT_RETRIEVER = Path(__file__).parent / "default_retriever"
DEFAULT_RERANKER = Path(__file__).parent / "default_reranker"
"""Folders inside the package. The reranker may be absent."""

_SECOND = f"{DEFAULT} (reranker)"  # how lists call it, which no added model can be called
_ADDING = ".adding-"
_STALE_SECONDS = 86_400.0  # no conversion takes a day
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryModel:
    """A model that can be used, by the name to put into the settings."""

    name: str
    folder: Path
    manifest: Manifest


def resolve(name: str, role: Role, cache_directory: Path) -> Path | None:
    """The folder that a name in the settings means.

    Args:
        name: "default" for the one that was put to use, the name of an added model, or a path with a "/" in it.
        role: what the model is wanted for.
        cache_directory: root of our cache; added models lie in its ``models``.

    Returns:
        The folder, its manifest read and its weights not yet verified; None for "none" and for a default
        reranker that is not there.

    Raises:
        ModelError: there is no such model, or it is of another kind.
    """
    if name == NONE:
        return None
    if name == DEFAULT:
        return _default(role, cache_directory)
    if _is_path(name):
        folder = _looked_at(name)
    else:
        folder = _models(cache_directory) / _checked(name)
        if not folder.is_dir():
            known = ", ".join(model.name for model in list_models(cache_directory) if model.manifest.role == role)
            raise ModelError(
                f"there is no {role} named {name!r} (there is: {known or 'none'}); add one with 'vizsla models add'"
            )
    read_manifest(folder, role=role)
    return folder


def _looked_at(name: str) -> Path:
    try:
        folder = Path(name).expanduser()
        folder.is_dir()
    except (OSError, ValueError, RuntimeError) as error:  # too long, in a closed folder, of nobody known: "~nobody/…"
        raise ModelError(f"the model folder {name} cannot be looked at ({error}); give another one") from None
    return folder


def use_models(cache_directory: Path, *, retriever: str | None = None, reranker: str | None = None) -> ModelsInUse:
    """Let "default" mean other models from now on, checked whole; None leaves one as it is.

    Args:
        cache_directory: root of our cache.
        retriever: name of an added model, or "default" for that of the package.
        reranker: likewise, or "none".

    Raises:
        ModelError: there is no such model, it is damaged, or the change cannot be written; all is as it was.
    """
    from vizsla.models.manifest import verify

    if retriever == NONE:
        raise ModelError("a retriever is always needed; use 'default' for the one of the package")
    wanted: tuple[tuple[str | None, Role], ...] = ((retriever, "retriever"), (reranker, "reranker"))
    for name, role in wanted:
        if name is None or name in (DEFAULT, NONE):
            continue
        if _is_path(name):
            raise ModelError(f"{name} is a path; add the model by 'vizsla models add' first")
        folder = resolve(name, role, cache_directory)
        if folder is not None:
            verify(folder, read_manifest(folder, role=role))
    return put_to_use(cache_directory, retriever=retriever, reranker=reranker)


def roll_back(cache_directory: Path) -> ModelsInUse:
    """Let "default" mean again what it meant before the last change whose models are still there.

    Raises:
        ModelError: nothing was in use before.
    """
    back = take_back(cache_directory)
    while not all(name in (DEFAULT, NONE) or (_models(cache_directory) / name).is_dir() for name in _names(back)):
        back = take_back(cache_directory) if earlier_models(cache_directory) else _of_package(cache_directory)
    return back


def list_models(cache_directory: Path) -> list[LibraryModel]:
    """The models of the package, then the added ones by name. A folder that cannot be used is left out."""
    found = []
    if DEFAULT_RETRIEVER.is_dir():
        found.append((DEFAULT, DEFAULT_RETRIEVER))
    if DEFAULT_RERANKER.is_dir():
        found.append((_SECOND, DEFAULT_RERANKER))
    models = _models(cache_directory)
    if models.is_dir():
        found.extend((path.name, path) for path in sorted(models.iterdir()) if (path / MANIFEST_NAME).is_file())
    listed = []
    for name, folder in found:
        try:
            listed.append(LibraryModel(name=name, folder=folder, manifest=read_manifest(folder)))
        except ModelError:
            continue  # 'vizsla models rm' still takes it by its name
    return listed


def add_model(source: str, cache_directory: Path, *, role: Role, name: str | None = None) -> LibraryModel:
    """Bring a model in: a folder of ours is copied, any other is converted. A model of that name is replaced.

    Args:
        source: a path, or the name of a model on the hub.
        cache_directory: root of our cache.
        role: what it is to be used for.
        name: what to call it here; made from the source when None.

    Raises:
        ModelError: one sentence for each reason not to take it; nothing is left behind.
    """
    chosen = _checked(name if name is not None else Path(source.rstrip("/")).name)
    if chosen in (DEFAULT, NONE):
        raise ModelError(f"a model cannot be named {chosen!r}, which has a meaning of its own; give another --name")
    models = _models(cache_directory)
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(models)
    with tempfile.TemporaryDirectory(prefix=_ADDING, dir=models) as temporary:
        made = Path(temporary) / "model"
        folder = Path(source).expanduser()
        if (folder / MANIFEST_NAME).is_file():
            _copy(folder, made, role)
        else:
            from vizsla.models.convert import convert_model

            convert_model(source, made, role=role)
        for path in (made, *made.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
        _replace(made, models / chosen, Path(temporary) / "old")
    return LibraryModel(name=chosen, folder=models / chosen, manifest=read_manifest(models / chosen))


def remove_model(name: str, cache_directory: Path) -> None:
    """Delete an added model.

    Raises:
        ModelError: it is part of the package, in use, or not there.
    """
    if name in (DEFAULT, _SECOND):
        raise ModelError(f"the model {name!r} is part of the program and cannot be removed; choose an added one")
    folder = _models(cache_directory) / _checked(name)
    if not folder.is_dir() or folder.is_symlink():
        raise ModelError(f"there is no added model named {name!r}; 'vizsla models list' names them")
    if name in _names(models_in_use(cache_directory)):
        raise ModelError(
            f"the model {name!r} is in use; run 'vizsla models rollback' or 'vizsla models use default' first"
        )
    shutil.rmtree(folder)


def _default(role: Role, cache_directory: Path) -> Path | None:
    """What was put to use; where that cannot be used any more, the model of the package: questions are answered."""
    used = models_in_use(cache_directory)
    name = used.retriever if role == "retriever" else used.reranker
    if name == NONE:
        return None
    if name != DEFAULT:
        try:
            folder = _models(cache_directory) / _checked(name)
            read_manifest(folder, role=role)
            return folder
        except ModelError as error:
            logger.warning("the %s of the package answers in place of %s: %s", role, name, error)
    folder = DEFAULT_RETRIEVER if role == "retriever" else DEFAULT_RERANKER
    if role == "reranker" and not folder.is_dir():
        return None
    read_manifest(folder, role=role)
    return folder


def _of_package(cache_directory: Path) -> ModelsInUse:
    return put_to_use(cache_directory, retriever=DEFAULT, reranker=DEFAULT)


def _names(used: ModelsInUse) -> tuple[str, str]:
    return used.retriever, used.reranker


def _models(cache_directory: Path) -> Path:
    return cache_directory / "models"


def _sweep(models: Path) -> None:
    """Delete what an interrupted ``add_model`` left behind."""
    for path in models.glob(f"{_ADDING}*"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name or name.startswith(("~", "."))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"{name!r:.120} cannot be the name of a model; use letters, digits, dots, dashes and underscores"
        )
    return name


def _copy(folder: Path, made: Path, role: Role) -> None:
    from vizsla.models.manifest import verify

    manifest = read_manifest(folder, role=role)
    for name in (MANIFEST_NAME, *manifest.files):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, made / name)
    verify(made, manifest)


def _replace(made: Path, place: Path, aside: Path) -> None:
    # A directory cannot be replaced in one step; between the two renames the old one is aside, never half there.
    if place.is_dir():
        place.rename(aside)
    made.rename(place)
