"""Errors of parsing: a file that takes too long, and a file that kills its parser."""

from __future__ import annotations

from vizsla.core.errors import VizslaError


class ParseTimeoutError(VizslaError):
    """A file was not parsed within its deadline."""

    def __init__(self, name: str, deadline_seconds: float) -> None:
        super().__init__(
            f"{name} was not parsed within {deadline_seconds:g} s; exclude it or raise index.parse_seconds"
        )


class PoisonFileError(VizslaError):
    """A file killed the process that parsed it, twice."""

    def __init__(self, name: str, exit_status: int) -> None:
        how = f"signal {-exit_status}" if exit_status < 0 else f"exit status {exit_status}"
        super().__init__(f"{name} killed its parser twice ({how}); it is left out until it changes")


class ParseFailedError(VizslaError):
    """A file could not be parsed for a reason that is neither time nor the death of a process."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} could not be parsed ({reason}); it is left out until it changes")
