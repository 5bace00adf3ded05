"""A corpus folder: packages of a list fetched, unpacked, recorded with their licences; what is there is passed over.

``packages.json`` holds a record of every package; what to leave out of it for measuring, and which questions go with
it, is written there too, so that nobody who trains on the folder can forget it.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vizsla_trainer.corpus.clients import Clients, FetchError, sha256_of
from vizsla_trainer.corpus.excluded import is_excluded_package
from vizsla_trainer.corpus.licences import contradicts
from vizsla_trainer.corpus.listing import Package
from vizsla_trainer.corpus.repositories import cloned, keep_history, newest_commit
from vizsla_trainer.corpus.unpacking import Unpacked, UnpackError, unpack
from vizsla_trainer.errors import StoppedError, TrainingError
from vizsla_trainer.progress import Cancelled, Progress, Report, never, unheard
from vizsla_trainer.stored import read_json, write_json

RECORD_NAME = "packages.json"

_DOWNLOADS, _SOURCES = "downloads", "sources"
_RULES = 1  # of what is unpacked: a larger number has everything unpacked again


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A package that is there, and what came of it."""

    origin: str
    name: str
    version: str
    file: str
    sha256: str
    licence: str
    only: tuple[str, ...]
    folder: str  # relative to the corpus folder
    unpacked: Unpacked
    rules: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusRecord:
    """All of a corpus folder.

    Attributes:
        packages: what is there, by the name of its folder.
        failed: sentences on what is not, likewise.
        exclude: folders of sets of codes of which no copy may be mined, absolute.
        questions: folders of sets of questions that are learned from too, absolute.
    """

    packages: dict[str, Kept] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def is_corpus(folder: Path) -> bool:
    """Whether a folder is a corpus rather than one workspace."""
    return (folder / RECORD_NAME).is_file() and (folder / _SOURCES).is_dir()


def read_corpus(folder: Path) -> CorpusRecord:
    """The record of a corpus folder.

    Raises:
        TrainingError: it cannot be read.
    """
    return read_json(folder / RECORD_NAME, CorpusRecord)


def build_corpus(
    packages: Sequence[Package],
    folder: Path,
    *,
    exclude: Sequence[Path] = (),
    questions: Sequence[Path] = (),
    report: Report = unheard,
    cancelled: Cancelled = never,
) -> CorpusRecord:
    """Fetch, check and unpack packages into a corpus folder, one by one; one that fails is noted and passed over.

    A package of an earlier call that is not named now stays as it is.

    Args:
        packages: pinned.
        folder: is made where it is missing.
        exclude: see ``CorpusRecord``; those of an earlier call stay.
        questions: likewise.
        report: told of packages.
        cancelled: asked before each.

    Raises:
        StoppedError: it was cancelled; another call goes on.
        TrainingError: the folder cannot be used, or its record cannot be read.
    """
    folder = folder.absolute()  # the clients run elsewhere
    record = _begun(folder, exclude, questions)
    kept, failed = dict(record.packages), dict(record.failed)
    clients = Clients(folder)
    for number, package in enumerate(packages):
        if cancelled():
            raise StoppedError("the corpus is not whole yet; run it again, it goes on from here")
        report(Progress(stage="corpus", done=number, total=len(packages), unit="packages"))
        failed.pop(package.slug, None)
        if _is_there(kept.get(package.slug), package, folder):
            continue
        try:
            kept[package.slug] = _take(package, folder, clients)
        except (FetchError, UnpackError) as error:
            failed[package.slug] = str(error)
            kept.pop(package.slug, None)
            report(Progress(stage="corpus", done=number, total=len(packages), unit="packages", message=str(error)))
        record = dataclasses.replace(record, packages=kept, failed=failed)
        write_json(folder / RECORD_NAME, record)
    record = dataclasses.replace(record, packages=kept, failed=failed)
    write_json(folder / RECORD_NAME, record)
    report(Progress(stage="corpus", done=len(packages), total=len(packages), unit="packages"))
    return record


def pin(
    packages: Sequence[Package],
    folder: Path,
    *,
    report: Report = unheard,
    cancelled: Cancelled = never,
) -> tuple[list[Package], dict[str, str]]:
    """Fetch packages that are named without a version, and say which files came.

    Returns:
        The packages pinned, with the language that most of each is in; and sentences on those that cannot be had or
        hold nothing, by slug.

    Raises:
        StoppedError: it was cancelled; what was fetched stays.
    """
    folder = folder.absolute()
    pinned: list[Package] = []
    failed: dict[str, str] = {}
    clients = Clients(folder)
    for number, package in enumerate(packages):
        if cancelled():
            raise StoppedError("not every package is pinned yet, and nothing is written; run it again")
        report(Progress(stage="pin", done=number, total=len(packages), unit="packages"))
        try:
            found = _pinned(package, folder, clients)
            unpacked = _take(found, folder, clients).unpacked
            pinned.append(dataclasses.replace(found, language=next(iter(unpacked.languages), "")))
        except (FetchError, UnpackError) as error:
            failed[package.slug] = str(error)
    return pinned, failed


def package_folders(folder: Path, record: CorpusRecord) -> list[Path]:
    """The folders of the packages, each a workspace of its own, in a fixed order."""
    return [folder / kept.folder for _, kept in sorted(record.packages.items())]


def counted(record: CorpusRecord) -> tuple[dict[str, int], dict[str, int]]:
    """Bytes of source by language, and files left out by reason, of all packages."""
    languages: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for kept in record.packages.values():
        languages.update(kept.unpacked.languages)
        left_out.update(kept.unpacked.left_out)
    return dict(languages.most_common()), dict(left_out.most_common())


def chosen(packages: Sequence[Package], languages: Collection[str], most: int | None) -> list[Package]:
    """The packages of some languages, of all when none is named; no more of each language than ``most``, as listed.

    Raises:
        TrainingError: there is none of a language.
    """
    missing = sorted(set(languages) - {package.language for package in packages})
    if missing:
        known = ", ".join(sorted({package.language for package in packages if package.language}))
        raise TrainingError(f"the list has no package in {', '.join(missing)}; there are {known}")
    taken: Counter[str] = Counter()
    found: list[Package] = []
    for package in packages:
        if (not languages or package.language in languages) and (most is None or taken[package.language] < most):
            taken[package.language] += 1
            found.append(package)
    return found


def _begun(folder: Path, exclude: Sequence[Path], questions: Sequence[Path]) -> CorpusRecord:
    try:
        (folder / _SOURCES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{folder} cannot be used ({error.strerror}); choose another folder with --out") from None
    record = read_corpus(folder) if (folder / RECORD_NAME).exists() else CorpusRecord()
    return dataclasses.replace(
        record,
        exclude=tuple(dict.fromkeys((*record.exclude, *(str(path.resolve()) for path in exclude)))),
        questions=tuple(dict.fromkeys((*record.questions, *(str(path.resolve()) for path in questions)))),
    )


def _is_there(kept: Kept | None, package: Package, folder: Path) -> bool:
    return (
        kept is not None
        and (kept.version, kept.sha256, kept.only, kept.rules)
        == (package.version, package.sha256, package.only, _RULES)
        and (folder / kept.folder).is_dir()
    )


def _take(package: Package, folder: Path, clients: Clients) -> Kept:
    if is_excluded_package(package.name):
        raise FetchError(f"{package.name} of {package.origin} is measured on, so it is not learned from; leave it out")
    if not package.is_pinned:
        raise FetchError(f"{package.name} of {package.origin} is not pinned; run it with --pin first")
    place = folder / _SOURCES / package.slug
    if package.origin == "git":
        with cloned(package, folder / _DOWNLOADS) as clone:
            unpacked = unpack(clone.archive, place)
            keep_history(clone, place)
    else:
        unpacked = unpack(clients.fetch(package, folder / _DOWNLOADS), place, only=package.only)
    reason = ""
    if contradicts(unpacked.declared):
        reason = f"says that its licence is {unpacked.declared!r}"
    elif not unpacked.files:
        reason = "holds no source"
    if reason:
        shutil.rmtree(place, ignore_errors=True)
        raise UnpackError(f"{package.name} of {package.origin} {reason}; leave it out")
    return Kept(
        origin=package.origin,
        name=package.name,
        version=package.version,
        file=package.file,
        sha256=package.sha256,
        licence=package.licence,
        only=package.only,
        folder=f"{_SOURCES}/{package.slug}",
        unpacked=unpacked,
        rules=_RULES,
    )


def _pinned(package: Package, folder: Path, clients: Clients) -> Package:
    """The package with what tells its file, as of now."""
    if package.origin == "git":
        return dataclasses.replace(package, version=newest_commit(package))
    file = clients.fetch(package, folder / _DOWNLOADS)
    return dataclasses.replace(package, file=file.name, version=_version(package, file), sha256=sha256_of(file))


def _version(package: Package, file: Path) -> str:
    """By the file's name, as each origin writes it."""
    if package.origin == "pypi":
        return file.name.split("-")[1]
    if package.origin == "npm":
        return file.name.removesuffix(".tgz").removeprefix(package.name.lstrip("@").replace("/", "-") + "-")
    return file.name.removeprefix(f"{package.name}_").split(".orig")[0].split(".tar.")[0]
