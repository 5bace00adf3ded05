"""A corpus: its list, fetched by the ordinary clients, recorded, resumed; the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.packages import SOURCE, make_wheel
from vizsla_trainer.cli.train import app
from vizsla_trainer.corpus.building import build_corpus, chosen, is_corpus, package_folders, pin, read_corpus
from vizsla_trainer.corpus.excluded import is_excluded_package
from vizsla_trainer.corpus.listing import ListError, Package, list_text, load_list
from vizsla_trainer.errors import StoppedError, TrainingError


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
    assert all(len(package.sha256) == 64 for package in packages if package.origin != "git")
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
