"""The corpus of the models of the package: its list, fetching by a real pip, unpacking, records, what is left out."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from vizsla_trainer.cli.train import app
from vizsla_trainer.corpus.building import build_corpus, chosen, is_corpus, package_folders, pin, read_corpus
from vizsla_trainer.corpus.excluded import is_excluded_package, is_excluded_path
from vizsla_trainer.corpus.licences import contradicts, forbids_use, is_permissive, licence_of_text
from vizsla_trainer.corpus.listing import ListError, Package, list_text, load_list
from vizsla_trainer.corpus.unpacking import UnpackError, unpack
from vizsla_trainer.errors import StoppedError, TrainingError

SOURCE = '''def area_of_circle(radius):
    """Compute the area of a circle of a given radius."""
    scale = 3.14159
    return scale * radius * radius
'''
MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
GPL = "# This program is free software under the terms of the GNU General Public License.\n"


def make_wheel(folder: Path, name: str, files: dict[str, str], *, licence: str = "MIT") -> Package:
    """A wheel that pip takes, and its place in a list."""
    info = f"{name}-1.0.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: {licence}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/LICENSE": MIT,
    }
    record = ""
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for path, text in {**content, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            packed.writestr(path, text)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Package(
        origin="pypi", name=name, version="1.0", file=wheel.name, sha256=sha256, licence="MIT", language="python"
    )


def make_tar(path: Path, files: dict[str, str], *, links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which pip of this test looks, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_list_says_the_same_when_it_is_written_and_read_again(tmp_path: Path) -> None:
    packages = [
        Package(
            origin="debian",
            name="tmux",
            version="3.3a",
            file="a.tar.gz",
            sha256="0" * 64,
            licence="ISC",
            only=("a", "b"),
        ),
        Package(
            origin="npm", name="@scope/name", version="1.0", file="b.tgz", sha256="1" * 64, licence="MIT", language="go"
        ),
    ]
    place = tmp_path / "list.toml"
    place.write_text(list_text(packages, head="Made by hand."))
    assert sorted(load_list(place), key=lambda package: package.origin) == packages
    assert place.read_text().startswith("# Made by hand.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('pypi = [{ name = "a", licence = "GPL-3.0" }]', "must be permissive"),
        ('pypi = [{ name = "--index-url", licence = "MIT" }]', "not the name of a package"),
        ('pypi = [{ name = "a", version = "--x", licence = "MIT" }]', "not a version"),
        ('pypi = [{ name = "a", file = "../a", licence = "MIT" }]', "must have no folder"),
        ('pypi = [{ name = "a", licence = "MIT" }, { name = "a", licence = "MIT" }]', "twice"),
        ('cargo = [{ name = "a", licence = "MIT" }]', "only lists named pypi, npm, debian"),
        ('pypi = [{ name = "a", licence = "MIT", colour = "red" }]', "cannot be understood"),
        ("pypi = [", "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_followed_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "list.toml").write_text(text)
    with pytest.raises(ListError, match=said):
        load_list(tmp_path / "list.toml")


def test_every_package_of_our_list_is_pinned_permissive_and_not_measured_on() -> None:
    packages = load_list()
    assert len(packages) > 200
    assert all(package.is_pinned and package.language for package in packages)
    assert all(len(package.sha256) == 64 for package in packages)
    assert not [package.name for package in packages if is_excluded_package(package.name)]
    assert len({package.language for package in packages}) >= 8


def test_only_asks_for_languages_and_limit_for_so_many_of_each() -> None:
    packages = [
        Package(origin="npm", name=f"p{number}", licence="MIT", language=language)
        for number, language in enumerate(["go", "go", "c", "go"])
    ]
    assert [package.name for package in chosen(packages, {"go"}, 2)] == ["p0", "p1"]
    assert [package.name for package in chosen(packages, set(), 1)] == ["p0", "p2"]
    with pytest.raises(TrainingError, match="no package in cobol; there are c, go"):
        chosen(packages, {"cobol"}, None)


def test_a_corpus_is_fetched_unpacked_and_recorded_and_the_second_time_only_passed_over(
    index: Path, tmp_path: Path
) -> None:
    package = make_wheel(index, "circles", {"circles/area.py": SOURCE, "circles/data.bin": "x"})
    out = tmp_path / "corpus"
    record = build_corpus([package], out)
    assert record.failed == {}
    assert is_corpus(out)
    assert package_folders(out, record) == [out / "sources/pypi-circles"]
    assert (out / "sources/pypi-circles/circles/area.py").read_text() == SOURCE
    assert not (out / "sources/pypi-circles/circles/data.bin").exists()
    kept = record.packages["pypi-circles"]
    assert (kept.licence, kept.unpacked.declared, kept.unpacked.files) == ("MIT", "MIT", 1)
    assert kept.unpacked.licences == {"circles-1.0.dist-info/LICENSE": "MIT"}
    for path in (index, out / "downloads"):
        for file in path.iterdir():
            file.unlink()
    assert build_corpus([package], out) == record == read_corpus(out)


def test_what_fails_is_told_in_one_sentence_and_the_others_are_fetched(index: Path, tmp_path: Path) -> None:
    good = make_wheel(index, "circles", {"circles/area.py": SOURCE})
    changed = make_wheel(index, "squares", {"squares/area.py": SOURCE})
    (index / changed.file).write_bytes((index / changed.file).read_bytes() + b"\0")
    missing = Package(
        origin="pypi", name="nowhere", version="1", file="nowhere-1-py3-none-any.whl", sha256="0" * 64, licence="MIT"
    )
    measured = make_wheel(index, "flask_extra", {"a.py": SOURCE})
    copyleft = make_wheel(index, "hexagons", {"hexagons/area.py": SOURCE}, licence="GPL-3.0")
    record = build_corpus([changed, missing, measured, copyleft, good], tmp_path / "corpus")
    assert list(record.packages) == ["pypi-circles"]
    assert "another SHA-256" in record.failed["pypi-squares"]
    assert "cannot be fetched" in record.failed["pypi-nowhere"]
    assert "is measured on" in record.failed["pypi-flask_extra"]
    assert "'GPL-3.0'" in record.failed["pypi-hexagons"]
    assert not (tmp_path / "corpus/sources/pypi-hexagons").exists()
    assert all("\n" not in sentence for sentence in record.failed.values())


def test_a_stopped_corpus_goes_on_where_it_was(index: Path, tmp_path: Path) -> None:
    packages = [make_wheel(index, name, {f"{name}/a.py": SOURCE + f"# {name}\n"}) for name in ("one", "two", "three")]
    asked: list[int] = []

    def after_two() -> bool:
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(StoppedError):
        build_corpus(packages, tmp_path / "corpus", cancelled=after_two)
    assert len(read_corpus(tmp_path / "corpus").packages) == 2
    (index / packages[0].file).unlink()
    assert len(build_corpus(packages, tmp_path / "corpus").packages) == 3


def test_sets_to_leave_out_are_remembered_by_the_folder(index: Path, tmp_path: Path) -> None:
    package = make_wheel(index, "circles", {"circles/area.py": SOURCE})
    build_corpus([package], tmp_path / "corpus", exclude=[tmp_path / "sets"])
    assert build_corpus([package], tmp_path / "corpus").exclude == (str(tmp_path / "sets"),)


def test_pinning_writes_what_came(index: Path, tmp_path: Path) -> None:
    package = make_wheel(index, "circles", {"circles/area.py": SOURCE})
    pinned, failed = pin([Package(origin="pypi", name="circles", licence="MIT")], tmp_path / "corpus")
    assert (pinned, failed) == ([package], {})


def test_nothing_is_written_outside_and_no_link_is_made(tmp_path: Path) -> None:
    evil = {
        "../evil.py": SOURCE,
        "p/../../evil.py": SOURCE,
        "/evil.py": SOURCE,
        "p/a\\b.py": SOURCE,
        "p/good.py": SOURCE,
    }
    links = {"p/away": str(tmp_path), "p/good2.py": "/etc/passwd"}
    archive = make_tar(tmp_path / "a.tar.gz", evil, links=links)
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo("p/away")
        member.type, member.linkname = tarfile.SYMTYPE, str(tmp_path / "outside")
        tar.addfile(member)
        inside = tarfile.TarInfo("p/away/evil.py")
        inside.size = len(SOURCE)
        tar.addfile(inside, io.BytesIO(SOURCE.encode()))
    (tmp_path / "outside").mkdir()
    assert unpack(archive, tmp_path / "out/a").files == 1
    unpack(tmp_path / "b.tar.gz", tmp_path / "out/b")
    assert not list((tmp_path / "outside").iterdir())
    found = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.py"))
    assert found == ["a/good.py", "b/away/evil.py"]
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_symlink()]
    assert not (tmp_path / "evil.py").exists()


def test_tests_copies_other_licences_and_what_is_twice_stay_out(tmp_path: Path) -> None:
    files = {
        "p/src/a.py": SOURCE,
        "p/src/b.py": SOURCE,
        "p/tests/test_a.py": SOURCE + "# 1\n",
        "p/src/requests/api.py": SOURCE + "# 2\n",
        "p/src/bundled/format.h": "int x;\n",
        "p/src/c.py": GPL + SOURCE,
        "p/src/d.py": "#" * 1_100_000,
        "p/docs/a.py": SOURCE + "# 3\n",
        "p/COPYING": MIT,
    }
    unpacked = unpack(make_tar(tmp_path / "p.tar.gz", files), tmp_path / "out")
    assert unpacked.files == 1
    assert unpacked.licences == {"COPYING": "MIT"}
    assert unpacked.left_out == {
        "twice": 1,
        "test or example": 2,
        "of an excluded repository": 2,
        "licence": 1,
        "too large": 1,
    }


def test_only_takes_folders_and_lets_what_is_above_them_fall_away(tmp_path: Path) -> None:
    archive = make_tar(
        tmp_path / "p.tar.gz", {"p/external/core/a.py": SOURCE, "p/src/b.py": "b = 1\n", "p/c.py": "c = 1\n"}
    )
    unpack(archive, tmp_path / "out", only=["external/core", "src"])
    found = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.py"))
    assert found == ["core/a.py", "src/b.py"]


def test_a_damaged_archive_leaves_what_was_there(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "p.tar.gz", {"p/a.py": SOURCE})
    unpack(archive, tmp_path / "out")
    archive.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(UnpackError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out")
    assert (tmp_path / "out/a.py").is_file()
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("flask", True), ("Flask-SQLAlchemy", True), ("golang-github-gin-gonic-gin", True), ("ruby-sinatra", True)),
        *(("libuv1", True), ("php-guzzlehttp-guzzle", True), ("rust-axum", True), ("@trpc/server", True)),
        *(("caddy", True), ("scrapy-redis", True), ("networkx", False), ("ginkgo", False), ("expressive", False)),
    ],
)
def test_packages_that_are_measured_on_are_known_by_name(name: str, expected: bool) -> None:
    assert is_excluded_package(name) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *(
            ("pip/_vendor/requests/api.py", True),
            ("Utilities/cmlibuv/src/unix/core.c", True),
            ("deps/uv/src/a.c", True),
        ),
        *(("include/spdlog/fmt/bundled/core.h", True), ("vendor/github.com/gin-gonic/gin/context.go", True)),
        *(("src/fmt-9.1.0/src/os.cc", True), ("src/format.cpp", False), ("lib/requester.py", False)),
    ],
)
def test_copies_within_other_packages_are_known_by_path(path: str, expected: bool) -> None:
    assert is_excluded_path(path) is expected


def test_licences_are_known_by_expression_text_and_head() -> None:
    assert is_permissive("MIT OR Apache-2.0")
    assert is_permissive("(BSD-3-Clause AND ISC)")
    assert not is_permissive("MIT AND GPL-2.0")
    assert not is_permissive("")
    assert licence_of_text(MIT) == "MIT"
    assert licence_of_text("GNU LESSER GENERAL PUBLIC LICENSE Version 2.1") == "LGPL"
    assert licence_of_text("do as you like") == ""
    assert contradicts("GNU General Public License v3")
    assert not contradicts("Apache-2.0 or GPL-2.0")
    assert forbids_use(GPL.encode())
    assert forbids_use(b"// SPDX-License-Identifier: MPL-2.0\n")
    assert not forbids_use(b"import matplotlib as mpl\n")
    assert not forbids_use(b"// SPDX-License-Identifier: MIT OR GPL-2.0\n")
    assert not forbids_use(SOURCE.encode())


def test_the_command_line_fetches_and_tells(index: Path, tmp_path: Path) -> None:
    package = make_wheel(index, "circles", {"circles/area.py": SOURCE})
    (tmp_path / "list.toml").write_text(list_text([package]))
    command = [sys.executable, "-m", "vizsla.cli", "train", "corpus", "--list", "list.toml", "--out", "corpus"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "99"},
    )
    assert done.returncode == 0, done.stderr
    assert "1 packages" in done.stdout
    assert "python" in done.stdout
    done = subprocess.run(
        [*command, "--exclude", "nowhere"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "holds no set of codes" in done.stderr


def test_a_workspace_called_corpus_can_still_be_named() -> None:
    import typer

    command = typer.main.get_command(app)
    assert command.make_context("train", ["./corpus"]).params["workspaces"] == [Path("corpus")]
    assert "out" in command.make_context("train", ["corpus", "--out", "x"]).params
