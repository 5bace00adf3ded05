"""The files that a git repository tracks, read from its index file. It does not know what they hold."""

from __future__ import annotations

import struct
from bisect import bisect_left
from pathlib import Path

_MOST_BYTES = 512 * 1024 * 1024


class TrackedFiles:
    """Paths in one git index, relative to the work tree, in bytes."""

    def __init__(self, paths: list[bytes]) -> None:
        """Hold ``paths``, sorted."""
        self._paths = paths
        self._set = frozenset(paths)

    def holds(self, path: bytes) -> bool:
        """Whether the file is tracked."""
        return path in self._set

    def holds_below(self, directory: bytes) -> bool:
        """Whether a file or submodule below the directory is tracked; the directory itself does not count."""
        inside = directory + b"/"
        place = bisect_left(self._paths, inside)
        return place < len(self._paths) and self._paths[place].startswith(inside)


def read_tracked(index: Path) -> TrackedFiles:
    """Read a git index of version 2, 3 or 4, split ones included.

    A file that is missing or damaged gives no paths: git itself would not work there either.
    """
    try:
        return TrackedFiles(sorted(set(_paths_in(index))))
    except (OSError, ValueError, IndexError, struct.error):
        return TrackedFiles([])


def _paths_in(index: Path, *, is_shared: bool = False) -> list[bytes]:
    if index.stat().st_size > _MOST_BYTES:
        raise ValueError("index is too large")
    content = index.read_bytes()
    signature, version, count = struct.unpack_from(">4sII", content)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index")
    # The hash length is not written down: with a wrong guess the first paths do not end where they should.
    for hash_bytes in (20, 32):
        try:
            paths, end = _entries(content, version, count, hash_bytes)
            base = None if is_shared else _shared_index(content, end, hash_bytes)
        except (ValueError, IndexError, struct.error):
            continue
        # A split index holds what differs from a shared one. Files removed since then still count as tracked
        # here; they matter only where a file of that name exists and is ignored.
        return [path for path in paths if path] + (
            _paths_in(index.with_name(f"sharedindex.{base}"), is_shared=True) if base else []
        )
    raise ValueError("damaged index")


def _entries(content: bytes, version: int, count: int, hash_bytes: int) -> tuple[list[bytes], int]:
    paths: list[bytes] = []
    position, previous = 12, b""
    flags_at = 40 + hash_bytes
    for _ in range(count):
        mode = int.from_bytes(content[position + 24 : position + 28], "big")
        flags = (content[position + flags_at] << 8) | content[position + flags_at + 1]
        start = position + flags_at + (4 if flags & 0x4000 else 2)
        if version == 4:
            dropped, start = _varint(content, start)
            end = content.index(b"\0", start)
            path = previous[: len(previous) - dropped] + content[start:end]
            position = end + 1
        else:
            length = flags & 0xFFF
            end = start + length if length < 0xFFF else content.index(b"\0", start)
            path = content[start:end]
            if content[end] != 0:
                raise ValueError("a path is longer than it says")
            position += (end - position + 8) & ~7
        previous = path
        if mode >> 12 not in (0o10, 0o12, 0o16, 0o04):  # file, link, submodule, folder of a sparse index
            raise ValueError("an entry of no known kind")
        if mode >> 12 != 0o04:
            paths.append(path)
    return paths, position


def _varint(content: bytes, position: int) -> tuple[int, int]:
    byte = content[position]
    value = byte & 0x7F
    while byte & 0x80:
        position += 1
        byte = content[position]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, position + 1


def _shared_index(content: bytes, position: int, hash_bytes: int) -> str | None:
    """The name of the index that this one builds upon, from its "link" extension."""
    while position + 8 <= len(content) - hash_bytes:
        signature, size = struct.unpack_from(">4sI", content, position)
        if signature == b"link":
            base = content[position + 8 : position + 8 + hash_bytes]
            return base.hex() if any(base) else None
        position += 8 + size
    return None
