"""Whether a folder is on another machine's disk: then the system tells of our own changes only."""

from __future__ import annotations

import os
from pathlib import Path

_REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "9p", "drvfs", "vboxsf", "prl_fs"}
)
_REMOTE_ENDINGS = ("sshfs", "rclone", "s3fs", "gcsfuse", "glusterfs", "vmhgfs-fuse", "grpcfuse", "osxfs")


def remote_file_system(folder: Path, table: Path = Path("/proc/self/mounts")) -> str:
    """The name of the remote file system that a folder is on; empty when it is a local one, or nobody knows.

    Args:
        folder: absolute, without links.
        table: of what is mounted where, as Linux has it.
    """
    try:
        lines = table.read_bytes().splitlines()
    except OSError:
        return ""
    found, depth = "", -1
    for line in lines:
        _, place, kind, *_ = (part.decode("unicode_escape") for part in line.split(b" "))
        parts = Path(os.fsdecode(place.encode("latin-1"))).parts
        if len(parts) >= depth and folder.parts[: len(parts)] == parts:  # of equal ones the later hides the earlier
            found, depth = kind, len(parts)
    is_remote = found in _REMOTE or found.endswith(_REMOTE_ENDINGS)
    return found if is_remote else ""
