"""The index entries of one text: by a parse worker, or as windows of lines where there is no grammar."""

from __future__ import annotations

from concurrent.futures import Future

from vizsla.core.types import IndexEntry
from vizsla.parsing.functions import module_name_of
from vizsla.parsing.windows import window_entries
from vizsla.services.reading import SourceText
from vizsla.services.resources import Resources

TEXT = "text"
"""The language of a text file without a grammar, as it is stored and shown."""


def entries_of(
    resources: Resources, path: str, source: SourceText, *, urgent: bool = False
) -> Future[list[IndexEntry]]:
    """Parse one text, off the main process.

    Args:
        resources: holds the parse workers.
        path: of the file, relative to its workspace.
        source: its text.
        urgent: somebody waits, for an edit or an answer.

    Returns:
        A future that may also fail as ``ParsePool.submit`` says.
    """
    if source.language:
        return resources.pool.submit(path, source.language, module_name_of(path), source.text_utf8, urgent=urgent)
    done: Future[list[IndexEntry]] = Future()
    done.set_result(window_entries(source.text_utf8, language=TEXT))
    return done
