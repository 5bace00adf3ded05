"""What is remembered of a file, and whether it may have changed since."""

from __future__ import annotations

import time
from dataclasses import replace

from vizsla.core.settings import IndexSettings
from vizsla.index.records import FileRecord, FileState
from vizsla.parsing.edition import parser_edition
from vizsla.services.discovery import FoundFile
from vizsla.services.entries import TEXT
from vizsla.services.reading import SourceText
from vizsla.services.skipping import SkipReason

_RACY_NANOSECONDS = 2_000_000_000  # a file written this shortly before it was read may change again unseen
_NEVER = -1  # a time that no file has
_STALE = -2  # likewise, of a file whose functions are to be made again
_UNREAD = -3  # likewise, of a file that could not be read when it was looked at last
_LATEST = (1 << 63) - 1  # that the store has room for
_PASSING = frozenset({SkipReason.UNREADABLE, SkipReason.NO_PERMISSION})


def is_same(record: FileRecord | None, file: FoundFile) -> bool:
    """Whether a file needs no look, for it stands as it did when it was recorded."""
    if record is None or record.mtime_ns < 0:
        return False
    if file.skip_reason is not None:
        return record.reason == file.skip_reason
    return (record.size, record.mtime_ns, record.inode) == (file.size, file.mtime_ns, file.inode)


def is_unchanged(old: FileRecord, new: FileRecord) -> bool:
    """Whether a file that was read has the bytes that were parsed before, so that only its stamp is new."""
    if is_stale(old) or old.state is FileState.SKIPPED:
        return False
    return old.content_hash == new.content_hash and old.language == new.language


def stale(record: FileRecord) -> FileRecord:
    """The record of a file that is to be parsed again, whatever its bytes; until then its functions are found."""
    return replace(record, mtime_ns=_STALE)


def unread(record: FileRecord) -> FileRecord:
    """The record of a file that the disk, or our own limits, keep from us; its functions are found meanwhile."""
    return replace(record, mtime_ns=_UNREAD)


def is_unread(record: FileRecord) -> bool:
    """Whether a file could not be read when it was looked at last."""
    return record.mtime_ns == _UNREAD


def is_stale(record: FileRecord) -> bool:
    """Whether a file is to be parsed again, whatever its bytes."""
    return record.mtime_ns == _STALE


def indexed(file: FoundFile, source: SourceText) -> FileRecord:
    """The record of a file whose functions are stored."""
    return FileRecord(
        path=file.path,
        size=source.size,
        mtime_ns=_trusted(source.mtime_ns) if source.is_stable else _NEVER,
        inode=source.inode,
        content_hash=source.content_hash,
        language=source.language or TEXT,
        state=FileState.INDEXED,
        reason="",
    )


def skipped(file: FoundFile, reason: str) -> FileRecord:
    """The record of a path that is left out."""
    if file.skip_reason is not None:
        # What is skipped for what it is, a link say, shows in the scan when it becomes something else.
        mtime_ns = min(max(file.mtime_ns, 0), _LATEST)
    else:
        # An error may pass without a trace in the file, so it is looked at again.
        mtime_ns = _NEVER if reason in _PASSING else _trusted(file.mtime_ns)
    return FileRecord(
        path=file.path,
        size=file.size,
        mtime_ns=mtime_ns,
        inode=file.inode,
        content_hash=b"",
        language="",
        state=FileState.SKIPPED,
        reason=reason,
    )


def failed(record: FileRecord, reason: str) -> FileRecord:
    """The record of a file that was read but gave no functions."""
    return replace(record, state=FileState.FAILED, reason=reason)


def settings_stamp(settings: IndexSettings) -> str:
    """Changes when files that did not change may give other functions: by other settings, or another parser.

    ``exclude`` is not in it: it says which files there are at all.
    """
    return repr(
        (
            settings.max_file_bytes,
            settings.max_line_characters,
            settings.max_functions_per_file,
            settings.parse_seconds,
            settings.text_windows,
            parser_edition(),
        )
    )


def _trusted(mtime_ns: int) -> int:
    # A file written this moment may be written again within the same tick of its clock: never trust its stamp. Nor a
    # time before 1970, which other systems write where they know none, and which the store may have no room for.
    return mtime_ns if 0 <= mtime_ns <= time.time_ns() - _RACY_NANOSECONDS else _NEVER
