"""Facts about a repository, asked of the real git, also of one whose configuration is hostile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.git_trees import git, make_repository, write
from vizsla.services import repository
from vizsla.services.repository import changed_files, find_repository, head_commit, repository_at


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """A repository with one commit."""
    root = write(make_repository(tmp_path / "repo"), {"a.py": "1\n", "lib/b.py": "1\n", "lib/c d.py": "1\n"})
    commit(root)
    return root


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "-c", "user.name=n", "-c", "user.email=e@x", "commit", "-qm", "c", "--allow-empty")


def test_the_repository_of_a_folder_is_found_upward(committed: Path) -> None:
    found = find_repository(committed / "lib")
    assert found is not None
    assert (found.work_tree, found.git_directory) == (committed, committed / ".git")


def test_a_work_tree_knows_its_own_and_the_common_directory(committed: Path) -> None:
    git(committed, "worktree", "add", "-q", str(committed.parent / "second"))
    found = repository_at(committed.parent / "second")
    assert found is not None
    assert found.git_directory == committed / ".git" / "worktrees" / "second"
    assert found.common_directory == committed / ".git"


def test_changed_files_are_edited_staged_removed_and_untracked_ones(committed: Path) -> None:
    assert changed_files(committed) == frozenset()
    write(committed, {"a.py": "22\n", "new\nline.py": "", "lib/\udcff.py": "", ".gitignore": "x.py\n", "x.py": ""})
    (committed / "lib" / "b.py").unlink()
    git(committed, "mv", "lib/c d.py", "lib/e.py")
    assert changed_files(committed) == frozenset(
        {
            "a.py",
            "new\nline.py",
            "lib/\udcff.py",
            ".gitignore",
            "lib/b.py",
            "lib/c d.py",
            "lib/e.py",
        }
    )
    assert changed_files(committed / "lib") == frozenset({"\udcff.py", "b.py", "c d.py", "e.py"})


def test_files_in_conflict_are_changed(committed: Path) -> None:
    git(committed, "checkout", "-qb", "side")
    write(committed, {"a.py": "side\n"})
    commit(committed)
    git(committed, "checkout", "-q", "main")
    write(committed, {"a.py": "main\n"})
    commit(committed)
    with pytest.raises(Exception, match="non-zero"):
        git(committed, "-c", "user.name=n", "-c", "user.email=e@x", "merge", "-q", "side")
    assert changed_files(committed) == frozenset({"a.py"})


def test_everything_is_changed_before_the_first_commit(tmp_path: Path) -> None:
    root = write(make_repository(tmp_path), {"a.py": ""})
    assert changed_files(root) == frozenset({"a.py"})
    assert head_commit(root) is None


def test_the_commit_that_is_out_is_named(committed: Path) -> None:
    assert head_commit(committed) == git(committed, "rev-parse", "HEAD").decode().strip()


def test_without_a_repository_nothing_is_known(tmp_path: Path) -> None:
    assert find_repository(tmp_path) is None
    assert changed_files(tmp_path) is None
    assert head_commit(tmp_path) is None
    assert find_repository(tmp_path / "nothing") is None


def test_without_the_git_program_nothing_is_known(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(committed))
    assert changed_files(committed) is None
    assert head_commit(committed) is None


def test_a_git_that_does_not_answer_is_given_up(
    committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = write(tmp_path / "bin", {"git": "#!/bin/sh\nexec sleep 60\n"}) / "git"
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(repository, "GIT_SECONDS", 0.1)
    assert changed_files(committed) is None


def test_no_program_named_by_the_repository_is_run(committed: Path, tmp_path: Path) -> None:
    trap = write(tmp_path / "bin", {"trap": f"#!/bin/sh\ntouch '{tmp_path}/sprung'\ncat\n"}) / "trap"
    trap.chmod(0o755)
    hooks = tmp_path / "hooks"
    for hook in ("post-index-change", "fsmonitor-watchman", "query-watchman"):
        write(hooks, {hook: trap.read_bytes()})
        (hooks / hook).chmod(0o755)
    for name, value in {
        "core.fsmonitor": str(trap),
        "core.hooksPath": str(hooks),
        "filter.evil.clean": str(trap),
        "filter.evil.process": str(trap),
        "filter.evil=odd.clean": str(trap),
        "filter.evil.required": "true",
        "core.pager": str(trap),
        "diff.external": str(trap),
        "core.sshCommand": str(trap),
        "status.submoduleSummary": "true",
    }.items():
        git(committed, "config", name, value)
    write(committed, {".gitattributes": "*.py filter=evil\na.py filter=evil=odd\n"})
    later = (committed / "a.py").stat().st_mtime_ns + 5_000_000_000
    for path in ("a.py", "lib/b.py"):
        os.utime(committed / path, ns=(later, later))  # git must look into the files to tell
    changed = changed_files(committed)
    assert changed is not None
    assert ".gitattributes" in changed
    assert head_commit(committed)
    assert not (tmp_path / "sprung").exists()


def test_a_repository_of_another_owner_is_answered_too(committed: Path) -> None:
    if os.geteuid() == 0:
        for path in (committed, committed / ".git"):
            os.chown(path, 65_534, 65_534)
    write(committed, {"a.py": "2222\n"})
    assert changed_files(committed) == frozenset({"a.py"})


def test_asking_leaves_the_repository_as_it_was(committed: Path) -> None:
    later = (committed / "a.py").stat().st_mtime_ns + 5_000_000_000
    os.utime(committed / "a.py", ns=(later, later))
    before = (committed / ".git" / "index").stat().st_mtime_ns
    assert changed_files(committed) == frozenset()
    assert (committed / ".git" / "index").stat().st_mtime_ns == before
