"""Files change in every way that editors, tools and people have; at rest the index is what a fresh scan finds."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.live import TEXT, Live, live
from shop import write_tree
from vizsla.services import indexing
from vizsla.services.resources import Resources


@pytest.fixture(params=["own", "polling"])
def kept(request: pytest.FixtureRequest, shop: Path, resources: Resources, tmp_path: Path) -> Iterator[Live]:
    """The small shop, watched in each way that there is."""
    with live(shop, resources, tmp_path, by=request.param) as one:
        yield one


def write_in_place(path: Path, text: str) -> None:
    with path.open("r+") as stream:
        stream.write(text)
        stream.truncate()


def truncate_and_write(path: Path, text: str) -> None:
    path.write_text(text)


def rename_over(path: Path, text: str) -> None:
    path.with_name(path.name + ".tmp").write_text(text)
    path.with_name(path.name + ".tmp").replace(path)


def rename_from_outside(path: Path, text: str) -> None:
    outside = path.parents[2] / "outside.py"
    outside.write_text(text)
    outside.replace(path)


def keep_a_backup(path: Path, text: str) -> None:
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    path.write_text(text)
    backup.unlink()


def append(path: Path, text: str) -> None:
    path.write_text("")
    with path.open("a") as stream:
        for line in text.splitlines(keepends=True):
            stream.write(line)
            stream.flush()


def swap_hard_links(path: Path, text: str) -> None:
    new = path.with_name("new.py")
    new.write_text(text)
    path.unlink()
    path.hardlink_to(new)
    new.unlink()


def delete_and_create(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def copy_over(path: Path, text: str) -> None:
    (path.parents[2] / "copied.py").write_text(text)
    shutil.copy2(path.parents[2] / "copied.py", path)


SAVES = (
    write_in_place,
    truncate_and_write,
    rename_over,
    rename_from_outside,
    keep_a_backup,
    append,
    swap_hard_links,
    delete_and_create,
    copy_over,
)


def test_every_way_in_which_editors_save_is_seen(kept: Live) -> None:
    for number, save in enumerate(SAVES):
        save(kept.root / "shop/cart.py", TEXT.format(f"saved_{number}"))
        kept.settle()
        assert kept.names("shop/cart.py") == [f"saved_{number}", f"saved_{number}_again"], save.__name__
    kept.check()


def test_renaming_over_a_file_never_leaves_a_gap(kept: Live) -> None:
    seen: set[int] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(len(kept.names("shop/cart.py")))

    kept.settle()
    (kept.root / "shop/cart.py").write_text(TEXT.format("first"))
    kept.settle()
    looking = threading.Thread(target=look)
    looking.start()
    for number in range(10):
        rename_over(kept.root / "shop/cart.py", TEXT.format(f"saved_{number}"))
        kept.settle()
    stop.set()
    looking.join()
    assert seen == {2}


def test_files_written_in_many_pieces_by_many_writers_end_whole(kept: Live) -> None:
    def write(number: int) -> None:
        text = TEXT.format(f"made_{number}") * 5
        with (kept.root / f"shop/made_{number}.py").open("w") as stream:
            for start in range(0, len(text), 100):
                stream.write(text[start : start + 100])
                stream.flush()
                time.sleep(0.01)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    kept.check()
    assert all(len(kept.names(f"shop/made_{number}.py")) == 10 for number in range(8))


def test_new_folders_are_seen_with_all_that_is_in_them_at_once(kept: Live) -> None:
    for number in range(20):
        write_tree(kept.root, {f"new/{number}/deep/er/f.py": TEXT.format(f"deep_{number}")})
    kept.check()
    write_tree(kept.root, {"new/7/deep/er/g.py": TEXT.format("later")})
    kept.settle()
    assert kept.names("new/7/deep/er/g.py") == ["later", "later_again"]


def test_a_folder_moved_out_takes_its_functions_along_and_is_heard_of_no_more(kept: Live, tmp_path: Path) -> None:
    (kept.root / "shop").rename(tmp_path / "away")
    kept.check()
    assert kept.names("shop/cart.py") == []
    (tmp_path / "away/cart.py").write_text(TEXT.format("elsewhere"))
    kept.check()


def test_a_folder_moved_in_or_renamed_is_found_under_its_new_name_only(kept: Live, tmp_path: Path) -> None:
    write_tree(tmp_path / "from", {"deep/a.py": TEXT.format("from_outside")})
    (tmp_path / "from").rename(kept.root / "web/into")
    kept.check()
    assert kept.names("web/into/deep/a.py")
    (kept.root / "web").rename(kept.root / "site")
    (kept.root / "site/into/deep/a.py").write_text(TEXT.format("after_the_move"))
    kept.check()
    assert kept.names("site/into/deep/a.py")[0] == "after_the_move"
    (kept.root / "site").rename(kept.root / "web")
    (kept.root / "web/into/deep/b.py").write_text(TEXT.format("and_back"))
    kept.check()


def test_renames_by_case_and_round_in_a_circle_are_followed(kept: Live) -> None:
    write_tree(kept.root, {"Foo.py": TEXT.format("foo"), "a.py": TEXT.format("a"), "b.py": TEXT.format("b")})
    kept.settle()
    (kept.root / "Foo.py").rename(kept.root / "foo.py")
    for old, new in (("a.py", "c.py"), ("b.py", "a.py"), ("c.py", "b.py")):
        (kept.root / old).rename(kept.root / new)
    kept.check()
    assert kept.names("foo.py") and kept.names("Foo.py") == []
    assert kept.names("a.py")[0] == "b"


def test_an_edited_ignore_file_takes_effect(kept: Live) -> None:
    (kept.root / ".gitignore").write_text("web\n")
    subprocess.run(["git", "init", "-q", kept.root], check=True)
    kept.check()
    assert not any(path.startswith("web/") for path in kept.workspace.store.files())
    (kept.root / ".gitignore").unlink()
    kept.check()
    (kept.root / "web/new.js").write_text("function again() { return 1; }\n")
    kept.settle()
    assert kept.names("web/new.js") == ["again"]
    (kept.root / ".git/info/exclude").write_text("web\n")
    kept.check()
    assert kept.names("web/new.js") == []


def test_many_files_that_come_at_once_are_left_to_a_comparison(
    kept: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_MOST_FILES", 20)
    write_tree(tmp_path / "big", {f"{n % 7}/m{n}.py": "def same(value):\n    return value\n" for n in range(50)})
    (tmp_path / "big").rename(kept.root / "big")
    kept.settle()
    assert kept.names("big/0/m49.py") == ["same"]
    (kept.root / "big").rename(kept.root / "large")
    kept.check()


def test_what_may_not_be_read_is_left_out_until_it_may(kept: Live) -> None:
    if os.geteuid() == 0:
        # Root may read everything, so for root the folder's place is taken by something that is no folder.
        (kept.root / "shop").rename(kept.root / "kept_for_later")
        (kept.root / "shop").write_text("")
    else:
        (kept.root / "shop").chmod(0)
    kept.check()
    assert kept.names("shop/cart.py") == []
    if os.geteuid() == 0:
        (kept.root / "shop").unlink()
        (kept.root / "kept_for_later").rename(kept.root / "shop")
    else:
        (kept.root / "shop").chmod(0o755)
    kept.check()
    assert kept.names("shop/cart.py")


def test_links_are_not_followed_whatever_they_lead_to(kept: Live, tmp_path: Path) -> None:
    write_tree(tmp_path / "outside", {"secret.py": TEXT.format("secret")})
    (kept.root / "up").symlink_to("..")
    (kept.root / "self").symlink_to("self")
    (kept.root / "out").symlink_to(tmp_path / "outside")
    (kept.root / "shop/cart.py").unlink()
    (kept.root / "shop/cart.py").symlink_to(tmp_path / "outside/secret.py")
    kept.check()
    (tmp_path / "outside/more.py").write_text(TEXT.format("more"))
    kept.check()
    assert kept.names("shop/cart.py") == []
