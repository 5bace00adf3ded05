"""Which files belong to a workspace: repositories within and around it, our own ignore files, no repository at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.git_trees import git, make_repository, reasons, scanned, shown_by_git, write


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "-c", "user.name=n", "-c", "user.email=e@x", "commit", "-qm", "c")


def sources(root: Path, *, exclude: tuple[str, ...] = ()) -> set[str]:
    """The program files that a scan finds."""
    return {path for path in scanned(root, exclude=exclude) if path.endswith((".py", ".js", ".rs", ".cs", ".go"))}


def test_without_a_repository_installed_and_built_folders_are_left_aside(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "src/a.py": "",
            "node_modules/left/index.js": "",
            "src/__pycache__/a.py": "",
            "env/pyvenv.cfg": "",
            "env/lib/b.py": "",
            "cache/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
            "cache/c.py": "",
            "rust/Cargo.toml": "",
            "rust/target/d.rs": "",
            "rust/src/target/e.rs": "",
            "py/pyproject.toml": "",
            "py/build/lib/f.py": "",
            "build/g.py": "",
            "target/h.py": "",
            "net/app.csproj": "",
            "net/obj/i.cs": "",
            "go/vendor/j.go": "",
        },
    )
    assert sources(tmp_path) == {"src/a.py", "rust/src/target/e.rs", "build/g.py", "target/h.py", "go/vendor/j.go"}
    assert reasons(tmp_path) == {
        "cache": "an environment or a cache, by the mark in it",
        "env": "an environment or a cache, by the mark in it",
    }


def test_without_a_repository_gitignore_files_still_count(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*.log\n/out\n", "a.log": "", "out/b.py": "", "in/out/c.py": ""})
    assert set(scanned(tmp_path)) == {".gitignore", "in/out/c.py"}


def test_our_ignore_file_hides_what_git_tracks(tmp_path: Path) -> None:
    root = write(make_repository(tmp_path), {"a.py": "", "lib/b.py": "", "lib/c.py": "", "lib/.vizslaignore": "b.py"})
    git(root, "add", "-A")
    assert sources(root) == {"a.py", "lib/c.py"}


def test_our_ignore_file_brings_back_what_git_hides(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    write(root, {".gitignore": "generated/\nbuild/\n", ".vizslaignore": "!generated/\n", "generated/a.py": ""})
    write(root, {"build/b.py": "", "generated/deep/c.py": ""})
    assert sources(root) == {"generated/a.py", "generated/deep/c.py"}


def test_the_settings_decide_before_every_file(tmp_path: Path) -> None:
    write(tmp_path, {".vizslaignore": "*.rs\n!keep.py\n", "a.rs": "", "keep.py": "", "lib/b.py": "", "lib/c.rs": ""})
    assert sources(tmp_path, exclude=("/lib/b.py", "!c.rs", "keep.py")) == {"lib/c.rs"}


def test_a_built_folder_can_be_brought_back_by_name(tmp_path: Path) -> None:
    write(tmp_path, {"node_modules/ours/a.js": "", "env/pyvenv.cfg": "", "env/b.py": ""})
    assert sources(tmp_path, exclude=("!node_modules/", "!env/")) == {"node_modules/ours/a.js", "env/b.py"}


def test_a_workspace_within_a_repository_keeps_the_rules_above_it(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    write(root, {".gitignore": "*.tmp.py\n/app/out\n", "app/.gitignore": "gen.py\n", "app/out/a.py": ""})
    write(root, {"app/src/b.py": "", "app/src/b.tmp.py": "", "app/src/gen.py": ""})
    assert set(scanned(root / "app" / "src")) == {"b.py"}
    assert set(scanned(root / "app")) == shown_by_git(root, "app")


def test_a_workspace_that_its_outer_repository_ignores_is_scanned_nonetheless(tmp_path: Path) -> None:
    home = make_repository(tmp_path)
    write(home, {".gitignore": "*\n", "project/a.py": "", "project/.gitignore": "b.py\n", "project/b.py": ""})
    assert set(scanned(home / "project")) == {".gitignore", "a.py"}


def test_nested_repositories_follow_their_own_rules(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "root")
    write(root, {".gitignore": "*.gen.py\nhidden/\n", "a.py": ""})
    write(make_repository(root / "vendor" / "inner"), {"b.gen.py": "", "c.py": "", ".gitignore": "c.py\n"})
    write(make_repository(root / "hidden" / "clone"), {"d.py": ""})
    assert sources(root) == {"a.py", "vendor/inner/b.gen.py"}


def test_submodules_are_part_of_the_workspace(tmp_path: Path) -> None:
    library = write(make_repository(tmp_path / "library"), {"lib.py": "", "out.py": "", ".gitignore": "out.py\n"})
    commit(library)
    root = write(make_repository(tmp_path / "root"), {"a.py": "", ".gitignore": "third/\n"})
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "-f", str(library), "third/library")
    write(root, {"third/library/out.py": "", "third/other.py": ""})
    assert (root / "third" / "library" / ".git").is_file()
    assert sources(root) == {"a.py", "third/library/lib.py"}


def test_a_second_work_tree_inside_the_first_is_left_aside(tmp_path: Path) -> None:
    root = write(make_repository(tmp_path / "root"), {"a.py": ""})
    commit(root)
    git(root, "worktree", "add", "-q", "trees/second")
    git(root, "worktree", "add", "-q", str(tmp_path / "third"))
    assert set(scanned(root)) == {"a.py", "trees/second"}
    assert reasons(root) == {"trees/second": "another work tree of the same repository"}
    write(tmp_path / "third", {".gitignore": "b.py\n", "b.py": ""})
    assert set(scanned(tmp_path / "third")) == {"a.py", ".gitignore"}


def test_without_the_git_program_the_repository_is_still_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(make_repository(tmp_path), {".gitignore": "*.py\n", "a.py": "", "b.py": "", "c.txt": ""})
    git(root, "add", "--force", "a.py")
    write(root, {".git/info/exclude": "*.txt\n"})
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert set(scanned(root)) == {"a.py", ".gitignore"}


DAMAGE = [b"", b"DIRC", b"DIRC\0\0\0\2\0\0\xff\xff", b"\0" * 5_000, b"DIRC\0\0\0\x09" + b"x" * 99]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_of_git_is_no_reason_to_fail(tmp_path: Path, damage: bytes) -> None:
    root = write(make_repository(tmp_path), {"a.py": "", ".git/index": damage, ".gitignore": "b.py", "b.py": ""})
    assert set(scanned(root)) == {"a.py", ".gitignore"}


@pytest.mark.parametrize("pointer", ["gitdir: /nowhere", "gitdir: .", "gitdir: \0", "nonsense", ""])
def test_a_git_file_that_points_nowhere_makes_no_repository(tmp_path: Path, pointer: str) -> None:
    root = write(tmp_path, {".git": pointer, ".gitignore": "b.py", "a.py": "", "b.py": ""})
    assert set(scanned(root)) == {"a.py", ".gitignore"}


def test_an_ignore_file_that_is_a_pipe_or_a_link_counts_for_nothing(tmp_path: Path) -> None:
    outside = write(tmp_path, {"patterns": "*.py\n"}) / "patterns"
    root = write(tmp_path / "root", {"a.py": "", "b/c.py": ""})
    os.mkfifo(root / ".gitignore")
    (root / "b" / ".gitignore").symlink_to(outside)
    assert {"a.py", "b/c.py"} <= set(scanned(root))


def test_hostile_patterns_do_not_slow_the_scan(tmp_path: Path) -> None:
    # With backtracking these would not end; the time-out of the suite would show it.
    patterns = ["*a*a*a*a*a*a*a*a*a*a*a*b", "**/a/" * 12 + "*a*a*b", "a?" * 60, "*[a-z]*b", "a*/" * 40 + "*b"]
    write(tmp_path, {".gitignore": "\n".join(patterns), "a/" * 60 + "a" * 200: "", "a" * 240: ""})
    assert len(scanned(tmp_path)) == 3


def test_ten_thousand_patterns_are_taken(tmp_path: Path) -> None:
    patterns = "".join(f"/x{number}/*.gen\nname{number}\n*.end{number}\n[ab]{number}?\n" for number in range(2_500))
    write(tmp_path, {".gitignore": patterns, "x7/a.gen": "", "name9": "", "q.end3": "", "a12c": "", "kept.py": ""})
    assert set(scanned(tmp_path)) == {".gitignore", "kept.py"}
