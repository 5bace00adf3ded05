"""Files of packages, fetched by pip, npm and apt as this machine has them set up: from where, they decide."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from vizsla_trainer.corpus.listing import Package
from vizsla_trainer.errors import TrainingError

_SECONDS = 1_800.0  # that a client may take for one file
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0"}  # nobody is there to type a password
_MOST_TOLD = 160  # letters of what a client says when it fails
# Wheels only: a source package of Python runs its own code to say what it is. The same ones on every machine.
_WHEELS = (
    *("--only-binary=:all:", "--python-version=3.11", "--implementation=cp", "--abi=cp311", "--abi=abi3", "--abi=none"),
    *("--platform=any", "--platform=manylinux_2_28_x86_64", "--platform=manylinux2014_x86_64"),
)


class FetchError(TrainingError):
    """A package cannot be had."""


class Clients:
    """The three clients. What they need of their own lies in one folder, apt's lists of source packages above all."""

    def __init__(self, folder: Path) -> None:
        self._apt = folder / "apt"
        self._has_sources = False

    def fetch(self, package: Package, folder: Path) -> Path:
        """The file of a package, fetched into ``folder`` unless it is there.

        Raises:
            FetchError: there is no such client, it says no, or what comes is another file than the list says.
        """
        folder.mkdir(parents=True, exist_ok=True)
        wanted = folder / package.file if package.file else None
        if wanted and wanted.is_file() and sha256_of(wanted) == package.sha256:
            return wanted
        arrivals = folder / f".{package.slug}.tmp"
        shutil.rmtree(arrivals, ignore_errors=True)
        arrivals.mkdir()
        try:
            getattr(self, f"_{package.origin}")(package, arrivals)
            came = _chosen(package, arrivals)
            if package.sha256 and sha256_of(came) != package.sha256:
                raise FetchError(
                    f"{package.name} of {package.origin} is not the file of the list: {came.name} has another SHA-256; "
                    "nothing of it is used"
                )
            target = folder / came.name
            came.replace(target)
            return target
        finally:
            shutil.rmtree(arrivals, ignore_errors=True)

    def _pypi(self, package: Package, folder: Path) -> None:
        name = f"{package.name}=={package.version}" if package.version else package.name
        options = ("--no-deps", "--quiet", "--disable-pip-version-check", "--no-input", f"--dest={folder}")
        run_client(package, [sys.executable, "-m", "pip", "download", *options, *_WHEELS, "--", name], folder)

    def _npm(self, package: Package, folder: Path) -> None:
        name = f"{package.name}@{package.version}" if package.version else package.name
        options = ("--silent", "--ignore-scripts", f"--pack-destination={folder}")
        run_client(package, [program("npm"), "pack", *options, "--", name], folder)

    def _debian(self, package: Package, folder: Path) -> None:
        if not self._has_sources:
            self._list_sources()
            self._has_sources = True
        run_client(package, [*self._apt_get(), "source", "--download-only", "--tar-only", "--", package.name], folder)

    def _list_sources(self) -> None:
        """Read which source packages there are, of the places whose packages apt may install; its own lists stay."""
        for place in ("lists/partial", "cache/archives/partial"):
            (self._apt / place).mkdir(parents=True, exist_ok=True)
        asked = ["indextargets", "--format=deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
        places = run_client(None, [program("apt-get"), *asked], self._apt)
        if not places.strip():
            raise FetchError("apt knows of no packages, so of no source packages either; run 'apt-get update' once")
        sources = self._apt / "sources.list"
        sources.write_text("\n".join(sorted(set(places.splitlines()))) + "\n", encoding="utf-8")
        run_client(None, [*self._apt_get(), "update"], self._apt)

    def _apt_get(self) -> list[str]:
        options = {
            "Dir::Etc::sourcelist": self._apt / "sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": self._apt / "lists",
            "Dir::Cache": self._apt / "cache",
            "APT::Sandbox::User": "",  # the folder is this user's
        }
        return [
            program("apt-get"),
            "-qq",
            *(part for key, value in options.items() for part in ("-o", f"{key}={value}")),
        ]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chosen(package: Package, folder: Path) -> Path:
    """The file that came: the one that the list names, else the main one."""
    # Of Debian's the one without an addition is the program; others are tests, data, what it is built with.
    files = [path for path in folder.iterdir() if path.is_file()]
    came = sorted(files, key=lambda path: (".orig-" in path.name, -path.stat().st_size))
    named = [path for path in came if path.name == package.file]
    if not came or (package.file and not named):
        found = ", ".join(path.name for path in came) or "nothing"
        raise FetchError(
            f"{package.name} of {package.origin} has no file {package.file or 'at all'} any more, got {found}; "
            "pin it anew"
        )
    return named[0] if named else came[0]


def program(name: str) -> str:
    """Where a program is.

    Raises:
        FetchError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise FetchError(f"the program {name} is not installed; install it, or leave out what it fetches")
    return found


def run_client(package: Package | None, command: Sequence[str], folder: Path) -> str:
    """What a client says.

    Args:
        package: that it fetches; None for what serves all of them.
        command: program and arguments.
        folder: that it runs in.

    Raises:
        FetchError: it cannot be run, fails, or takes longer than half an hour.
    """
    who = f"{package.name} of {package.origin}" if package else "the list of Debian's source packages"
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
            env={**os.environ, **_ENVIRONMENT},
        )
    except subprocess.TimeoutExpired:
        raise FetchError(f"{who} did not come within {_SECONDS / 60:.0f} minutes; run it again") from None
    except OSError as error:
        raise FetchError(f"{who} cannot be fetched ({error.strerror}); mend that and run it again") from None
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        said = next(
            (line for line in lines if line.lower().startswith(("e:", "error", "fatal:", "npm err"))), "no reason given"
        )
        raise FetchError(f"{who} cannot be fetched ({said[:_MOST_TOLD]}); run it again, or leave it out")
    return done.stdout
