"""The language of ignore files: patterns exactly as git reads and matches them, over bytes.

It does not know where a list of patterns comes from, nor which list wins. Every pattern becomes a regular
expression in which no choice is ever tried twice in vain, so a hostile pattern cannot make matching slow.

Source: gitignore(5), and the observed behaviour of ``git ls-files``, which tests compare with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vizsla.core.brackets import NeverMatchesError, bracket

_SPECIAL = frozenset(b"*?[\\")
_SLASH = 0x2F
_BACKSLASH = 0x5C
_STAR = 0x2A


class PatternList:
    """The patterns of one ignore file. The last one that matches decides."""

    def __init__(self, content: bytes, *, ignore_case: bool = False) -> None:
        """Read the patterns in the bytes of an ignore file."""
        patterns = _parse(content)
        self._is_negative = [pattern.is_negative for pattern in patterns]
        self._ignore_case = ignore_case
        self._for_directories = _Table(list(enumerate(patterns)), ignore_case)
        self._for_files = self._for_directories
        if any(pattern.only_directories for pattern in patterns):
            kept = [(order, pattern) for order, pattern in enumerate(patterns) if not pattern.only_directories]
            self._for_files = _Table(kept, ignore_case)

    def __bool__(self) -> bool:
        return bool(self._is_negative)

    def decide(self, name: bytes, path: bytes, *, is_directory: bool) -> bool | None:
        """Whether the list ignores an entry.

        Args:
            name: the last part of the path.
            path: relative to the directory of the ignore file, without a slash at either end.
            is_directory: whether it is a directory itself, not a link to one.

        Returns:
            True when ignored, False when re-included by ``!``, None when no pattern matches.
        """
        if self._ignore_case:
            name, path = name.lower(), path.lower()
        order = (self._for_directories if is_directory else self._for_files).last_match(name, path)
        return None if order < 0 else not self._is_negative[order]


def can_match(line: bytes) -> bool:
    """Whether something is one line of an ignore file, and a pattern that can match anything."""
    try:
        (pattern,) = _parse(line)
        _regex(pattern.body, is_path=not pattern.is_of_name)
    except (NeverMatchesError, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    body: bytes  # without "!" and the last "/"
    is_negative: bool
    only_directories: bool
    is_of_name: bool  # holds no slash, so it is matched against the name alone


def _parse(content: bytes) -> list[_Pattern]:
    patterns = []
    for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if not line or line.startswith(b"#"):
            continue
        body = _without_trailing_spaces(line.removesuffix(b"\r").split(b"\0")[0])
        is_negative = body.startswith(b"!")
        body = body[is_negative:]
        only_directories = body.endswith(b"/")
        body = body[: len(body) - only_directories]
        if body:
            patterns.append(
                _Pattern(
                    body=body,
                    is_negative=is_negative,
                    only_directories=only_directories,
                    is_of_name=b"/" not in body,
                )
            )
    return patterns


def _without_trailing_spaces(line: bytes) -> bytes:
    """Only spaces, not tabs; a backslash keeps the character after it."""
    end = index = 0
    while index < len(line):
        is_kept = line[index] != 0x20
        index += 2 if line[index] == _BACKSLASH else 1
        if is_kept:
            end = index
    return line[:end]


class _Table:
    """Patterns sorted by how they can be looked up. Orders are places in the file."""

    def __init__(self, patterns: list[tuple[int, _Pattern]], ignore_case: bool) -> None:
        self._names: dict[bytes, int] = {}
        self._suffixes: dict[bytes, int] = {}
        self._paths: dict[bytes, int] = {}
        names: list[tuple[int, bytes]] = []
        paths: list[tuple[int, bytes]] = []
        for order, pattern in patterns:
            body = pattern.body.lower() if ignore_case else pattern.body
            special = _literal_length(body)
            try:
                if not pattern.is_of_name:
                    body = body.removeprefix(b"/")
                    special = _literal_length(body)
                    if special == len(body):
                        self._paths[body] = order
                    else:
                        # Git compares the part before the first wildcard literally, and what follows anew: "a/b**"
                        # is read as if "**" began a pattern.
                        paths.append((order, re.escape(body[:special]) + _regex(body[special:], is_path=True)))
                elif special == len(body):
                    self._names[body] = order
                elif body[0] == _STAR and _literal_length(body[1:]) == len(body) - 1:
                    self._suffixes[body[1:]] = order
                else:
                    names.append((order, _regex(body, is_path=False)))
            except NeverMatchesError:
                continue
        self._suffix_order = sorted(self._suffixes.items(), key=lambda item: -item[1])
        self._any_suffix = tuple(self._suffixes)
        self._name_orders, self._name_regex = _alternatives(names)
        self._path_orders, self._path_regex = _alternatives(paths)

    def last_match(self, name: bytes, path: bytes) -> int:
        """The largest order of a pattern that matches, or -1."""
        best = self._names.get(name, -1)
        if self._any_suffix and name.endswith(self._any_suffix):
            for suffix, order in self._suffix_order:
                if order <= best:
                    break
                if name.endswith(suffix):
                    best = order
                    break
        if self._paths:
            best = max(best, self._paths.get(path, -1))
        if self._name_regex and (match := self._name_regex.fullmatch(name)):
            best = max(best, self._name_orders[match.lastindex or 0])
        if self._path_regex and (match := self._path_regex.fullmatch(path)):
            best = max(best, self._path_orders[match.lastindex or 0])
        return best


def _alternatives(patterns: list[tuple[int, bytes]]) -> tuple[list[int], re.Pattern[bytes] | None]:
    """One expression whose first matching group is the last pattern of the file."""
    if not patterns:
        return [], None
    patterns = sorted(patterns, reverse=True)
    joined = b"|".join(b"(" + regex + b")" for _, regex in patterns)
    return [-1, *(order for order, _ in patterns)], re.compile(joined, re.DOTALL)


def _literal_length(body: bytes) -> int:
    return next((index for index, byte in enumerate(body) if byte in _SPECIAL), len(body))


def _regex(body: bytes, *, is_path: bool) -> bytes:
    """The expression of a pattern with wildcards.

    A wildcard takes the shortest stretch after which the fixed part up to the next wildcard of its kind fits, and
    never reconsiders (``(?>…)``): a later match of the fixed part can only leave less for what follows. The last
    wildcard is the exception, as what follows it must reach the end.
    """
    folders = [b""]  # split at "**/"
    parts = [b""]  # of the current folder run, split at "*"
    index = 0
    openings: list[bytes] = []
    ends_open = False
    while index < len(body):
        byte = body[index]
        if byte == _STAR:
            end = index
            while end < len(body) and body[end] == _STAR:
                end += 1
            starts_part = index == 0 or body[index - 1] == _SLASH
            rest = body[end:]
            if is_path and end - index >= 2 and starts_part and (not rest or rest.startswith((b"/", b"\\/"))):
                folders[-1] += _joined(parts)
                parts = [b""]
                if not rest:
                    ends_open = True
                    break
                openings.append(b"*" if rest.startswith(b"/") else b"+")
                folders.append(b"")
                end += 1 if rest.startswith(b"/") else 2
            else:
                parts.append(b"")
            index = end
        elif byte == _SLASH or (byte == _BACKSLASH and body[index + 1 : index + 2] == b"/"):
            folders[-1] += _joined(parts) + b"/"
            parts = [b""]
            index += 1 if byte == _SLASH else 2
        else:
            piece, index = _one(body, index)
            parts[-1] += piece
    folders[-1] += _joined(parts)
    regex = folders[0]
    for number, (times, run) in enumerate(zip(openings, folders[1:], strict=True), start=1):
        is_last = number == len(openings) and not ends_open
        regex += (b"(?:[^/]*/)%b%b" if is_last else b"(?>(?:[^/]*/)%b?%b)") % (times, run)
    return regex + (b".*" if ends_open else b"")


def _joined(parts: list[bytes]) -> bytes:
    """The fixed pieces of one path part with a "*" between each."""
    if len(parts) == 1:
        return parts[0]
    middle = b"".join(b"(?>[^/]*?" + piece + b")" for piece in parts[1:-1])
    return parts[0] + middle + b"[^/]*" + parts[-1]


def _one(body: bytes, index: int) -> tuple[bytes, int]:
    """The expression of one character, escape or bracket at ``index``, and where the next one starts."""
    byte = body[index]
    if byte == _BACKSLASH:
        if index + 1 == len(body):
            raise NeverMatchesError
        return re.escape(body[index + 1 : index + 2]), index + 2
    if byte == 0x3F:  # ?
        return b"[^/]", index + 1
    if byte == 0x5B:  # [
        members, index = bracket(body, index + 1)
        if not members:
            raise NeverMatchesError
        return b"[" + b"".join(b"\\x%02x" % member for member in sorted(members)) + b"]", index
    return re.escape(body[index : index + 1]), index + 1
