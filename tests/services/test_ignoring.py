"""Single paths are judged as a scan judges them, and edits of ignore files hold at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.git_trees import git, make_repository, write
from vizsla.core.ignore_patterns import PatternList
from vizsla.services.ignoring import IgnoreRules


def test_an_edit_of_an_ignore_file_holds_for_the_next_question(tmp_path: Path) -> None:
    root = write(make_repository(tmp_path), {"lib/a.py": ""})
    rules = IgnoreRules(root)
    answers = [rules.is_ignored("lib/a.py")]
    write(root, {"lib/.gitignore": "a.py\n"})
    answers.append(rules.is_ignored("lib/a.py"))
    write(root, {".vizslaignore": "!a.py\n"})
    answers.append(rules.is_ignored("lib/a.py"))
    (root / ".vizslaignore").unlink()
    answers.append(rules.is_ignored("lib/a.py"))
    git(root, "add", "--force", "lib/a.py")
    answers.append(rules.is_ignored("lib/a.py"))
    assert answers == [False, True, False, True, False]


def test_a_file_that_is_gone_is_judged_by_the_patterns(tmp_path: Path) -> None:
    rules = IgnoreRules(write(make_repository(tmp_path), {".gitignore": "*.log\nout/\n"}))
    assert rules.is_ignored("a.log")
    assert rules.is_ignored("out/deep/a.py")
    assert not rules.is_ignored("lib/deep/a.py")


def test_a_pattern_for_folders_spares_a_file_of_that_name(tmp_path: Path) -> None:
    rules = IgnoreRules(write(make_repository(tmp_path), {".gitignore": "out/\n", "out": ""}))
    assert not rules.is_ignored("out")
    assert rules.is_ignored("other/out", is_directory=True)


@pytest.mark.parametrize("path", [".git/config", "a/.git/hooks/x.py", "../b.py", "a/../../b.py", "/etc/passwd"])
def test_what_is_no_part_of_the_workspace_is_ignored(tmp_path: Path, path: str) -> None:
    assert IgnoreRules(tmp_path).is_ignored(path)


def test_what_lies_behind_a_link_or_a_file_is_ignored(tmp_path: Path) -> None:
    root = write(tmp_path, {"a/b.py": "", "c.py": ""})
    (root / "link").symlink_to("a")
    rules = IgnoreRules(root)
    assert rules.is_ignored("link/b.py")
    assert rules.is_ignored("c.py/d.py")


def test_files_in_installed_folders_are_ignored_without_a_repository(tmp_path: Path) -> None:
    root = write(tmp_path, {"env/pyvenv.cfg": "", "env/a.py": "", "rs/Cargo.toml": "", "rs/target/b.rs": ""})
    rules = IgnoreRules(root)
    assert rules.is_ignored("env/a.py")
    assert rules.is_ignored("rs/target/b.rs")
    assert rules.is_ignored("node_modules/c.js")
    assert not rules.is_ignored("target/d.rs")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".gitignore", True),
        ("a/b/.gitignore", True),
        ("a/.vizslaignore", True),
        (".git/info/exclude", True),
        ("a/gitignore", False),
        (".git/index", False),
        ("a.py", False),
    ],
)
def test_changes_that_may_alter_the_rules_are_known(tmp_path: Path, path: str, expected: bool) -> None:
    assert IgnoreRules(tmp_path).are_changed_by(path) is expected


def test_case_is_ignored_where_the_repository_says_so(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    git(root, "config", "core.ignoreCase", "true")
    write(root, {".gitignore": "BUILD/\n*.Log\n[X]y?.py\n"})
    rules = IgnoreRules(root)
    assert rules.is_ignored("build/a.py")
    assert rules.is_ignored("a.LOG")
    assert rules.is_ignored("XYZ.PY")


def test_an_environment_of_git_does_not_mislead_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An editor that git started has these set, and they name another repository.
    other = make_repository(tmp_path / "other")
    root = write(make_repository(tmp_path / "root"), {".gitignore": "a.py\n"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", os.devnull)
    assert IgnoreRules(root).is_ignored("a.py")


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        (b"a", b"a", True),
        (b"a\n!a", b"a", False),
        (b"!a", b"b", None),
        (b"# a", b"# a", None),
        (b"\\# a", b"# a", True),
        (b"\\!a", b"!a", True),
        (b"a ", b"a", True),
        (b"a\\ ", b"a ", True),
        (b"a\\\\ ", b"a\\", True),
        (b"a\t", b"a", None),
        (b"a\r\n", b"a", True),
        (b"\xef\xbb\xbfa", b"a", True),
        (b"/a", b"a", True),
        (b"/a", b"b/a", None),
        (b"a/b", b"c/a/b", None),
        (b"**/a/b", b"c/a/b", True),
        (b"a/**/b", b"a/b", True),
        (b"a/**/b", b"a/x/y/b", True),
        (b"a/**", b"a", None),
        (b"a/**", b"a/x/y", True),
        (b"a/*", b"a/x/y", None),
        (b"*/b", b"a/b", True),
        (b"a**b", b"axxb", True),
        (b"?", b"\xc3\xa9", None),
        (b"??", b"\xc3\xa9", True),
        (b"[!a]", b"b", True),
        (b"[^a]", b"a", None),
        (b"[]]", b"]", True),
        (b"[a-c]x", b"bx", True),
        (b"[[:digit:]]", b"7", True),
        (b"[[:nope:]]", b"n", None),
        (b"[a", b"[a", None),
        (b"a\\", b"a\\", None),
        (b"*.py", b"x/\n.py", True),
    ],
)
def test_a_pattern_means_what_it_means_to_git(patterns: bytes, path: bytes, expected: bool | None) -> None:
    decided = PatternList(patterns).decide(path.rsplit(b"/")[-1], path, is_directory=False)
    assert decided is expected
