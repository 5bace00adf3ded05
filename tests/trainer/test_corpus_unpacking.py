"""What of an archive comes into a corpus: nothing outside, no links, only what may be learned from."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from trainer.packages import GPL, MIT, SOURCE, make_tar
from vizsla_trainer.corpus.excluded import is_excluded_package, is_excluded_path
from vizsla_trainer.corpus.licences import contradicts, forbids_use, is_permissive, licence_of_text
from vizsla_trainer.corpus.unpacking import UnpackError, unpack


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
