"""The child that parses: text comes in, index entries go out. Run with ``python -m vizsla.parsing.worker``.

It touches no files. When its parent is gone, it ends.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from vizsla.core.child import Parent, connect_to_parent
from vizsla.core.types import IndexEntry

MEMORY_BYTES = 2_000_000_000
"""Address space of a child on Linux; a file that needs more kills its parser, and is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One text to parse."""

    id: int
    language_id: str
    module_name: str
    text: bytes  # UTF-8
    deadline_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The child has started; said once, first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one job."""

    id: int
    entries: list[IndexEntry]
    is_late: bool = False  # the deadline passed
    problem: str = ""  # empty when all went well


def main() -> None:
    """Answer jobs until the parent closes the line."""
    parent = connect_to_parent()
    limit_memory()
    parent.send(Ready())
    try:
        while True:
            job = parent.receive()
            assert isinstance(job, Job)
            answer(parent, job)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def answer(parent: Parent, job: Job) -> None:
    """Parse one text and send what became of it, whatever that is."""
    from vizsla.parsing.errors import ParseTimeoutError
    from vizsla.parsing.functions import parse_file
    from vizsla.parsing.languages import LANGUAGES

    try:
        entries = parse_file(
            LANGUAGES[job.language_id],
            job.text,
            module_name=job.module_name,
            deadline_seconds=job.deadline_seconds,
        )
    except ParseTimeoutError:
        reply = Answer(id=job.id, entries=[], is_late=True)
    except Exception as error:  # any other failure costs this one file, and is told to the parent
        reply = Answer(id=job.id, entries=[], problem=f"{type(error).__name__}: {error}"[:200])
    else:
        reply = Answer(id=job.id, entries=entries)
    parent.send(reply)


def limit_memory() -> None:
    """Bound the address space of this process, on Linux."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    # As ``vizsla.parsing.worker`` and not as ``__main__``, so that what is pickled is found by the parent.
    from vizsla.parsing import worker

    worker.main()
