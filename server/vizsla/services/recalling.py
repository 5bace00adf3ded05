"""Finds functions that lost their vectors, or never had one of this model, and puts their texts back on the list."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence

from vizsla.core.errors import VizslaError, WorkerDiedError
from vizsla.core.types import ContentHash, Fingerprint, FunctionKey
from vizsla.index.store import Store
from vizsla.services.entries import entries_of
from vizsla.services.progress import Cancelled, never
from vizsla.services.reading import Skipped, read_source
from vizsla.services.workspace import Workspace

logger = logging.getLogger(__name__)

_BATCH_FILES = 64
_BATCH_FUNCTIONS = 2_000  # looked up at a time: each with its documentation is a kilobyte


def refused_texts(store: Store, fingerprint: Fingerprint) -> set[ContentHash]:
    """Texts that this model can make no vector of."""
    return {ContentHash(bytes.fromhex(value)) for value in json.loads(store.meta(f"refused.{fingerprint}") or "[]")}


def remember_refused(store: Store, fingerprint: Fingerprint, hashes: Collection[ContentHash]) -> None:
    """Note texts that this model can make no vector of; those that no function has any more are dropped."""
    known = refused_texts(store, fingerprint)
    still = {value for value, keys in store.keys_of(known).items() if keys}
    store.set_meta(f"refused.{fingerprint}", json.dumps(sorted(value.hex() for value in still.union(hashes))))


def refused_function_count(store: Store, fingerprint: Fingerprint) -> int:
    """How many functions have such a text."""
    return sum(len(keys) for keys in store.keys_of(refused_texts(store, fingerprint)).values())


def recall_missing(workspace: Workspace, cancelled: Cancelled = never) -> int:
    """Give functions without a vector one that the machine knows, or put their texts back among the pending ones.

    Functions lack vectors when another model is in use than before, when the machine-wide cache lost them, and when
    their content was known from another function when they were stored.

    Returns:
        How many texts are pending now that were not.
    """
    store, vectors, fingerprint = workspace.store, workspace.vectors, workspace.fingerprint
    if vectors is None or fingerprint is None:
        return 0
    accounted = len(vectors) + store.pending_function_count
    if accounted < store.function_count:
        accounted += refused_function_count(store, fingerprint)
    if accounted >= store.function_count:
        return 0
    missing = set(workspace.kept_vectors.fill().tolist())
    if not missing:
        return 0
    lost: dict[ContentHash, FunctionKey] = {}
    excused = store.pending_hashes() | refused_texts(store, fingerprint)
    for key, content_hash in zip(*store.all_keys_and_hashes(), strict=True):
        if int(key) in missing and content_hash not in excused:
            lost.setdefault(content_hash, FunctionKey(int(key)))
    if not lost:
        return 0
    logger.info("%d texts have no vector of this model; their files are read again", len(lost))
    before = store.pending_count
    for texts in texts_of(workspace, lost, cancelled):
        store.require_vectors(texts)
    return store.pending_count - before


def texts_of(
    workspace: Workspace, wanted: Mapping[ContentHash, FunctionKey], cancelled: Cancelled = never
) -> Iterator[list[tuple[ContentHash, str]]]:
    """Model texts of stored functions, by parsing their files again; a few files at a time, perhaps nothing of them.

    Args:
        workspace: whose functions they are.
        wanted: which texts, each with a function that has it.
        cancelled: asked between files.

    Raises:
        WorkerDiedError: no parse worker can be started.
        CacheError: the store cannot be read.
    """
    store, settings = workspace.store, workspace.resources.settings.index
    paths = _paths_of(store, list(wanted.values()))
    for start in range(0, len(paths), _BATCH_FILES):
        if cancelled():
            return
        futures = []
        for path in paths[start : start + _BATCH_FILES]:
            record = store.file(path)
            source = read_source(workspace.root, path, settings)
            if record is None or isinstance(source, Skipped) or source.content_hash != record.content_hash:
                continue  # it changed meanwhile, and is left to the next reconcile
            futures.append(entries_of(workspace.resources, path, source))
        texts: list[tuple[ContentHash, str]] = []
        for future in futures:
            try:
                entries = future.result()
            except WorkerDiedError:
                raise
            except VizslaError as error:
                logger.warning("not read again: %s", error)
                continue
            texts.extend((entry.content_hash, entry.model_text) for entry in entries if entry.content_hash in wanted)
        yield texts


def _paths_of(store: Store, keys: Sequence[FunctionKey]) -> list[str]:
    paths: set[str] = set()
    for start in range(0, len(keys), _BATCH_FUNCTIONS):
        paths.update(one.path for one in store.functions(keys[start : start + _BATCH_FUNCTIONS]).values())
    return sorted(paths)
