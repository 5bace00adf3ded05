"""Why a file is not in the index. The sentences are stable: they are stored and shown."""

from __future__ import annotations

import errno
from enum import StrEnum


class SkipReason(StrEnum):
    """One reason, worded so that "path: reason" reads as a sentence."""

    IGNORED = "ignored, by .gitignore, .vizslaignore or index.exclude"
    LINK_INSIDE = "a link to a place in the workspace, which is indexed there"
    LINK_OUTSIDE = "a link that leaves the workspace"
    LINK = "a link, which is not followed"
    LINK_BROKEN = "a link that leads nowhere"
    OUTSIDE = "not below the root of the workspace"
    NOT_A_FILE = "not a regular file"
    NO_PERMISSION = "may not be read by this user"
    UNREADABLE = "cannot be read from the disk"
    VANISHED = "gone before it could be read"
    SECRET = "named like a file of secrets, which are never read"
    NO_LANGUAGE = "in no language that is indexed"
    TOO_LARGE = "larger than index.max_file_bytes"
    BINARY = "not text"
    MINIFIED = "minified, by the length of its lines"
    GENERATED = "generated, by the mark at its start"

    @classmethod
    def of_error(cls, error: OSError) -> SkipReason:
        """The reason that an error of the operating system amounts to."""
        if error.errno in (errno.ENOENT, errno.ESTALE):
            return cls.VANISHED
        if error.errno in (errno.EACCES, errno.EPERM):
            return cls.NO_PERMISSION
        if error.errno in (errno.ELOOP, errno.EMLINK):
            return cls.LINK
        if error.errno in (errno.ENXIO, errno.ENODEV, errno.EISDIR, errno.ENOTDIR):
            return cls.NOT_A_FILE
        return cls.UNREADABLE
