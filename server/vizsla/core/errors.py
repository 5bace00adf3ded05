"""Errors that a user can cause or mend. Each message is one sentence: what is wrong, what was found, what to do."""

from __future__ import annotations


class VizslaError(Exception):
    """Base of every error whose message is written for the user."""


class WorkspaceError(VizslaError):
    """The workspace cannot be read."""


class CacheError(VizslaError):
    """The cache directory or a file in it cannot be used."""


class IndexBusyError(VizslaError):
    """Another process writes this index."""


class QueryError(VizslaError):
    """The question cannot be answered as it stands."""


class ModelError(VizslaError):
    """A model folder cannot be used."""


class ModelMismatchError(ModelError):
    """The index holds vectors of another model than the one now loaded."""

    def __init__(self, *, indexed: str, loaded: str) -> None:
        super().__init__(f"index was built by model {indexed}, but {loaded} is loaded; rebuild the index")
        self.indexed = indexed
        self.loaded = loaded


class WorkerDiedError(VizslaError):
    """A child process ended while it still owed an answer."""
