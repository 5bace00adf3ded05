"""Discovery shows exactly what ``git ls-files --cached --others --exclude-standard`` shows, on generated trees."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.git_trees import git, make_repository, scanned, shown_by_git, write
from vizsla.services.ignoring import IgnoreRules

_NAMES = (
    *("a", "b", "c", "ab", "abc", "a.py", "b.py", "ab.py", "foo", "foobar", "Foo", "build", "lib"),
    *("x y", " a", "a ", "#a", "!a", "a*", "[a]", "a\\b", "-", "]", "é", "a\nb", "a\tb", "\udcff"),
)
_FOLDERS = ("a", "b", "foo", "build", "x y", "ab", "é", "[a]")
_PIECES = (
    *("a", "b", "c", "ab", "foo", "build", "lib", ".py", "x y", "é", "*", "*", "?", "**", "***", "/", "/", "//"),
    *("[ab]", "[!a]", "[^a-b]", "[a-c]", "[]a]", "[!]]", "[a-]", "[[:alpha:]]", "[[:space:]]", "[[:nope:]]", "[[:]"),
    *("[", "]", "[a", "\\a", "\\*", "\\[", "\\\\", "\\", "\\ ", "\\/", " ", "  ", "\t", "#", "\\#", "!", "\\!", "-"),
    *("[\\]]", "[a\\-c]", "[b-a]", "[/]", "Foo", "**/", "/**", "/**/", "*.py", "*a", "a*"),
)

_line = st.tuples(
    st.sampled_from(("", "", "", "!", "/", "!/")),
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=5).map("".join),
    st.sampled_from(("", "", "", "/", " ", "\\ ", "  ", "\r", "/**", "/*")),
).map("".join)
_ignore_file = st.tuples(st.sampled_from(("", "", "\ufeff")), st.lists(_line, min_size=1, max_size=6)).map(
    lambda parts: parts[0] + "\n".join(parts[1])
)


@pytest.fixture(scope="module", autouse=True)
def _own_git_settings() -> Iterator[Path]:
    """Git and we read the same user's settings, made for these tests."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        config = Path(folder) / "config"
        config.write_text(f"[core]\n\texcludesFile = {folder}/ignore\n")
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        patch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
        yield Path(folder) / "ignore"


@pytest.fixture(scope="module")
def rich_tree() -> Iterator[Path]:
    """A repository three folders deep with every odd name in it."""
    with tempfile.TemporaryDirectory() as folder:
        root = make_repository(Path(folder).resolve())
        inner = [*_FOLDERS, *(f"{outer}/{deep}" for outer in _FOLDERS[:4] for deep in _FOLDERS), "a/b/foo"]
        for place in ["", *inner]:
            for name in _NAMES if place in ("", "a", "a/b") else _NAMES[:9]:
                file = root / place / name
                if not os.path.lexists(file) and name not in _FOLDERS:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(b"")
        (root / "link").symlink_to("a.py")
        (root / "a" / "build" / "ab").mkdir(exist_ok=True)
        (root / "b" / "linked").symlink_to(root / "a")
        yield root


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    top=_ignore_file,
    inner=st.one_of(st.none(), _ignore_file),
    deep=st.one_of(st.none(), _ignore_file),
    exclude=st.one_of(st.none(), _ignore_file),
    user=st.one_of(st.none(), _ignore_file),
)
def test_any_patterns_hide_what_git_hides(
    rich_tree: Path,
    _own_git_settings: Path,
    top: str,
    inner: str | None,
    deep: str | None,
    exclude: str | None,
    user: str | None,
) -> None:
    (rich_tree / ".git" / "info").mkdir(exist_ok=True)
    for file, content in (
        (rich_tree / ".gitignore", top),
        (rich_tree / "a" / ".gitignore", inner),
        (rich_tree / "a" / "b" / ".gitignore", deep),
        (rich_tree / ".git" / "info" / "exclude", exclude),
        (_own_git_settings, user),
    ):
        if content is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(content.encode())
    shown = shown_by_git(rich_tree)
    assert set(scanned(rich_tree)) == shown
    rules = IgnoreRules(rich_tree)
    for path in sorted(shown)[::17]:
        assert not rules.is_ignored(path)
    hidden = [os.path.relpath(file, rich_tree) for file in rich_tree.rglob("[abc]*.py")]
    for path in sorted(hidden)[::7]:
        assert rules.is_ignored(path) == (path not in shown)


_path = st.lists(st.sampled_from(("a", "b", "c", "build", "x")), min_size=1, max_size=4).map("/".join)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    files=st.sets(_path, min_size=1, max_size=12),
    ignoring=st.dictionaries(st.sampled_from(("", "a/", "b/", "a/b/")), _ignore_file, max_size=3),
    tracked=st.sets(_path, max_size=4),
    folder=st.sampled_from(("", "a", "b/c")),
    index_version=st.sampled_from((2, 4)),
    is_split=st.booleans(),
)
def test_tracked_files_are_shown_even_when_ignored(
    _own_git_settings: Path,
    files: set[str],
    ignoring: dict[str, str],
    tracked: set[str],
    folder: str,
    index_version: int,
    is_split: bool,
) -> None:
    _own_git_settings.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as place:
        root = make_repository(Path(place).resolve())
        made = []
        for path in sorted(files | tracked):
            file = root / f"{path}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"")
            made.append(file)
        git(root, "update-index", "--index-version", str(index_version))
        if is_split:
            git(root, "update-index", "--split-index")
        if tracked:
            git(root, "add", "--force", *sorted(f"{path}.py" for path in tracked))
        for where, content in ignoring.items():
            write(root, {f"{where}.gitignore": content})
        (root / folder).mkdir(parents=True, exist_ok=True)
        shown = shown_by_git(root)
        assert set(scanned(root)) == shown
        rules = IgnoreRules(root)
        for file in made:
            path = str(file.relative_to(root))
            assert rules.is_ignored(path) == (path not in shown)
        inside = {path.removeprefix(f"{folder}/") for path in shown if path.startswith(f"{folder}/")}
        if folder and inside and not _is_hidden(root, folder):
            assert set(scanned(root / folder)) == inside


def _is_hidden(root: Path, folder: str) -> bool:
    """Whether git's patterns hide the folder; then it is opened on purpose and that repository disregarded."""
    parts = folder.split("/")
    ways = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    answer = subprocess.run(["git", "check-ignore", "--no-index", *ways], cwd=root, capture_output=True, check=False)
    return bool(answer.stdout)
