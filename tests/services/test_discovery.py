"""What a scan finds in odd, hostile and changing workspaces."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.git_trees import ordinary_user, reasons, scanned, write
from vizsla.core.errors import WorkspaceError
from vizsla.core.settings import IndexSettings
from vizsla.services.discovery import scan
from vizsla.services.opening import open_root
from vizsla.services.reading import SourceText, read_source
from vizsla.services.skipping import SkipReason


def never() -> bool:
    return False


def test_a_file_is_found_with_its_stamp(tmp_path: Path) -> None:
    write(tmp_path, {"a/b.py": "x = 1\n"})
    found = scanned(tmp_path)["a/b.py"]
    status = (tmp_path / "a/b.py").stat()
    assert (found.size, found.mtime_ns, found.inode) == (6, status.st_mtime_ns, status.st_ino)
    assert found.skip_reason is None


def test_an_empty_workspace_has_no_files(tmp_path: Path) -> None:
    assert scanned(tmp_path) == {}


def test_files_come_in_the_same_order_each_time(tmp_path: Path) -> None:
    write(tmp_path, {f"{folder}/{name}.py": "" for folder in "cab" for name in "zyx"})
    order = [file.path for file in scan(tmp_path, IndexSettings(), cancelled=never)]
    assert order == sorted(order)


def test_links_are_named_with_the_reason_and_never_followed(tmp_path: Path) -> None:
    root = write(tmp_path / "root", {"a.py": "", "inner/b.py": ""})
    secret = write(tmp_path, {"secret.py": "canary"}) / "secret.py"
    (root / "copy.py").symlink_to("a.py")
    (root / "secret.py").symlink_to(secret)
    (root / "up").symlink_to("..")
    (root / "inner" / "self").symlink_to("self")
    (root / "inner" / "again").symlink_to(root)
    (root / "gone.py").symlink_to("nothing")
    (root / "zero.py").symlink_to("/dev/zero")
    assert reasons(root) == {
        "copy.py": SkipReason.LINK_INSIDE,
        "secret.py": SkipReason.LINK_OUTSIDE,
        "up": SkipReason.LINK_OUTSIDE,
        "inner/self": SkipReason.LINK_BROKEN,
        "inner/again": SkipReason.LINK_INSIDE,
        "gone.py": SkipReason.LINK_BROKEN,
        "zero.py": SkipReason.LINK_OUTSIDE,
    }
    assert set(scanned(root)) - set(reasons(root)) == {"a.py", "inner/b.py"}


def test_a_root_that_is_a_link_is_scanned(tmp_path: Path) -> None:
    write(tmp_path / "real", {"a.py": ""})
    (tmp_path / "link").symlink_to("real")
    assert set(scanned(tmp_path / "link")) == {"a.py"}


def test_pipes_and_sockets_are_skipped_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.py"))
        assert reasons(tmp_path) == {"pipe.py": SkipReason.NOT_A_FILE, "socket.py": SkipReason.NOT_A_FILE}


def test_a_folder_that_may_not_be_listed_is_named_and_the_rest_found() -> None:
    with ordinary_user() as root:
        write(root, {"open/a.py": "", "closed/b.py": "", "passing/c.py": ""})
        (root / "closed").chmod(0)
        (root / "passing").chmod(0o300)
        try:
            assert reasons(root) == {"closed": SkipReason.NO_PERMISSION, "passing": SkipReason.NO_PERMISSION}
            assert "open/a.py" in scanned(root)
        finally:
            (root / "closed").chmod(0o700)
            (root / "passing").chmod(0o700)


def test_files_that_vanish_during_a_scan_do_no_harm(tmp_path: Path) -> None:
    for number in range(60):
        write(tmp_path, {f"d{number:02}/{name}.py": "" for name in range(10)})
    gone = threading.Event()

    def delete() -> None:
        for number in range(0, 60, 2):
            shutil.rmtree(tmp_path / f"d{number:02}")
        gone.set()

    deleter = threading.Thread(target=delete)
    deleter.start()
    while not gone.is_set():
        scanned(tmp_path)
    deleter.join()
    assert len(scanned(tmp_path)) == 300


def test_a_file_that_vanishes_before_its_folder_is_read_is_not_listed(tmp_path: Path) -> None:
    write(tmp_path, {"a/x.py": "", "b/y.py": "", "c/z.py": ""})
    found = scan(tmp_path, IndexSettings(), cancelled=never)
    assert next(found).path == "a/x.py"
    shutil.rmtree(tmp_path / "b")
    assert [file.path for file in found] == ["c/z.py"]


def test_a_folder_swapped_for_a_link_during_a_scan_is_not_followed(tmp_path: Path) -> None:
    root = write(tmp_path / "root", {"a/x.py": "", "b/y.py": ""})
    write(tmp_path / "outside", {"canary.py": ""})
    found = scan(root, IndexSettings(), cancelled=never)
    assert next(found).path == "a/x.py"
    shutil.rmtree(root / "b")
    (root / "b").symlink_to(tmp_path / "outside")
    assert [file.path for file in found if file.skip_reason is None] == []


def test_a_root_deleted_during_a_scan_is_an_error_not_an_empty_workspace(tmp_path: Path) -> None:
    root = write(tmp_path / "root", {"a/x.py": "", "b/y.py": ""})
    found = scan(root, IndexSettings(), cancelled=never)
    next(found)
    shutil.rmtree(root)
    with pytest.raises(WorkspaceError, match="removed or replaced"):
        list(found)


def _missing(place: Path) -> Path:
    return place / "nothing"


def _file(place: Path) -> Path:
    write(place, {"file.py": ""})
    return place / "file.py"


def _closed(place: Path) -> Path:
    (place / "closed").mkdir(mode=0)
    return place / "closed"


def _loop(place: Path) -> Path:
    (place / "loop").symlink_to("loop")
    return place / "loop"


def _name_too_long(place: Path) -> Path:
    return place / ("x" * 300)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (_missing, "does not exist"),
        (_file, "is a file, not a folder"),
        (_closed, "may not be read"),
        (_loop, "cannot be opened"),
        (_name_too_long, "cannot be opened"),
    ],
)
def test_a_root_that_cannot_be_scanned_is_refused_in_one_sentence(make: Callable[[Path], Path], sentence: str) -> None:
    with ordinary_user() as place:
        root = make(place)
        with pytest.raises(WorkspaceError, match=sentence) as caught:
            list(scan(root, IndexSettings(), cancelled=never))
        assert "\n" not in str(caught.value)
        assert str(root) in str(caught.value)


def test_a_cancelled_scan_ends_early(tmp_path: Path) -> None:
    write(tmp_path, {f"d{number}/a.py": "" for number in range(5)})
    questions = iter((False, False, False, True))  # before the root and each folder
    found = [file.path for file in scan(tmp_path, IndexSettings(), cancelled=lambda: next(questions))]
    assert found == ["d0/a.py", "d1/a.py"]


def test_two_thousand_folders_deep_is_found_and_read() -> None:
    depth = 2_000
    # In memory where that can be had: a disk takes seconds to delete so deep a tree.
    tmp_path = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)).resolve()
    folder = open_root(tmp_path)
    for _ in range(depth):
        os.mkdir("dd", dir_fd=folder)
        inner = os.open("dd", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    with os.fdopen(os.open("end.py", os.O_WRONLY | os.O_CREAT, dir_fd=folder), "w") as stream:
        stream.write("x = 1\n")
    os.close(folder)
    try:
        (path,) = scanned(tmp_path)
        assert path == "dd/" * depth + "end.py"
        source = read_source(tmp_path, path, IndexSettings())
        assert isinstance(source, SourceText)
        assert source.text_utf8 == b"x = 1\n"
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path)], check=True)  # Python's own way recurses


_file_name = st.binary(min_size=1, max_size=255).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..", b".git")
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(names=st.sets(_file_name, min_size=1, max_size=5))
def test_any_name_of_a_file_is_found_and_survives_the_way_to_reading(names: set[bytes]) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve()
        made = {name[:251] + b".py" for name in names} - {b".env.py"}
        for name in made:
            (root / os.fsdecode(name)).write_bytes(b"x = 1\n")
        found = scanned(root)
        assert {os.fsencode(path) for path in found} == made
        for path in found:
            assert isinstance(read_source(root, path, IndexSettings()), SourceText)


def test_a_rename_of_case_alone_is_one_file_with_the_new_name(tmp_path: Path) -> None:
    write(tmp_path, {"Foo.py": ""})
    before = scanned(tmp_path)["Foo.py"]
    (tmp_path / "Foo.py").rename(tmp_path / "foo.py")
    after = scanned(tmp_path)
    assert set(after) == {"foo.py"}
    assert after["foo.py"].inode == before.inode
