"""Source files and licences out of the archive of a package, never outside of its folder, within bounds."""

from __future__ import annotations

import contextlib
import hashlib
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO

from vizsla.parsing.languages import language_of
from vizsla_trainer.corpus.excluded import is_excluded_path
from vizsla_trainer.corpus.licences import declared_licence, forbids_use, is_licence_file, licence_of_text
from vizsla_trainer.data.commits import is_test
from vizsla_trainer.errors import TrainingError

_MOST_FILES = 60_000
_MOST_KEPT = 1 << 30  # bytes of one package that are written
_MOST_READ = 16 << 30  # bytes of one package that are unpacked, written or not
_MOST_FILE = 1_000_000  # bytes: what is longer is data, or was made by a program
_MOST_MEMBERS = 2_000_000
_MOST_NAME = 200  # letters of a path
_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts", ".pyi")  # say again what the sources beside them say


class UnpackError(TrainingError):
    """An archive is damaged, is none, or holds more than a package should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What came out of an archive.

    Attributes:
        files: source files that were written.
        bytes: that they hold.
        languages: bytes by language.
        declared: what the package says of its licence; "" where it says nothing.
        licences: name of the licence by file that states one, "" where the text is none that we know.
        left_out: source files that were not written, by reason.
    """

    files: int = 0
    bytes: int = 0
    languages: dict[str, int] = field(default_factory=dict)
    declared: str = ""
    licences: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)


def unpack(archive: Path, folder: Path, *, only: Sequence[str] = ()) -> Unpacked:
    """Write the source files of an archive into a new folder; tests, copies of excluded repositories and files under
    other licences are left out, links and whatever else is no file too.

    Args:
        archive: zip or tar, the latter packed or not.
        folder: that takes the place of what was there, when everything went well.
        only: folders of the archive that are taken, without the outermost one. What is above them falls away, and of
            one alone its own name too: as dist it would not be looked into.

    Raises:
        UnpackError: nothing was written.
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        unpacked = _unpack(archive, temporary, only)
        twins = _remove_twins(temporary)
        if twins:
            left_out = {**unpacked.left_out, "twice": unpacked.left_out.get("twice", 0) + twins}
            unpacked = replace(unpacked, files=unpacked.files - twins, left_out=left_out)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
        return unpacked
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError) as error:
        raise UnpackError(f"{archive.name} cannot be unpacked ({error}); delete it, and it is fetched again") from None
    except NotImplementedError:
        raise UnpackError(f"{archive.name} is packed in a way that Python does not know; leave it out") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _unpack(archive: Path, folder: Path, only: Sequence[str]) -> Unpacked:
    languages: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    licences: dict[str, str] = {}
    declared = ""
    seen: set[bytes] = set()
    written = 0
    for path, size, file in _members(archive):
        speaks = is_licence_file(path) or declared_licence(path, b"") is not None
        place = _placed(path, only)
        language = language_of(place) if place and "." in PurePosixPath(place).name else None
        if not speaks and language is None:
            continue
        if size > _MOST_FILE:
            left_out["too large"] += 1
            continue
        content = file.read()
        if speaks:
            declared = declared_licence(path, content) or declared
            if is_licence_file(path):
                licences[path] = licence_of_text(content.decode("utf-8", "replace"))
        if language is None or place is None:
            continue
        reason = _reason_against(path, place, content, seen)
        if reason:
            left_out[reason] += 1
            continue
        target = folder / place
        with contextlib.suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:
                out.write(content)
            written += 1
            languages[language.id] += len(content)
        if written > _MOST_FILES or languages.total() > _MOST_KEPT:
            raise UnpackError(f"{archive.name} holds more source than a package should; name folders of it with 'only'")
    return Unpacked(
        files=written,
        bytes=languages.total(),
        languages=dict(languages.most_common()),
        declared=declared,
        licences=licences,
        left_out=dict(left_out),
    )


def _reason_against(path: str, place: str, content: bytes, seen: set[bytes]) -> str:
    if is_excluded_path(path):
        return "of an excluded repository"
    if is_test(place):
        return "test or example"
    if place.endswith(_DECLARATIONS):
        return "declarations"
    if forbids_use(content):
        return "licence"
    digest = hashlib.sha256(content).digest()
    if digest in seen:
        return "twice"
    seen.add(digest)
    return ""


def _remove_twins(folder: Path) -> int:
    """Of JavaScript that is there for each kind of module loader keep one. Returns how many files went."""
    removed = 0
    for path in [*folder.rglob("*.cjs"), *folder.rglob("*.js")]:
        better = (".mjs",) if path.suffix == ".js" else (".mjs", ".js")
        if any(path.with_suffix(suffix).exists() for suffix in better):
            path.unlink()
            removed += 1
    return removed


def _members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Plain files with a harmless path: the path without the outermost folder that all share, the size, the content."""
    total = 0
    for number, (name, size, file) in enumerate(_zip(archive) if zipfile.is_zipfile(archive) else _tar(archive)):
        total += size
        if total > _MOST_READ or number > _MOST_MEMBERS:
            raise UnpackError(f"{archive.name} unpacks to more than a package should hold; leave it out")
        if name and file is not None:
            yield name, size, file


def _tar(archive: Path) -> Iterator[tuple[str, int, IO[bytes] | None]]:
    with tarfile.open(archive, "r|*") as tar:
        for member in tar:
            parts = _parts(member.name)
            # The archives of npm and of Debian have one folder outermost.
            name = "/".join(parts[1:]) if len(parts) > 1 else ""
            yield name, member.size, tar.extractfile(member) if member.isreg() and name else None


def _zip(archive: Path) -> Iterator[tuple[str, int, IO[bytes] | None]]:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            kind = member.external_attr >> 16 & 0o170000
            name = "/".join(_parts(member.filename))
            if member.is_dir() or kind not in (0, 0o100000) or not name or member.file_size > _MOST_FILE:
                yield "", member.file_size, None
                continue
            with packed.open(member) as file:
                yield name, member.file_size, file


def _parts(name: str) -> tuple[str, ...]:
    """The parts of a path; none for one that leads out, or that no disk should hold."""
    path = PurePosixPath(name)
    strange = "\\" in name or "\0" in name or not name.isprintable() or len(name) > _MOST_NAME
    if path.is_absolute() or ".." in path.parts or strange:
        return ()
    return path.parts


def _placed(path: str, only: Sequence[str]) -> str | None:
    """Where a file goes, None where it is not wanted."""
    if not only:
        return path
    for folder in only:
        wanted = PurePosixPath(folder)
        if PurePosixPath(path).is_relative_to(wanted):
            return PurePosixPath(path).relative_to(wanted if len(only) == 1 else wanted.parent).as_posix()
    return None
