"""Single files brought up to date, and what happens to files when the children that parse are gone."""

from __future__ import annotations

import errno
import itertools
import os
import threading
from pathlib import Path

import pytest

from shop import write_tree
from vizsla.core.errors import WorkerDiedError, WorkspaceError
from vizsla.index.records import FileChange
from vizsla.parsing.functions import module_name_of
from vizsla.services.discovery import FoundFile
from vizsla.services.indexing import IndexingService
from vizsla.services.progress import Progress, Stage
from vizsla.services.resources import Resources
from vizsla.services.skipping import SkipReason
from vizsla.services.stamps import skipped
from vizsla.services.status import status_of
from vizsla.services.upkeep import Upkeep
from vizsla.services.workspace import Workspace


@pytest.fixture
def indexing(workspace: Workspace) -> IndexingService:
    """The indexing of the small shop, reconciled."""
    service = IndexingService(workspace)
    service.reconcile()
    return service


def test_single_files_are_parsed_added_and_removed(workspace: Workspace, indexing: IndexingService) -> None:
    write_tree(workspace.root, {"new.py": "def fresh():\n    pass\n", "shop/cart.py": "def sale():\n    pass\n"})
    (workspace.root / "web/session.js").unlink()
    done = indexing.update(["new.py", "shop/cart.py", "web/session.js", "never.py"])
    assert done.is_complete and (done.parsed, done.removed) == (2, 1)
    assert [one.name for one in workspace.store.functions_of("new.py")] == ["fresh"]
    assert [one.name for one in workspace.store.functions_of("shop/cart.py")] == ["sale"]
    assert workspace.store.functions_of("web/session.js") == []


def test_an_ignored_file_is_not_taken_in(workspace: Workspace, indexing: IndexingService) -> None:
    write_tree(workspace.root, {"node_modules/x.js": "function hidden() { return 1; }\n"})
    assert indexing.update(["node_modules/x.js"]).parsed == 0
    assert "node_modules/x.js" not in workspace.store.files()


@pytest.mark.parametrize("what", ["comes", "goes", "is replaced by a file", "is replaced by a link", "is ignored"])
def test_a_folder_is_brought_up_to_date_as_a_whole(workspace: Workspace, indexing: IndexingService, what: str) -> None:
    root = workspace.root
    if what == "comes":
        write_tree(root, {"new/deep/a.py": "def a():\n    pass\n", "new/node_modules/b.js": "function b() { }\n"})
    else:
        (root / "shop").rename(root / "node_modules" if what == "is ignored" else root.parent / "elsewhere")
    if what == "is replaced by a file":
        (root / "shop").write_text("#!/usr/bin/env python\ndef shop():\n    pass\n")
    elif what == "is replaced by a link":
        (root / "shop").symlink_to(root.parent / "elsewhere")
    assert indexing.update(["shop", "new", "node_modules"]).is_complete
    files = workspace.store.files()
    again = indexing.reconcile()
    assert again.is_complete and (again.parsed, again.removed, again.renamed, again.skipped) == (0, 0, 0, 0)
    assert workspace.store.files() == files
    assert ("new/deep/a.py" in files) == (what == "comes")
    assert ("shop/cart.py" in files) == (what == "comes")


def test_a_renamed_folder_keeps_its_functions(workspace: Workspace, indexing: IndexingService) -> None:
    (workspace.root / "shop").rename(workspace.root / "store")
    keys, _ = workspace.store.all_keys_and_hashes()
    done = indexing.update(["shop", "store"])
    assert done.is_complete and done.renamed > 0 and (done.parsed, done.removed) == (0, 0)
    assert workspace.store.all_keys_and_hashes()[0].tolist() == keys.tolist()


def test_a_changed_ignore_file_is_left_to_reconcile(workspace: Workspace, indexing: IndexingService) -> None:
    (workspace.root / ".vizslaignore").write_text("shop\n")
    assert not indexing.update([".vizslaignore"]).is_complete
    assert indexing.reconcile().is_complete
    assert "shop/cart.py" not in workspace.store.files()


def test_nothing_is_forgotten_when_the_root_is_gone(workspace: Workspace, indexing: IndexingService) -> None:
    files = workspace.store.files()
    workspace.root.rename(workspace.root.parent / "away")
    with pytest.raises(WorkspaceError, match="does not exist"):
        indexing.update(["shop/cart.py"])
    assert workspace.store.files() == files


def test_files_are_not_blamed_for_parse_workers_that_are_gone(shop: Path, fresh_resources: Resources) -> None:
    with Workspace(shop, fresh_resources) as workspace:
        fresh_resources.pool.close()
        with pytest.raises(WorkerDiedError, match="the parse pool is closed"):
            IndexingService(workspace).reconcile()
        found = status_of(workspace)
        assert found.failed == {} and found.unread > 0
        fresh_resources._pool = None  # as a new process has a new one
        assert IndexingService(workspace).reconcile().is_complete
        assert workspace.store.functions_of("shop/cart.py")


def test_moving_many_files_takes_few_transactions_and_no_parsing(workspace: Workspace) -> None:
    write_tree(workspace.root, {f"old/f{n}.py": f"def f{n}():\n    return {n}\n" for n in range(100)})
    indexing = IndexingService(workspace)
    indexing.reconcile()
    (workspace.root / "old").rename(workspace.root / "new")
    reports: list[Progress] = []
    before = workspace.store.generation
    done = indexing.reconcile(report=reports.append)
    assert (done.renamed, done.parsed, done.removed) == (100, 0, 0)
    assert workspace.store.generation - before <= 4
    assert reports[-1] == Progress(stage=Stage.PARSE, done=reports[-1].total, total=reports[-1].total)


def test_many_equal_files_of_other_names_are_no_origins_and_cost_little(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, calls = 400, list[str]()

    def counted(path: str) -> str:
        calls.append(path)
        return module_name_of(path)

    write_tree(workspace.root, {f"old/a{number}.py": "" for number in range(count)})
    indexing = IndexingService(workspace)
    indexing.reconcile()
    for number in range(count):
        (workspace.root / f"old/a{number}.py").rename(workspace.root / f"old/b{number}.py")
    monkeypatch.setattr("vizsla.services.intake.module_name_of", counted)
    assert indexing.reconcile().renamed == 0
    assert count <= len(calls) <= 4 * count


def test_files_with_equal_text_keep_their_functions_when_both_are_moved(workspace: Workspace) -> None:
    write_tree(workspace.root, {f"{folder}/same.py": "def twin():\n    pass\n" for folder in ("a", "b")})
    indexing = IndexingService(workspace)
    indexing.reconcile()
    keys = {one.key for folder in "ab" for one in workspace.store.functions_of(f"{folder}/same.py")}
    for folder, other in (("a", "c"), ("b", "d")):
        (workspace.root / folder).rename(workspace.root / other)
    assert indexing.reconcile().renamed == 2
    assert {one.key for folder in "cd" for one in workspace.store.functions_of(f"{folder}/same.py")} == keys


def test_a_file_that_keeps_changing_does_not_keep_others_from_leaving(workspace: Workspace) -> None:
    indexing = IndexingService(workspace)
    indexing.reconcile()
    (workspace.root / "web/session.js").unlink()
    stop, path = threading.Event(), workspace.root / "busy.py"
    path.write_text("x = 0\n")

    def write() -> None:
        while not stop.is_set():
            with path.open("a") as file:
                file.write("x = 1\n")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        indexing.reconcile()
    finally:
        stop.set()
        thread.join()
    assert "web/session.js" not in workspace.store.files()
    assert indexing.reconcile().is_complete


def test_another_parser_reads_every_file_again_and_embeds_nothing_twice(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Upkeep(workspace).run()
    monkeypatch.setattr("vizsla.services.stamps.parser_edition", lambda: "of tomorrow")
    again = Upkeep(workspace).run()
    assert (again.reconciled.parsed, again.embedded.encoded) == (first.reconciled.parsed, 0)
    assert Upkeep(workspace).run().reconciled.parsed == 0


def test_another_reading_of_every_file_goes_on_where_it_was_interrupted(
    workspace: Workspace, indexing: IndexingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(workspace.root, {f"many/a{at}.py": f"def f{at}():\n    pass\n" for at in range(40)})
    for path in workspace.root.rglob("*.*"):
        os.utime(path, (1e9, 1e9))  # else its stamp is not trusted
    indexing.reconcile()
    functions, files = workspace.store.functions_of("many/a7.py"), workspace.store.files()
    monkeypatch.setattr("vizsla.services.stamps.parser_edition", lambda: "of tomorrow")
    parsed = []
    for _ in range(100):
        seen: list[Progress] = []
        looks = itertools.count()
        parsed.append(
            indexing.reconcile(
                report=seen.append,
                cancelled=lambda seen=seen, looks=looks: seen[-1].total > 0 and next(looks) > 8,  # type: ignore[misc]
            )
        )
        assert workspace.store.functions_of("many/a7.py") == functions, "found all the while"
        if parsed[-1].is_complete:
            break
    assert len(parsed) > 1
    assert sum(one.parsed for one in parsed) == len(files)
    assert indexing.reconcile().parsed == 0
    assert workspace.store.files() == files


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.EACCES])
def test_an_error_of_the_disk_that_passes_leaves_no_trace(
    workspace: Workspace, indexing: IndexingService, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = workspace.store.functions_of("shop/cart.py")
    (workspace.root / "shop/cart.py").write_text("def sale():\n    pass\n")

    def failing(*_: object) -> tuple[int, int]:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr("vizsla.services.reading.open_file", failing)
        complete = [indexing.reconcile().is_complete for _ in range(2)]
        found = workspace.store.functions_of("shop/cart.py")
    if number == errno.EACCES:  # it was closed to us, perhaps for good
        assert (complete, found) == ([True, True], [])
    else:  # tried again soon, once; then with every comparison
        assert (complete, found) == ([False, True], before)
    indexing.reconcile()
    assert [one.name for one in workspace.store.functions_of("shop/cart.py")] == ["sale"]
    assert indexing.reconcile().parsed == 0


@pytest.mark.parametrize("mtime_ns", [-11_644_473_600 * 10**9, 1 << 63, 1 << 65])
def test_a_file_of_an_odd_date_is_recorded(workspace: Workspace, mtime_ns: int) -> None:
    for reason in (None, SkipReason.LINK):
        file = FoundFile(path="odd.py", size=1, mtime_ns=mtime_ns, inode=1, skip_reason=reason)
        record = skipped(file, reason or SkipReason.BINARY)
        workspace.store.replace_files([FileChange(record=record, entries=[])])
        assert workspace.store.file("odd.py") == record
