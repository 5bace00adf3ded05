"""What watching costs, and that it goes on when its root, its reader or its events are lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.live import TEXT, Live, live, until
from shop import write_tree
from vizsla.services.resources import Resources
from vizsla.services.watching import watcher as watcher_module
from vizsla.services.watching.folder_watches import FolderWatches
from vizsla.services.watching.mounts import remote_file_system
from vizsla.services.watching.tree_watch import TreeWatch


@pytest.fixture
def watched(shop: Path, resources: Resources, tmp_path: Path) -> Iterator[Live]:
    """The small shop, watched by the system's own means."""
    with live(shop, resources, tmp_path) as one:
        assert one.watcher.mode == "watchdog" and one.watcher.problem == ""
        yield one


def folders(one: Live) -> set[str]:
    """The folders that cost a watch."""
    source = one.watcher._source
    assert isinstance(source, FolderWatches)
    return set(source.folders)


def test_a_file_is_not_taken_in_while_somebody_still_writes_it(watched: Live) -> None:
    text, path = TEXT.format("whole"), watched.root / "shop/slow.py"
    taken_in: set[bool] = set()
    seconds = 1.0
    while seconds > 0.9:  # on a busy machine again: after a second without a word nobody waits
        path.unlink(missing_ok=True)
        watched.settle()
        started, taken_in = time.monotonic(), set()
        with path.open("w") as stream:
            for start in range(0, len(text), len(text) // 10 + 1):
                stream.write(text[start : start + len(text) // 10 + 1])
                stream.flush()
                time.sleep(0.04)
                taken_in.add(watched.workspace.store.file("shop/slow.py") is not None)
        seconds = time.monotonic() - started
    assert taken_in == {False}
    watched.settle()
    assert watched.names("shop/slow.py") == ["whole", "whole_again"]
    watched.check()


@pytest.mark.parametrize("name", ["node_modules", ".git", "__pycache__", ".venv"])
def test_ignored_folders_cost_no_watches(watched: Live, name: str) -> None:
    before = folders(watched)
    write_tree(watched.root, {f"{name}/{n}/lib/index.js": "function hidden() { return 1; }\n" for n in range(20)})
    watched.check()
    assert folders(watched) == before == {"", "shop", "tests", "web"}


def test_watches_come_and_go_with_folders_and_what_is_ignored(watched: Live, tmp_path: Path) -> None:
    write_tree(watched.root, {"a/b/c/d.py": TEXT.format("d")})
    watched.settle()
    assert {"a", "a/b", "a/b/c"} <= folders(watched)
    (watched.root / "a/b").rename(tmp_path / "b")
    watched.settle()
    assert "a" in folders(watched) and "a/b" not in folders(watched)
    (watched.root / ".vizslaignore").write_text("shop\n")
    watched.settle()
    assert "shop" not in folders(watched)
    shutil.rmtree(watched.root / "a")
    watched.settle()
    assert folders(watched) == {"", "tests", "web"}


def test_a_reader_of_events_that_died_is_replaced(watched: Live) -> None:
    source = watched.watcher._source
    assert isinstance(source, FolderWatches)
    source._inotify.stop()
    source._inotify.join()
    (watched.root / "shop/cart.py").write_text(TEXT.format("unheard"))
    until(lambda: watched.names("shop/cart.py")[:1] == ["unheard"])
    assert watched.schedule.state.last_doubt
    (watched.root / "shop/cart.py").write_text(TEXT.format("heard"))
    watched.check()


@pytest.mark.parametrize("by", ["own", "polling", "client"])
def test_a_root_that_is_moved_away_and_comes_again_is_followed(
    shop: Path, resources: Resources, tmp_path: Path, by: watcher_module.WatchBy
) -> None:
    with live(shop, resources, tmp_path, by=by) as one:
        shop.rename(tmp_path / "away")
        until(lambda: one.schedule.state.activity == "failed" and "is gone" in one.watcher.problem)
        assert "does not exist" in one.schedule.state.problem
        assert one.names("shop/cart.py"), "an index is not thrown away for a disk that may come back"
        write_tree(shop, {"shop/cart.py": TEXT.format("another")})
        until(lambda: one.names("shop/cart.py")[:1] == ["another"])
        one.check()
        assert one.watcher.problem == "" and one.schedule.state.problem == ""
        if by != "client":
            (shop / "shop/new.py").write_text(TEXT.format("new"))
            one.check()


def test_a_root_that_is_deleted_and_made_again_at_once_is_followed(watched: Live) -> None:
    for round_ in range(3):
        shutil.rmtree(watched.root)
        write_tree(watched.root, {"shop/cart.py": TEXT.format(f"round_{round_}"), f"r{round_}.py": TEXT.format("r")})
        until(lambda round_=round_: watched.names("shop/cart.py")[:1] == [f"round_{round_}"])  # type: ignore[misc]
    watched.check()
    (watched.root / "shop/cart.py").write_text(TEXT.format("and_watched"))
    watched.settle()
    assert watched.names("shop/cart.py")[0] == "and_watched"


def test_events_that_were_lost_are_made_up_for(watched: Live) -> None:
    source = watched.watcher._source
    assert isinstance(source, FolderWatches)
    (watched.root / "shop/cart.py").write_text(TEXT.format("lost"))
    source.on_queue_overflow()
    watched.check()
    assert watched.names("shop/cart.py")[0] == "lost"
    (watched.root / "shop/cart.py").write_text(TEXT.format("not_lost"))
    watched.check()


def test_a_client_that_watches_is_believed_and_not_doubled(shop: Path, resources: Resources, tmp_path: Path) -> None:
    with live(shop, resources, tmp_path, by="client") as one:
        assert one.watcher.mode == "client" and one.watcher._source is None
        (shop / "shop/cart.py").write_text(TEXT.format("told"))
        one.settle()
        assert "told" not in one.names("shop/cart.py")
        one.schedule.changed(["shop/cart.py"])
        one.check()


def test_a_whole_tree_is_watched_where_the_system_can(shop: Path, resources: Resources, tmp_path: Path) -> None:
    with live(shop, resources, tmp_path, by="none") as one:
        tree = TreeWatch(one.root, one.schedule)
        try:
            write_tree(one.root, {"shop/cart.py": TEXT.format("a"), "new/b.py": TEXT.format("b")})
            until(lambda: one.names("shop/cart.py")[:1] == ["a"] and one.names("new/b.py")[:1] == ["b"])
            (one.root / "new").rename(one.root / "newer")
            until(lambda: one.names("newer/b.py")[:1] == ["b"] and not one.names("new/b.py"))
            assert tree.is_alive
            one.check()
        finally:
            tree.close()
        until(lambda: not tree.is_alive)


def test_a_disk_of_another_machine_is_known_by_its_mount(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_bytes(
        b"/dev/sda1 / ext4 rw 0 0\n"
        b"server:/home /home nfs4 rw 0 0\n"
        b"/dev/sdb1 /home/me/fast ext4 rw 0 0\n"
        b"me@host:/x /mnt/my\\040files fuse.sshfs rw 0 0\n"
        b"C:\\134 /mnt/c 9p rw,aname=drvfs;path=C:\\Users\\me;x=\\N 0 0\n"  # as WSL writes it
        b"short\n"
    )
    found: Callable[[str], str] = lambda path: remote_file_system(Path(path), table)  # noqa: E731
    assert found("/home/me/project") == "nfs4"
    assert found("/home/me/fast/project") == "" == found("/homework")
    assert found("/mnt/my files/project") == "fuse.sshfs"
    assert found("/mnt/c/project") == "9p"
    assert remote_file_system(tmp_path) == "" == remote_file_system(tmp_path, tmp_path / "none")
