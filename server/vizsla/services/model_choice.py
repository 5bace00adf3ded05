"""Which model folders settings mean at this moment, and which ones answered for a workspace last.

It opens no model: only manifests and small files are read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vizsla.core.errors import ModelError
from vizsla.core.settings import ModelSettings
from vizsla.index.vector_files import saved_fingerprint
from vizsla.models.in_use import DEFAULT, ModelsInUse, earlier_models, models_in_use
from vizsla.models.library import DEFAULT_RERANKER, DEFAULT_RETRIEVER, resolve
from vizsla.models.manifest import Role, read_manifest
from vizsla.services.index_directory import workspace_directory
from vizsla.services.nesting import resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A pair of model folders.

    Attributes:
        name: of the retriever, for people.
        retriever: its folder.
        reranker: folder of the reranker; None for none.
        fingerprints: of retriever and reranker; "" for none.
    """

    name: str
    retriever: Path
    reranker: Path | None
    fingerprints: tuple[str, str]


def choose_models(wanted: ModelSettings, cache_directory: Path, used: ModelsInUse | None = None) -> ModelChoice:
    """The models that settings mean.

    Args:
        wanted: the settings.
        cache_directory: root of our cache.
        used: what "default" stands for; what is in use now when None.

    Raises:
        ModelError: one of them is not there or is damaged. Nothing takes its place here.
    """
    used = used or models_in_use(cache_directory)
    retriever = _folder(wanted.retriever, used.retriever, "retriever", cache_directory)
    reranker = _folder(wanted.reranker, used.reranker, "reranker", cache_directory)
    if retriever is None:
        raise ModelError(f"no retriever is installed under the name {wanted.retriever!r}; see 'vizsla models list'")
    manifest = read_manifest(retriever, role="retriever")
    second = read_manifest(reranker, role="reranker").fingerprint if reranker is not None else ""
    return ModelChoice(
        name=manifest.name, retriever=retriever, reranker=reranker, fingerprints=(manifest.fingerprint, second)
    )


def models_that_answered(wanted: ModelSettings, cache_directory: Path, folders: Iterable[Path]) -> ModelChoice | None:
    """The models to begin with, where others than those in use now have the vectors of these folders.

    Models that were put to use while nobody served, or just before somebody was killed, are switched to once
    everything is embedded for them; until then those answer that have vectors.

    Args:
        wanted: the settings.
        cache_directory: root of our cache.
        folders: the workspace folders.

    Returns:
        None when the models in use are the ones to begin with, or no earlier ones can be found.
    """
    if wanted.retriever != DEFAULT:
        return None
    with contextlib.suppress(ModelError):
        now = choose_models(wanted, cache_directory)
        saved = {saved_fingerprint(workspace_directory(cache_directory, resolved(folder))) for folder in folders}
        saved -= {None, now.fingerprints[0]}
        if not saved:
            return None
        for used in (*reversed(earlier_models(cache_directory)), ModelsInUse(), models_in_use(cache_directory)):
            with contextlib.suppress(ModelError):
                choice = choose_models(wanted, cache_directory, used)
                if choice.fingerprints[0] in saved:
                    return choice
    return None


def _folder(name: str, used: str, role: Role, cache_directory: Path) -> Path | None:
    if name != DEFAULT:
        return resolve(name, role, cache_directory)
    if used != DEFAULT:
        return resolve(used, role, cache_directory)
    if role == "reranker":
        return DEFAULT_RERANKER if DEFAULT_RERANKER.is_dir() else None
    return DEFAULT_RETRIEVER
