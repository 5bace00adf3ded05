"""The text of one file of a workspace as it is now, or why it is not read. It does not know what is indexed."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from blake3 import blake3

from vizsla.core.settings import IndexSettings
from vizsla.parsing.languages import language_of
from vizsla.services.decoding import decode
from vizsla.services.opening import open_file, open_root
from vizsla.services.skipping import SkipReason

TEXT_SUFFIXES = frozenset(
    {
        ".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".org", ".tex", ".toml", ".yaml", ".yml", ".ini", ".cfg",
        ".conf", ".sql", ".graphql", ".gql", ".proto", ".thrift", ".tf", ".hcl", ".nix", ".cmake", ".mk", ".gradle",
        ".html", ".vue", ".svelte", ".css", ".scss", ".less", ".xml", ".dockerfile", ".r", ".pl", ".pm", ".clj",
        ".fs", ".fsx", ".erl", ".dart", ".vim", ".el", ".lisp", ".scm", ".ps1", ".bat", ".awk", ".m", ".f90", ".v",
    }
)  # fmt: skip
"""Endings of text files without a grammar that ``index.text_windows`` adds."""
_TEXT_NAMES = frozenset({"Makefile", "Dockerfile", "Justfile", "CMakeLists.txt", "README", "INSTALL", "CHANGELOG"})

_SECRET_NAME = re.compile(
    r"""\.env(\..+)?|.+\.env|\.envrc|\.netrc|_netrc|\.pgpass|\.npmrc|\.pypirc|\.htpasswd|\.git-credentials|\.dockercfg
    |id_(rsa|dsa|ecdsa|ed25519)(_sk)?|credentials(\.(json|ini|ya?ml|toml))?|secrets?\.(json|ini|ya?ml|toml|txt)
    |service[-_]account.*\.json|.+\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|asc|gpg|ovpn|pkcs12|der)""",
    re.IGNORECASE | re.VERBOSE,
)
_SAMPLE_NAME = re.compile(r".*\.(example|sample|template|dist|defaults?)", re.IGNORECASE)

_PIECE_BYTES = 256 * 1024
_GENERATED_LINES = 40
_GENERATED_BYTES = 4_096
_COMMENT = re.compile(rb"\s*(?://|#|/\*|\*|--|;|<!--|%|\(\*|\{-|\"\"\"|''')")
_GENERATED = re.compile(
    rb"""(?:^|[^\w.`'"@])@generated\b(?![`'"])
    |code[ ]generated[ ].*do[ ]not[ ]edit
    |<auto-?generated
    |(?:auto-?|automatically[ ]|machine[- ])generated\b.*do[ ]not[ ](?:edit|modify|change)
    |do[ ]not[ ](?:edit|modify|change)\b.*\b(?:auto-?generated|automatically[ ]generated)
    |do[ ]not[ ](?:edit|modify|change)\b.*\bgenerated[ ](?:by|from|file|code)
    |generated[ ](?:by|from)[ ].*do[ ]not[ ](?:edit|modify|change)
    |this[ ](?:file|code|class|module)[ ](?:is|was|has[ ]been)[ ](?:auto-?|automatically[ ]|machine[- ])generated""",
    re.IGNORECASE | re.VERBOSE,
)

_WEB = frozenset({".js", ".mjs", ".cjs", ".css"})
_WEB_LINE_BYTES = 300  # mean length of a line that no hand writes
_WEB_LEAST_BYTES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """A file's text as it was at one moment.

    Attributes:
        text_utf8: the text without a byte order mark, line ends untouched.
        content_hash: 16 bytes of BLAKE3 over the raw bytes of the file.
        encoding: what the raw bytes were in, as Python names it.
        language: our id of the language by name and first line; "" for a text file without a grammar.
        size: of the raw bytes.
        mtime_ns: when the content last changed, in nanoseconds.
        inode: its number on its disk.
        is_stable: False when the file changed while it was read; then read it again.
    """

    text_utf8: bytes
    content_hash: bytes
    encoding: str
    language: str
    size: int
    mtime_ns: int
    inode: int
    is_stable: bool

    @property
    def first_line(self) -> str:
        """The first line, which may name an interpreter; at most 256 characters."""
        return _first_line(self.text_utf8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A file whose text is not wanted, and why."""

    path: str
    reason: SkipReason

    @property
    def is_vanished(self) -> bool:
        """Whether there is no such file any more."""
        return self.reason is SkipReason.VANISHED


def read_source(root: Path, path: str, settings: IndexSettings) -> SourceText | Skipped:
    """Read one file, unless there is a reason not to.

    Args:
        root: the folder of the workspace.
        path: relative to it, as ``discovery`` gave it.
        settings: their limits hold; never more than ``max_file_bytes`` and one byte are read.
    """
    reason = _reason_by_name(path, settings)
    if reason is not None:
        return Skipped(path=path, reason=reason)
    try:
        top = open_root(root)
    except OSError as error:
        return Skipped(path=path, reason=SkipReason.of_error(error))
    try:
        file, folder = open_file(top, path)
    except OSError as error:
        return Skipped(path=path, reason=_reason_not_opened(top, path, error))
    except ValueError:
        return Skipped(path=path, reason=SkipReason.OUTSIDE)
    finally:
        os.close(top)
    try:
        return _read(file, folder, path, settings)
    except OSError as error:
        return Skipped(path=path, reason=SkipReason.of_error(error))
    finally:
        os.close(file)
        os.close(folder)


def read_line(root: Path, path: str, line: int, settings: IndexSettings) -> str:
    """One line of a file, from 0, without its end; empty when there is none. For the rest see ``read_source``."""
    found = read_source(root, path, settings)
    lines = found.text_utf8.splitlines() if isinstance(found, SourceText) else []
    return lines[line].decode("utf-8", "replace") if line < len(lines) else ""


def column_of_text(line: str, character: int) -> int:
    """The column, or where the line's text begins if that is later: in an indentation one means what follows."""
    return max(character, len(line) - len(line.lstrip()))


def source_of(path: str, content: bytes, settings: IndexSettings) -> SourceText | Skipped:
    """What ``read_source`` would give if a file held ``content``; times and numbers of the file are 0."""
    reason = _reason_by_name(path, settings)
    if reason is None and not _may_be_text(PurePosixPath(path).name, content[:2], settings):
        reason = SkipReason.NO_LANGUAGE
    if reason is None and len(content) > settings.max_file_bytes:
        reason = SkipReason.TOO_LARGE
    if reason is not None:
        return Skipped(path=path, reason=reason)
    return _understood(path, content, settings, mtime_ns=0, inode=0, is_stable=True)


def is_secret(path: str) -> bool:
    """Whether a file is named like those that hold passwords or keys; templates of such files are not."""
    name = PurePosixPath(path).name
    return _SECRET_NAME.fullmatch(name) is not None and _SAMPLE_NAME.fullmatch(name) is None


def _reason_by_name(path: str, settings: IndexSettings) -> SkipReason | None:
    if is_secret(path):
        return SkipReason.SECRET
    return SkipReason.NO_LANGUAGE if _needs_no_look(PurePosixPath(path).name, settings) else None


def _needs_no_look(name: str, settings: IndexSettings) -> bool:
    """Whether the name alone says that the file is in no language: it has an ending, and none that we know."""
    suffix = PurePosixPath(name).suffix
    return bool(suffix) and language_of(name) is None and not _is_text_name(name, settings)


def _is_text_name(name: str, settings: IndexSettings) -> bool:
    return settings.text_windows and (name in _TEXT_NAMES or PurePosixPath(name).suffix.lower() in TEXT_SUFFIXES)


def _read(file: int, folder: int, path: str, settings: IndexSettings) -> SourceText | Skipped:
    name = PurePosixPath(path).name
    before = os.fstat(file)
    if not stat.S_ISREG(before.st_mode):
        return Skipped(path=path, reason=SkipReason.NOT_A_FILE)
    if not _may_be_text(name, os.pread(file, 2, 0), settings):
        return Skipped(path=path, reason=SkipReason.NO_LANGUAGE)
    if before.st_size > settings.max_file_bytes:
        return Skipped(path=path, reason=SkipReason.TOO_LARGE)
    content = _at_most(file, settings.max_file_bytes + 1)
    after = os.fstat(file)
    if len(content) > settings.max_file_bytes:
        return Skipped(path=path, reason=SkipReason.TOO_LARGE)
    is_stable = _stamp(before) == _stamp(after) == _stamp_at(name, folder) and len(content) == after.st_size
    return _understood(path, content, settings, mtime_ns=after.st_mtime_ns, inode=after.st_ino, is_stable=is_stable)


def _may_be_text(name: str, start: bytes, settings: IndexSettings) -> bool:
    return language_of(name) is not None or _is_text_name(name, settings) or start == b"#!"


def _understood(
    path: str, content: bytes, settings: IndexSettings, *, mtime_ns: int, inode: int, is_stable: bool
) -> SourceText | Skipped:
    name = PurePosixPath(path).name
    decoded = decode(content, may_have_cookie=name.endswith((".py", ".pyi", ".pyw")))
    if decoded is None:
        return Skipped(path=path, reason=SkipReason.BINARY)
    language = language_of(name, _first_line(decoded.text_utf8))
    if language is None and not _is_text_name(name, settings):
        return Skipped(path=path, reason=SkipReason.NO_LANGUAGE)
    if _is_minified(name, decoded.text_utf8, settings):
        return Skipped(path=path, reason=SkipReason.MINIFIED)
    if _is_generated(decoded.text_utf8):
        return Skipped(path=path, reason=SkipReason.GENERATED)
    return SourceText(
        text_utf8=decoded.text_utf8,
        content_hash=blake3(content).digest(16),
        encoding=decoded.encoding,
        language=language.id if language else "",
        size=len(content),
        mtime_ns=mtime_ns,
        inode=inode,
        is_stable=is_stable,
    )


def _at_most(file: int, limit: int) -> bytes:
    """What the file holds, but no more than ``limit`` bytes of it."""
    pieces = []
    while limit > 0:
        piece = os.read(file, min(limit, _PIECE_BYTES))
        if not piece:
            break
        pieces.append(piece)
        limit -= len(piece)
    return b"".join(pieces)


def _first_line(text_utf8: bytes) -> str:
    return re.split(rb"[\r\n]", text_utf8[:1_024], maxsplit=1)[0].decode("utf-8", "replace")[:256]


def _is_minified(name: str, text: bytes, settings: IndexSettings) -> bool:
    suffix = PurePosixPath(name).suffix.lower()
    if name.lower().endswith((".min.js", ".min.css", ".min.mjs", ".bundle.js")):
        return True
    lines = text.replace(b"\r", b"\n").split(b"\n")  # ten times as fast as a pattern, and every file comes here
    if max(map(len, lines)) > settings.max_line_characters and any(
        len(line.decode("utf-8", "replace")) > settings.max_line_characters for line in lines
    ):
        return True
    return suffix in _WEB and len(text) > _WEB_LEAST_BYTES and len(text) > _WEB_LINE_BYTES * len(lines)


def _is_generated(text: bytes) -> bool:
    """Whether a comment in the first lines says that a program wrote the file."""
    head = text[:_GENERATED_BYTES]
    return any(
        _COMMENT.match(line) is not None and _GENERATED.search(line) is not None
        for line in re.split(rb"\r\n?|\n", head)[:_GENERATED_LINES]
    )


def _reason_not_opened(top: int, path: str, error: OSError) -> SkipReason:
    """Tell a link from a socket or a folder that is gone: the system's error is the same for some."""
    reason = SkipReason.of_error(error)
    if reason not in (SkipReason.LINK, SkipReason.NOT_A_FILE):
        return reason
    # Only whether there is a link on the way is looked at, never where it leads.
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        try:
            status = os.stat("/".join(parts[:count]), dir_fd=top, follow_symlinks=False)
        except OSError:
            break
        if stat.S_ISLNK(status.st_mode):
            return SkipReason.LINK
        if count < len(parts) and not stat.S_ISDIR(status.st_mode):
            return SkipReason.VANISHED
    return SkipReason.NOT_A_FILE


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def _stamp_at(name: str, folder: int) -> tuple[int, int, int] | None:
    try:
        return _stamp(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except OSError:
        return None
