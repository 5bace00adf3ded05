"""Whether a folder is on another machine's disk: then the system tells of our own changes only."""

from __future__ import annotations

import os
import re
from pathlib import Path

_REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "9p", "drvfs", "vboxsf", "prl_fs"}
)
_REMOTE_ENDINGS = ("sshfs", "rclone", "s3fs", "gcsfuse", "glusterfs", "vmhgfs-fuse", "grpcfuse", "osxfs")
_ESCAPE = re.compile(rb"\\(0[1-7][0-7]|1[0-7]{2})")


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
        _, place, kind, *_ = (*line.split(b" "), b"", b"", b"")
        # Only what the kernel escapes: others write their options as they are, backslashes of Windows among them.
        parts = Path(os.fsdecode(_ESCAPE.sub(lambda escape: bytes([int(escape[1], 8)]), place))).parts
        if len(parts) >= depth and folder.parts[: len(parts)] == parts:  # of equal ones the later hides the earlier
            found, depth = os.fsdecode(kind), len(parts)
    is_remote = found in _REMOTE or found.endswith(_REMOTE_ENDINGS)
    return found if is_remote else ""
